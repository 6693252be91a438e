"""The shop under load: its albums, catalogue and ring, and which album is asked for how often."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from cache_keys.keyring import Ring, parse_ring

TENANT: Final = "load"
CATALOGUE: Final = "catalogue"
#: Popularity of the k-th album is 1/k (Zipf's exponent of photo sharing sites is 0.8 to 1.1)...
ZIPF: Final = 1.0
#: ...halved with each such age: albums are looked at in the week after the wedding, then forgotten.
HALF_LIFE_DAYS: Final = 14
AGE_DAYS_MAX: Final = 60
#: So many that two minutes ask for each derivative about thirty times (docs/load.md).
ALBUMS: Final = 5
ALBUM_PHOTOS: Final = 8
CATALOGUE_PHOTOS: Final = 6


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of the shop. Sides are upright px; file is its source, to check pictures."""

    tenant: str
    asset: str
    width_px: int
    height_px: int
    file: str


@dataclass(frozen=True)
class Shop:
    """What visitors can ask for. albums: the first is the most popular of its age."""

    albums: list[list[Photo]]
    catalogue: list[Photo]
    ring: Ring = field(repr=False)

    @cached_property
    def weights(self) -> list[float]:
        """Return how often each album is asked for: Zipf with age decay, the same in each run."""
        chance = random.Random("ages")  # noqa: S311 - no secret
        ages = [chance.uniform(0, AGE_DAYS_MAX) for _ in self.albums]
        return [
            1 / rank**ZIPF * 0.5 ** (age / HALF_LIFE_DAYS) for rank, age in enumerate(ages, start=1)
        ]

    @property
    def photos(self) -> list[Photo]:
        """Return every photo, catalogue last."""
        return [photo for album in self.albums for photo in album] + self.catalogue


def write_shop(path: Path, albums: list[list[Photo]], catalogue: list[Photo]) -> None:
    """Write what ``read_shop`` reads; the ring stays where the origin keeps it."""
    document = {
        "albums": [[asdict(photo) for photo in album] for album in albums],
        "catalogue": [asdict(photo) for photo in catalogue],
    }
    path.write_text(json.dumps(document), "utf-8")


def read_shop(path: Path, ring_path: Path) -> Shop:
    """Return the shop that was written, with its ring."""
    document = json.loads(path.read_text("utf-8"))
    return Shop(
        [[Photo(**photo) for photo in album] for album in document["albums"]],
        [Photo(**photo) for photo in document["catalogue"]],
        parse_ring(ring_path.read_bytes()),
    )
