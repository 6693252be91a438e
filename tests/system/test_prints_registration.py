"""The print is what the preview showed: real URLs, the real print command, random crops.

``PRINTS=200`` is the long run: five crops of each large product, the rest of the small ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

import pytest

from tests.images.print_registration import LARGE, SMALL, failures, summary
from tests.system.print_registration import registered
from tests.system.server import Server

COUNT: Final = int(os.environ.get("PRINTS", "6"))
OF_LARGE: Final = 5
SHORT: Final = ("photo-10x15~1", "mug-wrap~1", "postcard-a6~1")
"""Small pages in CI; one is a press product, whose preview is its soft proof."""


def counts() -> dict[str, int]:
    """Return how many crops of which product."""
    if len(LARGE) * OF_LARGE * 2 > COUNT:
        return dict.fromkeys(SHORT, -(-COUNT // len(SHORT)))
    of_small = -(-(COUNT - len(LARGE) * OF_LARGE) // len(SMALL))
    return dict.fromkeys(SMALL, of_small) | dict.fromkeys(LARGE, OF_LARGE)


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("reference", counts())
def test_prints_register_with_their_previews(
    running_server: Server, reference: str, record_property: Callable[[str, object], None]
) -> None:
    scores = list(registered(running_server, reference, range(counts()[reference])))
    record_property("registration", summary(scores))
    assert failures(scores) == [], summary(scores)
