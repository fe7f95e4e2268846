"""The log: structured events, one a line, as text for people or JSON for collectors.

Every layer logs with the standard library: `log.info("run started", extra={"run_id": run.id})`,
an event in fixed words and what belongs to it by name, never a prompt, a payload or an answer.
"""

from core.logs.context import about, known
from core.logs.setup import set_up

__all__ = ["about", "known", "set_up"]
