"""The log: one event a line, by name, without secrets, without anybody's text."""

import ast
import asyncio
import io
import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import BaseModel, ValidationError

from core.catalog import load_catalog
from core.errors import StoreError
from core.health import HealthState, ProviderHealth
from core.lane import Job
from core.logs import set_up
from core.providers.base import LLMProvider, ProviderProfile
from core.runner import Runner
from core.settings import LegacySettingWarning, Settings, load_settings
from core.store import RunStore
from core.text_draft import TextDraft
from core.types import (
    Completed,
    Message,
    Mode,
    ModelInfo,
    ProviderEvent,
    ProviderRequest,
    RunStatus,
    TextDelta,
)
from tests.factories import make_run

CANARY = "비밀카나리아-9f3a"
KEY = "sk-카나리아/+key 9f3a"
PASSWORD = "pa:ss@wörd-77"
TEXT_LINE = re.compile(r"timestamp=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=[a-z]+ event=")
log = logging.getLogger("playground.test")


class Lines:
    """What was logged: as text, as lines, as JSON objects."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def events(self) -> list[dict]:
        return [json.loads(line) for line in self.lines]


def settings_with(**values: str) -> Settings:
    return load_settings({name.upper(): value for name, value in values.items()}, env_file=None)


@contextmanager
def logged(**values: str) -> Iterator[Lines]:
    """The log of what happens meanwhile, with these settings."""
    lines = Lines()
    undo = set_up(settings_with(**values), lines.stream)
    try:
        yield lines
    finally:
        undo()


@contextmanager
def logged_json(**values: str) -> Iterator[Lines]:
    with logged(playground_log_format="json", **values) as lines:
        yield lines


def test_a_line_of_text_is_one_event_with_its_values_by_name() -> None:
    with logged() as lines:
        log.info(
            "run started", extra={"run_id": "r1", "model": "모델 1", "count": 3, "ms": 1.23456}
        )

    (line,) = lines.lines
    assert TEXT_LINE.match(line)
    told = 'level=info event="run started" run_id=r1 model="모델 1" count=3 ms=1.235'
    assert line.endswith(f"{told} logger=playground.test")


def test_a_line_of_json_is_one_object() -> None:
    with logged_json() as lines:
        log.warning("disk nearly full", extra={"free": 5, "part": float("nan"), "nothing": None})

    (event,) = lines.events
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "level": "warning",
        "event": "disk nearly full",
        "free": 5,
        "part": "nan",
        "logger": "playground.test",
    }


@pytest.mark.parametrize(
    ("level", "told"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)]
)
def test_the_level_of_the_settings_is_what_is_told(level: str, told: int) -> None:
    with logged(playground_log_level=level) as lines:
        for tell in (log.debug, log.info, log.warning, log.error):
            tell("event")
    assert len(lines.lines) == told


FORGERIES = [
    "a\nlevel=error event=forged",
    "a\r\nlevel=error",
    "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe",
    "\x00\ud800",
    'quote" event="forged',
    "back\\slash\\",
    "",
]


@pytest.mark.parametrize("hostile", FORGERIES)
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_value_can_forge_a_line_or_move_a_cursor(hostile: str, form: str) -> None:
    with logged(playground_log_format=form) as lines:
        log.info("event %s", hostile, extra={"value": hostile, "event_id": hostile})

    assert len(lines.lines) == 1
    assert lines.text.removesuffix("\n").isprintable()
    if form == "json":
        assert json.loads(lines.text)["value"] == hostile
    else:
        pairs = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)', lines.lines[0])
        names = [name for name, _ in pairs]
        assert names == ["timestamp", "level", "event", "value", "event_id", "logger"]
        value = dict(pairs)["value"]
        assert (json.loads(value) if value.startswith('"') else value) == hostile


def test_a_value_without_end_is_cut() -> None:
    with logged_json() as lines:
        log.info("event", extra={"value": "x" * 1_000_000})
    assert len(lines.text) < 5000
    assert lines.events[0]["value"].endswith("(1000000 characters)")


def test_a_value_that_cannot_be_shown_and_a_broken_call_are_events_all_the_same() -> None:
    class Mute:
        def __str__(self) -> str:
            raise RuntimeError

    with logged_json() as lines:
        log.info("event", extra={"value": Mute()})
        log.info("too few %s %s", CANARY)

    assert lines.events[0]["value"] == "(not to be shown: RuntimeError)"
    assert lines.events[1]["event"] == "(log call broken: TypeError) too few %s %s"
    assert CANARY not in lines.text


# Errors


def raising(error: BaseException) -> Callable[[], None]:
    """A function with a prompt in its hands when it fails."""

    def fail() -> None:
        prompt = CANARY
        assert prompt
        raise error

    return fail


def log_failure(fail: Callable[[], None]) -> None:
    try:
        fail()
    except Exception:
        log.exception("it broke")


def test_a_traceback_in_text_follows_in_lines_that_cannot_be_events() -> None:
    with logged() as lines:
        log_failure(raising(OSError(28, "No space left\nlevel=error event=forged")))

    first, *rest = lines.lines
    assert TEXT_LINE.match(first)
    assert all(line.startswith("  ") for line in rest)
    assert "in fail" in lines.text
    assert "OSError: [Errno 28] No space left" in lines.text


def test_a_traceback_in_json_is_one_field_of_its_event() -> None:
    with logged_json() as lines:
        log_failure(raising(OSError(28, "No space left")))

    (event,) = lines.events
    assert event["event"] == "it broke"
    assert event["exception"].startswith("Traceback")
    assert event["exception"].endswith("OSError: [Errno 28] No space left")


def validation_error() -> ValidationError:
    class Shape(BaseModel):
        number: int

    with pytest.raises(ValidationError) as caught:
        Shape.model_validate({"number": CANARY})
    return caught.value


def chained() -> Exception:
    error = RuntimeError(CANARY)
    error.__cause__ = KeyError(CANARY)
    error.__cause__.__context__ = ValueError(CANARY)
    error.add_note(CANARY)
    return error


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(CANARY),
        KeyError(CANARY),
        ValueError(f"invalid literal: {CANARY}"),
        validation_error(),
        chained(),
        ExceptionGroup(CANARY, [ValueError(CANARY), chained()]),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_words_of_errors_that_may_quote_a_text_are_for_debugging_only(
    error: Exception, form: str
) -> None:
    with logged(playground_log_format=form) as lines:
        log_failure(raising(error))
    assert CANARY not in lines.text
    assert type(error).__name__ in lines.text
    assert "in fail" in lines.text

    with logged(playground_log_format=form, playground_log_level="debug") as lines:
        log_failure(raising(error))
    assert CANARY in lines.text


def test_words_that_can_only_be_technical_are_told() -> None:
    with logged() as lines:
        log_failure(raising(StoreError("The disk is full.")))
        log_failure(raising(AttributeError("'NoneType' object has no attribute 'x'")))
    assert "core.errors.StoreError: The disk is full." in lines.text
    assert "AttributeError: 'NoneType' object has no attribute 'x'" in lines.text


def test_errors_that_lead_to_each_other_in_a_circle_end() -> None:
    first, second = ValueError("1"), ValueError("2")
    first.__cause__, second.__cause__ = second, first
    with logged() as lines:
        log_failure(raising(first))
    assert lines.text.count("ValueError") == 2


async def test_a_task_that_failed_unseen_does_not_tell_its_words() -> None:
    seen = {"exception": ValueError(CANARY), "future": ValueError(CANARY)}
    with logged() as lines:
        asyncio.get_running_loop().default_exception_handler(
            {"message": "Task exception was never retrieved", **seen}
        )
    assert "Task exception was never retrieved" in lines.text
    assert CANARY not in lines.text


def test_what_nobody_caught_is_an_event() -> None:
    with logged_json() as lines:
        thread = threading.Thread(target=raising(OSError("gone")), name="worker")
        thread.start()
        thread.join()
        try:
            raising(OSError("gone"))()
        except OSError as error:
            sys.excepthook(type(error), error, error.__traceback__)

    in_thread, in_main = lines.events
    assert (in_thread["level"], in_thread["thread_name"]) == ("critical", "worker")
    assert in_main["exception"].endswith("OSError: gone")


def test_a_warning_is_an_event_and_quotes_no_value() -> None:
    with warnings.catch_warnings(), logged_json() as lines:
        warnings.simplefilter("always")
        warnings.warn("old name", LegacySettingWarning, stacklevel=1)
        wrong = ProviderRequest.model_construct(role=CANARY, task=5)
        wrong.model_dump()

    told, of_pydantic = lines.events
    assert (told["level"], told["event"]) == ("warning", "old name")
    assert told["category"] == "LegacySettingWarning"
    assert "test_logs.py:" in told["at"]
    assert of_pydantic["event"] == "a value did not fit its type"
    assert CANARY not in lines.text


# Texts of runs


class Answering(LLMProvider):
    """Answers with the canary, then breaks with it where it is told to."""

    vendor = "scripted"

    def __init__(self, error: Exception | None) -> None:
        profile = ProviderProfile("scripted", Mode.MOCK, {}, 1)
        super().__init__(profile=profile, catalog=load_catalog())
        self.error = error

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent]:
        yield TextDelta(text=CANARY)
        if self.error is not None:
            raise self.error
        yield Completed(finish_reason="stop")

    async def examine(self) -> ProviderHealth:
        return ProviderHealth(provider="scripted", state=HealthState.OK)

    async def health_check(self) -> ProviderHealth:
        return await self.examine()

    async def list_models(self) -> list[ModelInfo]:
        return []


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("error", [None, RuntimeError(CANARY), StoreError("full")])
def test_nobodys_text_is_in_the_log_of_a_run(
    store: RunStore, form: str, error: Exception | None
) -> None:
    prompt = (Message(role="user", content=CANARY),)
    run = make_run(payload={"prompt": CANARY}, prompt=prompt, request_id="req-1")
    request = ProviderRequest(role=run.role, task=run.task, model=run.model, messages=prompt)

    with logged(playground_log_format=form) as lines:
        runner = Runner(store, {("text", "scripted"): Answering(error)})
        ended = runner.make(Job(run, request, TextDraft)).result(5)
        runner.close()

    assert ended.status is (RunStatus.FAILED if error else RunStatus.SUCCEEDED)
    assert ended.output == CANARY
    assert run.id in lines.text
    assert CANARY not in lines.text


# Secrets

SECRETS = {
    "ollama_api_key": KEY,
    "openai_api_key": "short",
    "playground_admin_password": "문열어라",
    "comfyui_base_url": "http://painter:pa%3Ass%40w%C3%B6rd-77@127.0.0.1:9",
}
LEAKS = [
    f"Authorization: Bearer {KEY}",
    "key=short, and again (short)",
    "문열어라",
    "http://painter:pa%3Ass%40w%C3%B6rd-77@127.0.0.1:9/prompt",
    "postgres://me:hunter2@db.example/x",
    f"password {PASSWORD} was refused",
    "Authorization: Basic cGFpbnRlcjpwYTpzc0B3w7ZyZC03Nw==",
    f"headers={[(b'Authorization', b'Bearer ' + KEY.encode())]!r}",
    f"headers={[('X-Key', KEY)]!r}",
    "Bearer abcdefghijklmnop.0123456789-someone-elses",
]
NAKED = (
    "9f3a",
    "short,",
    "(short)",
    "문열어라",
    "pa%3Ass",
    "hunter2",
    "ss@w",
    "cGFpbnRlc",
    "-elses",
)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("level", ["debug", "info"])
@pytest.mark.parametrize("leak", LEAKS)
def test_a_secret_is_masked_wherever_it_stands(leak: str, level: str, form: str) -> None:
    with logged(playground_log_format=form, playground_log_level=level, **SECRETS) as lines:
        log.info(leak)
        log.warning("told %s", leak)
        log.error("event", extra={"value": leak, "values": [leak], "named": {"a": leak}})
        log_failure(raising(OSError(leak)))

    assert "***" in lines.text
    assert not [secret for secret in NAKED if secret in lines.text]


def test_a_short_secret_does_not_spoil_the_words_it_is_part_of() -> None:
    with logged_json(openai_api_key="run") as lines:
        log.info("run started", extra={"model": "runner", "key": "run"})
    assert lines.events[0]["event"] == "*** started"
    assert lines.events[0]["model"] == "runner"
    assert lines.events[0]["key"] == "***"


def test_without_secrets_only_credentials_are_masked() -> None:
    with logged_json() as lines:
        log.info("basic advice", extra={"url": "http://127.0.0.1:11434/api/chat?x=a@b"})
    assert lines.events[0]["event"] == "basic advice"
    assert lines.events[0]["url"] == "http://127.0.0.1:11434/api/chat?x=a@b"


def test_a_handler_that_a_library_adds_later_gets_no_secret_either() -> None:
    theirs = logging.getLogger("streamlit.later")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    with logged(**SECRETS):
        theirs.addHandler(handler)
        try:
            theirs.warning("sent %s", KEY)
            try:
                raise ValueError(f"{KEY} {CANARY}")  # noqa: TRY301 (what is logged is the point)
            except ValueError:
                theirs.exception("broke")
        finally:
            theirs.removeHandler(handler)
    assert "sent ***" in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert KEY not in stream.getvalue()
    assert CANARY not in stream.getvalue()


@pytest.fixture
def chatty_loggers() -> Iterator[None]:
    """Libraries' loggers as they are when somebody wants to know everything."""
    names = ("httpx", "httpcore", "uvicorn", "uvicorn.error", "streamlit", "websockets")
    loggers = [logging.getLogger(name) for name in names]
    before = [(one.level, one.propagate, one.disabled) for one in loggers]
    for one in loggers:
        one.setLevel("DEBUG")
        one.propagate, one.disabled = True, False  # a server of other tests may have changed it
    yield
    for one, (level, propagate, disabled) in zip(loggers, before, strict=True):
        one.setLevel(level)
        one.propagate, one.disabled = propagate, disabled


@pytest.mark.usefixtures("chatty_loggers")
async def test_no_secret_is_in_what_the_libraries_tell_at_debug() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX-Echo: keykeykey-9f3a\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    secrets = {"ollama_api_key": "keykeykey-9f3a", "comfyui_base_url": "http://u:pwpwpw9f3a@h"}
    with logged(playground_log_level="debug", **secrets) as lines:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with httpx.AsyncClient(trust_env=False) as client:
                headers = {"Authorization": "Bearer keykeykey-9f3a"}
                await client.get(f"http://u:pwpwpw9f3a@127.0.0.1:{port}/", headers=headers)
        for name in ("streamlit", "uvicorn.error", "websockets"):
            logging.getLogger(name).debug("> Authorization: Bearer %s", "keykeykey-9f3a")

    for name in ("httpcore", "httpx", "streamlit", "uvicorn.error", "websockets"):
        assert f"logger={name}" in lines.text
    assert "9f3a" not in lines.text


# The code that logs


def log_calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of a logger's method in the product, with where it stands."""
    methods = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    root = Path(__file__).parent.parent
    for path in [root / "app.py", *(root / "core").rglob("*.py"), *(root / "pages").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=target, attr=method)) if method in methods:
                    if ast.unparse(target).startswith(("log", "logging.getLogger")):
                        yield f"{path.relative_to(root)}:{node.lineno}", node


def is_one_event(call: ast.Call) -> bool:
    """Whether the event is in fixed words and all else has a name."""
    match call:
        case ast.Call(func=ast.Attribute(attr="log"), args=[_, ast.Constant(value=str(words))]):
            return "%" not in words
        case ast.Call(args=[ast.Constant(value=str(words))]):
            return "%" not in words
    return False


def test_events_have_fixed_words_and_their_values_have_names() -> None:
    calls = dict(log_calls())
    broken = {where for where, call in calls.items() if not is_one_event(call)}

    assert len(calls) > 20
    # Other people's warnings are words as they come.
    assert {where.partition(":")[0] for where in broken} == {"core/logs/setup.py"}


@pytest.mark.parametrize(
    ("code", "fine"),
    [
        ('log.info("run started", extra={"run_id": 1})', True),
        ('log.log(20, "health changed", extra={})', True),
        ('log.info("run %s started", run_id)', False),
        ('log.info(f"run {run_id} started")', False),
        ("log.info(words)", False),
    ],
)
def test_that_rule_notices_what_breaks_it(code: str, fine: bool) -> None:
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    assert is_one_event(call) is fine


# The stream


def test_loggers_with_the_console_of_their_own_are_led_here_and_given_back() -> None:
    theirs = logging.getLogger("some_server")
    handler = logging.StreamHandler(sys.stderr)
    theirs.addHandler(handler)
    theirs.propagate = False
    try:
        with logged() as lines:
            logging.getLogger("some_server.error").warning("listening")
            assert handler not in theirs.handlers
        assert handler in theirs.handlers
        assert theirs.propagate is False
    finally:
        theirs.removeHandler(handler)
        theirs.propagate = True
    (line,) = lines.lines
    assert "event=listening" in line


def test_a_line_for_each_request_is_not_told_twice_nor_with_its_address() -> None:
    logging.getLogger("uvicorn.access").setLevel("INFO")
    with logged() as lines:
        logging.getLogger("uvicorn.access").info("GET /api/v1/runs?q=%s", CANARY)
        logging.getLogger("httpx").info("HTTP Request: GET http://127.0.0.1/")
    assert lines.text == ""


def test_setting_up_leaves_no_trace_once_it_is_undone(tmp_path: Path) -> None:
    before = (
        logging.getLogRecordFactory(),
        warnings.showwarning,
        sys.excepthook,
        threading.excepthook,
        list(logging.getLogger().handlers),
        logging.getLogger().level,
        logging.getLogger("httpx").level,
    )
    with logged():
        pass
    after = (
        logging.getLogRecordFactory(),
        warnings.showwarning,
        sys.excepthook,
        threading.excepthook,
        list(logging.getLogger().handlers),
        logging.getLogger().level,
        logging.getLogger("httpx").level,
    )
    assert after == before
