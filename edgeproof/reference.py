"""The reference pages that are written from the code: settings and errors (``make docs``)."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from pydantic_core import PydanticUndefined

from cache_keys.document import REASONS
from cache_keys.errors import FORBIDDEN_CODE, REFUSALS
from edgeproof.purge_api import status_of
from edgeproof.settings import Settings
from origin.errors import KINDS
from purge.errors import CODES

SETTINGS = """\
# Settings

Every setting is an environment variable, read once at the start. `edgeproof config show`
prints those in force; `edgeproof config check` checks them with the keys and presets. An
unknown `EDGEPROOF_` name is refused.
"""
ERRORS = f"""\
# Errors

Every error is an `application/problem+json` document (RFC 9457) with `status`, a stable
`code`, `detail` in words for anyone, and `field` where one is to blame. Browsers are told not
to keep errors.

All 403 answers of the public listener are the same document, with the code `{FORBIDDEN_CODE}`:
the codes below that have the status 403 are in the log only.

## The URL and the signature
"""
DOCUMENTS = """
## Designs and presets

All are 422. A document's code is its kind (`design`, `preset`, `lock`) and one of
these reasons; `field` is a JSON pointer (RFC 6901) to the place.
"""
HOST = """
## Photos, things that are not there, the private API, the host

*Edges may keep*: for how many seconds an authenticated edge may keep the error. *Retry after*:
the Retry-After field, in seconds.
"""
#: Codes of designs that are good documents and cannot be made of their photo.
AGAINST_THE_PHOTO = {
    "design.crop_outside": "a tilted crop leaves the photo",
    "design.caption_glyph": "the font has no sign for some characters, which are named",
    "design.caption_fit": "the caption does not fit its place",
    "print.aspect": "the crop's shape is more than 0.5 % off the sheet's",
}


def settings_page() -> str:
    """Return docs/settings.md."""
    rows = []
    for name, field in Settings.model_fields.items():
        if field.default is PydanticUndefined:
            default = "the number of cores"
        else:
            default = "" if field.default in (None, ()) else f"`{field.default}`"
        rows.append((f"`EDGEPROOF_{name.upper()}`", default, field.description or ""))
    return SETTINGS + _table(("variable", "default", "meaning"), rows)


def errors_page() -> str:
    """Return docs/errors.md."""
    urls = [(f"`{code}`", status, words) for code, (status, words) in REFUSALS.items()]
    reasons = [(f"`*.{reason}`", words) for reason, words in REASONS.items()]
    designs = [(f"`{code}`", words) for code, words in AGAINST_THE_PHOTO.items()]
    kinds = [
        (f"`{code}`", kind.status, kind.public, kind.edge_cache_s or "", kind.retry_after_s or "")
        for code, kind in KINDS.items()
    ]
    purges = [(f"`{code}`", status_of(code), words) for code, words in CODES.items()]
    return "".join(
        (
            ERRORS,
            _table(("code", "status", "words"), urls),
            DOCUMENTS,
            _table(("code", "meaning"), [*reasons, *designs]),
            HOST,
            _table(
                ("code", "status", "words", "edges may keep", "retry after"), [*kinds, *AT_AN_EDGE]
            ),
            PURGES,
            _table(("code", "status", "words"), purges),
            GALLERY,
        )
    )


#: What purges say, on the command line and over HTTP.
PURGES = """
## Purges

On the command line `CODE: words`. `provider.*` are no answers: they stand in the status of a
purge, at dead letters and in the log.
"""

#: What only an edge says, of itself.
AT_AN_EDGE = [
    ("`edge.unavailable`", 503, "The pictures cannot be reached.", "", 5),
    ("`edge.unset`", 503, "This edge is not set up.", "", 60),
]
#: What only the gallery of `make run` says, on loopback.
GALLERY = """
The gallery of `make run` has codes of its own: `gallery.host` 421, `gallery.origin` 403,
`gallery.type` 415, `gallery.body` 413, `gallery.paths` 400, `gallery.file` 404.
"""
PAGES = {"settings.md": settings_page, "errors.md": errors_page}


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    names = list(head)
    lines = ["", _row(names), "|---" * len(names) + "|"]
    return "\n".join([*lines, *(_row(row) for row in rows)]) + "\n"


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def main() -> None:
    """Write the pages into a folder, ``docs`` by default."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    for name, page in PAGES.items():
        (folder / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
