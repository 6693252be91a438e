"""Every error of a purge: one base class, stable dotted codes.

PurgeError
├── BadPurge              a tag, path, prefix or selection that cannot be purged (usage)
├── QueueUnavailable      the purge tables could not be asked or written
├── ProviderError
│   ├── ProviderBusy         429: come back after so many seconds
│   ├── ProviderUnavailable  a time-out, a 5xx, no connection: tried again
│   └── ProviderRefused      for good: credentials, zone, a tag it does not take: dead letter
├── AuditBroken           the chain does not hold
└── BadConfiguration      the purge configuration cannot be read or used
"""

from __future__ import annotations

#: Every code and what it says; docs/errors.md lists them. {} is filled where it is raised.
CODES: dict[str, str] = {
    "purge.tag": "A tag is 1 to 64 characters of a-z, 0-9 and : . _ ~ -.",
    "purge.path": "A path is a canonical preview path under /v1/.",
    "purge.prefix": "A prefix is /v1/, /v1/TENANT/ or /v1/TENANT/ASSET/ and what follows.",
    "purge.name": "The name of what is to be purged is not of its form.",
    "purge.empty": "There is nothing to purge.",
    "purge.many": "There are more targets than one purge may have.",
    "purge.unknown": "There is no such thing in the records.",
    "purge.provider": "There is no provider of that name.",
    "purge.reason": "The reason is too long or holds an e-mail address; give a ticket's number.",
    "purge.order": "There is no purge of that id.",
    "purge.early": "The purge is still under way: it can be verified when it is settled.",
    "purge.confirm": "A purge of everything repeats the names of its zones.",
    "purge.key_reused": "This Idempotency-Key was used for another purge.",
    "queue.unavailable": "The purge queue cannot be reached or written.",
    "queue.full": "The purge queue cannot be written: the disk is full.",
    "provider.busy": "The provider takes no more calls now.",
    "provider.unavailable": "The provider cannot be reached or does not answer.",
    "provider.timeout": "The provider did not answer in time.",
    "provider.credentials": "The provider does not accept the credentials.",
    "provider.zone": "The provider does not know the zone or service.",
    "provider.refused": "The provider refused the purge.",
    "provider.removed": "The provider is not configured any more.",
    "audit.broken": "The audit does not hold.",
    "purge.configuration": "The purge configuration cannot be used.",
}


class PurgeError(Exception):
    """An expected failure. ``public`` is safe for anyone, ``log`` is for us."""

    def __init__(self, code: str, public: str | None = None, *, log: str = "") -> None:
        self.code = code
        self.public = public or CODES[code]
        self.log = log
        super().__init__(f"{code}: {log or self.public}")


class BadPurge(PurgeError):
    """What was asked for cannot be purged."""


class QueueUnavailable(PurgeError):
    """The purge tables could not be asked or written: nothing was changed."""


class AuditBroken(PurgeError):
    """The audit was edited, cut or reordered."""


class BadConfiguration(PurgeError):
    """The purge configuration cannot be read or used."""


class ProviderError(PurgeError):
    """A provider did not take a batch."""


class ProviderBusy(ProviderError):
    """The provider asks us to wait. Not counted as a failure."""

    def __init__(self, retry_after_s: float, *, log: str = "") -> None:
        super().__init__("provider.busy", log=log)
        self.retry_after_s = retry_after_s


class ProviderUnavailable(ProviderError):
    """The provider did not answer, or answered that it is unwell: tried again later."""

    def __init__(self, code: str = "provider.unavailable", *, log: str = "") -> None:
        super().__init__(code, log=log)


class ProviderRefused(ProviderError):
    """The provider will never take this as it is: a dead letter until someone mends the cause."""

    def __init__(self, code: str = "provider.refused", *, log: str = "") -> None:
        super().__init__(code, log=log)
