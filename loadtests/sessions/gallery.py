"""Looks through an album: the page of thumbnails, then some photos large."""

from __future__ import annotations

from loadtests.visitor import Page, Session, Visitor

THUMB_CSS_PX = 160
#: A phone held upright.
LARGE_CSS_PX = 400
OPENED_MAX = 4


def gallery(visitor: Visitor) -> Session:
    """Ask for every thumbnail of an album, then for a few of its photos one after the other."""
    album = visitor.album()
    size = visitor.width(THUMB_CSS_PX)
    yield Page(tuple(visitor.ask(photo, f"{size}.auto") for photo in album))
    opened = visitor.chance.sample(album, visitor.chance.randint(1, min(OPENED_MAX, len(album))))
    for photo in opened:
        yield Page((visitor.ask(photo, f"{visitor.width(LARGE_CSS_PX)}.auto"),))
