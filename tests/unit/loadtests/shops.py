"""A shop that needs no origin, and rows of a trace, for the tests of the load tests."""

from __future__ import annotations

from cache_keys.keyring import parse_ring
from loadtests.shop import CATALOGUE, TENANT, Photo, Shop
from loadtests.trace import Row

RING = parse_ring(b'{"k1": {"master": "%s", "tenants": "all", "retired": null}}' % (b"c5" * 32))
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def photo(number: int, tenant: str = TENANT, file: str = "") -> Photo:
    asset = LETTERS[number // 32] + LETTERS[number % 32] + "a" * 50
    return Photo(tenant, asset, 1600, 1200, file)


def shop(albums: int = 5, each: int = 8) -> Shop:
    numbers = iter(range(1_024))
    return Shop(
        [[photo(next(numbers)) for _ in range(each)] for _ in range(albums)],
        [photo(next(numbers), CATALOGUE) for _ in range(6)],
        RING,
    )


def row(key: str = "/k", *, status: int = 200, at_s: float = 0.0, **changes: object) -> Row:
    values: dict[str, object] = {
        "at_s": at_s,
        "session": 1,
        "kind": "gallery",
        "key": key,
        "want": 200,
        "status": status,
        "ms": 10.0,
        "size_bytes": 3,
        "digest": f"digest of {key}",
        "is_own_digest": True,
        "cache": "hit",
        "has_retry": status == 503,
    }
    return Row(**(values | changes))  # type: ignore[arg-type] # rows of a test are written by hand
