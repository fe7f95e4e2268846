"""What pruning is asked and tells: rules, plans, what was taken. Sizes are bytes, times UTC."""

from datetime import datetime
from typing import Literal

from pydantic import Field, model_validator

from core.types import Frozen

Kind = Literal["text", "image"]


class PruneRule(Frozen):
    """Which runs go. A run goes when any of the first three takes it.

    - `older_than_days`: it was submitted longer ago, and is of one of `kinds`
    - `keep_picture_bytes`: its pictures are not among the newest so many bytes
    - `put_away_after_days`: somebody put it away longer ago; None leaves those alone

    With `spare_judged` (the default) runs stay that have a rating, a vote, a tag or a note. Runs
    that are not over always stay, and so do those that a run which stays repeats (`parent_id`).
    `uploads_after_days`: uploads not sent for so long, from which no run that stays starts, go.
    """

    older_than_days: int | None = Field(default=None, ge=1, le=36_500)
    keep_picture_bytes: int | None = Field(default=None, ge=0)
    put_away_after_days: int | None = Field(default=30, ge=1, le=36_500)
    uploads_after_days: int | None = Field(default=None, ge=1, le=36_500)
    kinds: tuple[Kind, ...] = Field(default=("text", "image"), min_length=1)
    spare_judged: bool = True

    @model_validator(mode="after")
    def _takes_something(self) -> "PruneRule":
        chosen = (
            self.older_than_days,
            self.keep_picture_bytes,
            self.put_away_after_days,
            self.uploads_after_days,
        )
        if all(value is None for value in chosen):
            raise ValueError("a rule needs an age or a size, or nothing would ever go")
        return self


class PruneSample(Frozen):
    """One of the runs that would go."""

    id: str
    created_at: datetime
    kind: Kind
    task: str
    model: str


class PrunePlan(Frozen):
    """What `rule` takes at the moment `made_at`: nothing has been done yet.

    `fingerprint` stands for exactly these runs and uploads: `prune` refuses the plan when the
    rule takes others by then. `spared_judged` and `spared_parents` count the runs that stay
    although their age or size would let them go. `picture_bytes` are freed on the disk at once;
    `database_bytes`, an estimate, become free pages that new runs fill. `samples` are the oldest
    few and the newest few.
    """

    rule: PruneRule
    made_at: datetime
    fingerprint: str
    runs: int
    text_runs: int
    image_runs: int
    put_away: int
    uploads: int
    pictures: int
    picture_bytes: int
    database_bytes: int
    spared_judged: int
    spared_parents: int
    oldest: datetime | None = None
    newest: datetime | None = None
    samples: tuple[PruneSample, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to prune."""
        return not self.runs and not self.uploads


class Pruned(Frozen):
    """What `prune` took away. `spared` runs were judged or repeated since the plan was made.

    `pictures_left` are files that a run under way may be about to name: a check finds them later
    if it did not.
    """

    runs: int
    uploads: int
    pictures: int
    picture_bytes: int
    spared: int = 0
    pictures_left: int = 0
    database_free_bytes: int
    took_s: float
