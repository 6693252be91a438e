"""Who may make the pixels of a canonical path."""

from __future__ import annotations

from enum import StrEnum

from cache_keys import policy
from cache_keys.errors import refusal
from cache_keys.transform import Transform


class Lane(StrEnum):
    """edge: also the CDN, from the edge master. origin: only we. print: never cached."""

    EDGE = "edge"
    ORIGIN = "origin"
    PRINT = "print"


def lane_of(transform: Transform | None) -> Lane:
    """Return the lane of a canonical Transform; None stands for info.json."""
    if (
        transform is None
        or transform.preset is not None
        or transform.design is not None
        or transform.proof is not None
        or transform.g in policy.ORIGIN_GRAVITY
    ):
        return Lane.ORIGIN
    return Lane.EDGE


def lane_of_path(path: str) -> Lane:
    """Return the lane of a canonical path, read as text the way an edge does.

    Raises GrammarError 404 "url.unknown" for a path that is neither under /v1/ nor /print/v1/.
    """
    if path.startswith(policy.PRINT_ROOT):
        return Lane.PRINT
    if not path.startswith(policy.ROOT):
        raise refusal("url.unknown")
    leaf = path.rpartition("/")[2]
    if leaf == policy.INFO:
        return Lane.ORIGIN
    for op in leaf.rpartition(".")[0].split(","):
        name, _, value = op.partition("_")
        if name in policy.ORIGIN_OPS or (name == "g" and value in policy.ORIGIN_GRAVITY):
            return Lane.ORIGIN
    return Lane.EDGE
