"""Every error the playground raises on purpose, with its REST status and code.

    PlaygroundError                 500  internal_error
    ├── SettingsError                 -  settings_invalid      (start is refused)
    ├── CatalogError                  -  catalog_invalid       (start is refused)
    ├── StoreError                  503  store_unavailable
    │   ├── StoreTooNew             503  store_too_new
    │   ├── StoreFull               507  store_full            (no room on the disk)
    │   ├── StoreReadOnly           503  store_read_only       (the folder cannot be written)
    │   ├── StoreLocked             503  store_locked          (another program holds the file)
    │   ├── StoreCorrupt            503  store_corrupt         (the file is damaged)
    │   ├── ShuttingDown            503  shutting_down         (the app is being ended)
    │   └── BackupUnusable          503  backup_unusable       (incomplete or damaged)
    ├── CareBusy                    409  care_busy             (data care is at work already)
    ├── PlanOutdated                409  plan_outdated         (it would take other runs by now)
    ├── RestoreRefused              409  restore_refused       (something is there, or in use)
    ├── NotFound                    404  not_found
    │   └── RunNotFound             404  run_not_found
    ├── RequestTooLarge             413  request_too_large
    ├── InvalidRequest              422  invalid_request
    │   ├── UnknownRole             422  unknown_role
    │   ├── UnknownTask             422  unknown_task
    │   ├── UnknownProvider         422  unknown_provider
    │   ├── InvalidPayload          422  invalid_payload
    │   └── NoModelChosen           422  no_model_chosen
    ├── RunCancelled                409  run_cancelled         (its answer was asked for)
    ├── RunInterrupted              503  run_interrupted       (the app stopped in mid-run)
    ├── RunUnfinished               503  run_unfinished        (it has no end yet to wait for)
    └── ProviderError               502  provider_error
        ├── ProviderUnavailable     503  provider_unavailable  (nothing answers at the address)
        ├── ProviderNotConfigured   503  provider_not_configured
        ├── ProviderTimeout         504  provider_timeout      (silent for longer than allowed)
        ├── ModelNotFound           503  model_not_found
        ├── ProviderOverloaded      503  provider_overloaded
        ├── ProviderRejected        502  provider_rejected     (the server refused the request)
        │   └── ProviderUnauthorized 502 provider_unauthorized
        ├── ContextOverflow         422  context_overflow
        ├── BrokenAnswer            502  broken_answer         (the stream ended without its end)
        └── AnswerTooLong           502  answer_too_long       (stopped; what arrived is kept)

`message` says in English what happened and what to do next; it never holds a secret.
`code` is stable: pages translate by it, REST answers with it, `runs.error_code` keeps it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class PlaygroundError(Exception):
    """Something the playground can explain."""

    status_code: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})


class SettingsError(PlaygroundError):
    """One or more settings are wrong; `details["problems"]` has one sentence a setting."""

    code = "settings_invalid"


class CatalogError(PlaygroundError):
    """A catalog file is wrong; the message names the file and the place in it."""

    code = "catalog_invalid"


class StoreError(PlaygroundError):
    """The database cannot be read or written."""

    status_code = 503
    code = "store_unavailable"


class StoreTooNew(StoreError):
    """The database was written by a newer playground and is left untouched."""

    code = "store_too_new"


class StoreFull(StoreError):
    """There is no room left on the disk; what was there is untouched."""

    status_code = 507
    code = "store_full"


class StoreReadOnly(StoreError):
    """The data folder or a file in it cannot be written."""

    code = "store_read_only"


class StoreLocked(StoreError):
    """Another program held the database for longer than the playground waits."""

    code = "store_locked"


class StoreCorrupt(StoreError):
    """The file is damaged, or no database; it is left as it is."""

    code = "store_corrupt"


class ShuttingDown(StoreError):
    """The app is being ended; nothing is read or written any more."""

    code = "shutting_down"


class BackupUnusable(StoreError):
    """A backup is incomplete or damaged; nothing was restored from it."""

    code = "backup_unusable"


class CareBusy(PlaygroundError):
    """A backup, mending or pruning is under way on the same folder, here or elsewhere."""

    status_code = 409
    code = "care_busy"


class PlanOutdated(PlaygroundError):
    """Other runs would be pruned by now than the plan showed; nothing was."""

    status_code = 409
    code = "plan_outdated"


class RestoreRefused(PlaygroundError):
    """There is data where a backup should go, or somebody works with it; nothing was changed."""

    status_code = 409
    code = "restore_refused"


class NotFound(PlaygroundError):
    """What was asked for does not exist."""

    status_code = 404
    code = "not_found"


class RunNotFound(NotFound):
    """No run has this id."""

    code = "run_not_found"


class RequestTooLarge(PlaygroundError):
    """The request holds more, in text, bytes or pixels, than the playground accepts."""

    status_code = 413
    code = "request_too_large"


class InvalidRequest(PlaygroundError):
    """The request cannot be run as it is; nothing was sent."""

    status_code = 422
    code = "invalid_request"


class UnknownRole(InvalidRequest):
    """The role is not in the catalog; `details["known"]` lists those that are."""

    code = "unknown_role"


class UnknownTask(InvalidRequest):
    """The task is not in the catalog; `details["known"]` lists those that are."""

    code = "unknown_task"


class UnknownProvider(InvalidRequest):
    """No provider has this name; `details["known"]` lists those there are."""

    code = "unknown_provider"


class InvalidPayload(InvalidRequest):
    """The payload does not fit the task; `details["fields"]` maps field to what is wrong."""

    code = "invalid_payload"


class NoModelChosen(InvalidRequest):
    """Neither the request nor a setting names a model for the provider."""

    code = "no_model_chosen"


class RunCancelled(PlaygroundError):
    """The run was stopped by a person; what had arrived is kept."""

    status_code = 409
    code = "run_cancelled"


class RunInterrupted(PlaygroundError):
    """The app stopped while the run was under way; what had arrived is kept."""

    status_code = 503
    code = "run_interrupted"


class RunUnfinished(PlaygroundError):
    """The run has no final state yet and cannot be waited for; `details["run_id"]` names it.

    Its end cannot be saved for now, or it goes on while the app is away, or another app process
    makes it and does not answer.
    """

    status_code = 503
    code = "run_unfinished"


class ProviderError(PlaygroundError):
    """A provider failed: which one, in what words, with which HTTP status, and the details (R3).

    `status` is the HTTP status the server answered with, or None when it did not answer.
    """

    status_code = 502
    code = "provider_error"

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        status: int | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, details=details)
        self.provider = provider
        self.status = status


class ProviderUnavailable(ProviderError):
    """Nothing answers at the provider's address."""

    status_code = 503
    code = "provider_unavailable"


class ProviderNotConfigured(ProviderError):
    """A setting the provider needs is empty."""

    status_code = 503
    code = "provider_not_configured"


class ProviderTimeout(ProviderError):
    """The server was silent for longer than its timeout allows."""

    status_code = 504
    code = "provider_timeout"


class ModelNotFound(ProviderError):
    """The server does not have the model; `details["model"]` names it."""

    status_code = 503
    code = "model_not_found"


class ProviderOverloaded(ProviderError):
    """The server is too busy to take the request."""

    status_code = 503
    code = "provider_overloaded"


class ProviderRejected(ProviderError):
    """The server refused the request as wrong; sending it again will not help."""

    code = "provider_rejected"


class ProviderUnauthorized(ProviderRejected):
    """The server wants a key, or another one."""

    code = "provider_unauthorized"


class ContextOverflow(ProviderError):
    """The prompt does not fit the model's context.

    `details` holds `prompt_tokens` and `context_tokens` where the server told them.
    """

    status_code = 422
    code = "context_overflow"


class BrokenAnswer(ProviderError):
    """The answer broke off, or was not in the form the server promised; what arrived is kept."""

    code = "broken_answer"


class AnswerTooLong(ProviderError):
    """The answer went on past all measure and was stopped; what arrived up to there is kept.

    `details["limit"]` is how many characters, or pictures, one answer may have.
    """

    code = "answer_too_long"
