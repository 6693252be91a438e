"""Every error that the origin answers with: one base class, one table of stable codes.

OriginError
├── PhotoRefused       413, 415, 422: the photo itself (cause: source)
├── NotFound           404: unknown tenant, asset, preset, design or product
├── Gone               410: erased
├── Unauthorized       401, 403: the private API
├── BadDocument        400, 409, 422: a request body
├── Overloaded         429, 503: too much at once
├── StoreUnavailable   503: objects or records could not be asked
└── RenderFailed       500, 503: the engine did not make the picture
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Whose move it is."""

    CLIENT = "client"
    SOURCE = "source"
    ENGINE = "engine"
    STORE = "store"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """What one code means: HTTP status, words safe for anyone, cause, cache and retry seconds."""

    status: int
    public: str
    cause: Cause
    edge_cache_s: int = 0
    retry_after_s: int | None = None


class OriginError(Exception):
    """An expected failure. ``code`` is a key of KINDS; ``log`` is for us, never for the caller."""

    def __init__(
        self, code: str, public: str | None = None, *, log: str = "", field: str | None = None
    ) -> None:
        kind = KINDS[code]
        self.code = code
        self.kind = kind
        self.status = kind.status
        self.public = public or kind.public
        self.log = log
        self.field = field
        super().__init__(f"{kind.status} {code}: {log or self.public}")

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process border whole (workers raise these)."""
        return (_rebuild, (type(self), self.code, self.public, self.log, self.field))


def _rebuild(
    cls: type[OriginError], code: str, public: str, log: str, field: str | None
) -> OriginError:
    return cls(code, public, log=log, field=field)


class PhotoRefused(OriginError):
    """The uploaded bytes are no photo that we can print."""


class NotFound(OriginError):
    """There is no such thing, and we looked."""


class Gone(OriginError):
    """It was here and was erased."""


class Unauthorized(OriginError):
    """The private API does not know this token, or the token may not do this."""


class BadDocument(OriginError):
    """A request body or parameter that cannot be accepted."""


class Overloaded(OriginError):
    """More work than the host takes on at once."""


class StoreUnavailable(OriginError):
    """The objects or the records could not be asked: never the same as 'not there'."""


class RenderFailed(OriginError):
    """The engine did not make the picture."""


C = Cause
KINDS: dict[str, ErrorKind] = {
    # the photo itself
    "photo.too_large": ErrorKind(413, "The file is larger than this shop accepts.", C.SOURCE),
    "photo.format": ErrorKind(415, "This is not a picture format that we print.", C.SOURCE),
    "photo.empty": ErrorKind(422, "The file is empty or too short to be a picture.", C.SOURCE),
    "photo.damaged": ErrorKind(422, "The picture is damaged or was cut off.", C.SOURCE),
    "photo.pixels": ErrorKind(422, "The picture has more pixels than we accept.", C.SOURCE),
    "photo.side": ErrorKind(422, "A side of the picture is longer than we accept.", C.SOURCE),
    "photo.pages": ErrorKind(422, "The file has too many pages or frames.", C.SOURCE),
    "photo.bands": ErrorKind(422, "The picture has too many channels.", C.SOURCE),
    "photo.decode_bytes": ErrorKind(
        422, "Opening the picture would need too much memory.", C.SOURCE
    ),
    "photo.metadata": ErrorKind(422, "The picture carries too much metadata.", C.SOURCE),
    "photo.profile_size": ErrorKind(422, "The colour profile is too large.", C.SOURCE),
    "photo.chunks": ErrorKind(422, "The file is split into too many pieces.", C.SOURCE),
    "photo.timeout": ErrorKind(422, "The picture takes too long to open.", C.SOURCE),
    "photo.crashed": ErrorKind(422, "The picture cannot be opened safely.", C.SOURCE),
    "photo.quarantined": ErrorKind(422, "The picture could not be opened safely, twice.", C.SOURCE),
    # unknown or erased
    "tenant.unknown": ErrorKind(404, "There is no such shop.", C.CLIENT, edge_cache_s=10),
    "tenant.suspended": ErrorKind(404, "There is no such shop.", C.CLIENT, edge_cache_s=10),
    "asset.unknown": ErrorKind(404, "There is no such photo.", C.CLIENT, edge_cache_s=10),
    "asset.erased": ErrorKind(410, "This photo was erased.", C.CLIENT, edge_cache_s=3600),
    "preset.unknown": ErrorKind(404, "There is no such preset.", C.CLIENT, edge_cache_s=10),
    "design.unknown": ErrorKind(404, "There is no such design.", C.CLIENT, edge_cache_s=10),
    "product.unknown": ErrorKind(404, "There is no such product.", C.CLIENT, edge_cache_s=10),
    "product.document": ErrorKind(422, "The product definition is not valid.", C.CLIENT),
    "print.pixels": ErrorKind(422, "The crop has too few pixels for this product.", C.CLIENT),
    "print.read_back": ErrorKind(500, "The print file is not what was asked for.", C.ENGINE),
    "print.pdf": ErrorKind(422, "The file is not a PDF that can be read.", C.SOURCE),
    "print.recipe": ErrorKind(422, "This is not a recipe that can be read.", C.CLIENT),
    "print.unknown": ErrorKind(404, "There is no such print.", C.CLIENT),
    "print.erased": ErrorKind(410, "This print was erased.", C.CLIENT),
    "print.unfinished": ErrorKind(409, "This print is not done.", C.CLIENT),
    "print.resume": ErrorKind(409, "Only a paused or refused print can be resumed.", C.CLIENT),
    "print.idempotency": ErrorKind(
        409, "This Idempotency-Key was used for another order.", C.CLIENT
    ),
    "print.preflight": ErrorKind(422, "A check of the picture stops this print.", C.SOURCE),
    "print.turns": ErrorKind(
        503, "The print could not be finished, several times.", C.ENGINE, retry_after_s=60
    ),
    "print.differs": ErrorKind(500, "The same recipe gave other bytes.", C.ENGINE),
    "print.engine": ErrorKind(
        409, "This print was made by another engine, which this host is not.", C.CLIENT
    ),
    "profile.unknown": ErrorKind(404, "There is no such colour profile.", C.CLIENT),
    "profile.refused": ErrorKind(
        422, "This product takes only photos whose colour profile can be read.", C.SOURCE
    ),
    "profile.damaged": ErrorKind(422, "The colour profile cannot be read.", C.SOURCE),
    "profile.class": ErrorKind(422, "The colour profile is of the wrong class.", C.SOURCE),
    "profile.space": ErrorKind(422, "The colour profile is for another colour space.", C.SOURCE),
    "profile.digest": ErrorKind(
        422, "The colour profile is not the one that the product names.", C.CLIENT
    ),
    "http.malformed": ErrorKind(400, "This is not a request that can be read.", C.CLIENT),
    "http.head_too_large": ErrorKind(431, "The head of the request is too large.", C.CLIENT),
    "api.unknown": ErrorKind(404, "There is no such address.", C.CLIENT),
    # the private API
    "api.method": ErrorKind(405, "This address does not take that method.", C.CLIENT),
    "api.token_missing": ErrorKind(401, "A bearer token is needed.", C.CLIENT),
    "api.token_bad": ErrorKind(401, "The bearer token is not known or was revoked.", C.CLIENT),
    "api.token_scope": ErrorKind(403, "The bearer token does not allow this.", C.CLIENT),
    "api.body": ErrorKind(400, "The body cannot be read.", C.CLIENT),
    "api.body_too_large": ErrorKind(413, "The body is too large.", C.CLIENT),
    "api.owner": ErrorKind(
        400, "The owner is missing or has characters that are not allowed.", C.CLIENT
    ),
    "api.parameter": ErrorKind(400, "A parameter is missing or not allowed.", C.CLIENT),
    "tenant.public_uploads": ErrorKind(
        403, "A public tenant takes no customers' photos.", C.CLIENT
    ),
    "tenant.exists": ErrorKind(409, "There is a shop of that name already.", C.CLIENT),
    "tenant.name": ErrorKind(
        422, "A tenant's name is a-z, 0-9 and -, at most 32 characters.", C.CLIENT
    ),
    # too much at once, or something that we rest on is away
    "render.cold_rate": ErrorKind(
        429, "Too many new pictures of one photo.", C.CLIENT, retry_after_s=5
    ),
    "intake.queue_full": ErrorKind(503, "Too many uploads at once.", C.ENGINE, retry_after_s=5),
    "workers.unavailable": ErrorKind(503, "No worker can be started.", C.ENGINE, retry_after_s=5),
    "render.queue_full": ErrorKind(
        503, "Too many new pictures at once.", C.ENGINE, retry_after_s=2
    ),
    "render.deadline": ErrorKind(
        503, "The picture took too long to make.", C.ENGINE, retry_after_s=5
    ),
    "render.crashed": ErrorKind(503, "The picture could not be made.", C.ENGINE, retry_after_s=5),
    "render.failed": ErrorKind(500, "The picture could not be made.", C.ENGINE),
    "render.superseded": ErrorKind(
        503, "The photo changed while its picture was made.", C.ENGINE, retry_after_s=1
    ),
    "store.unavailable": ErrorKind(503, "The store cannot be reached.", C.STORE, retry_after_s=5),
    "store.full": ErrorKind(503, "The store has no room left.", C.STORE, retry_after_s=60),
    "store.damaged": ErrorKind(503, "The stored photo is damaged.", C.STORE, retry_after_s=60),
    "records.unavailable": ErrorKind(
        503, "The records cannot be reached.", C.STORE, retry_after_s=5
    ),
    "server.stopping": ErrorKind(503, "The server is stopping.", C.ENGINE, retry_after_s=2),
    "server.failed": ErrorKind(500, "Something went wrong here.", C.ENGINE),
}
