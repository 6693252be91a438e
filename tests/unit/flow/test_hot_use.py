"""What is read in memory is told to the quota: or what is most popular would look forgotten."""

from __future__ import annotations

from origin.flow.look_up import HotPicture, HotPictures
from origin.values import Tenant
from tests.contract.samples import derivative

TENANT = Tenant("acme", b"k" * 32, is_public=False, is_suspended=False)


def test_each_picture_that_was_found_is_told_once_and_what_was_not_found_never() -> None:
    hot = HotPictures(1_000_000)
    assert hot.get("/a", 1) is None
    for path in ("/a", "/b", "/c"):
        hot.put(path, HotPicture(1, derivative(), TENANT, f"key of {path}", ()))
    for path, epoch in (("/a", 1), ("/a", 1), ("/b", 1), ("/c", 2), ("/none", 1)):
        hot.get(path, epoch)
    assert hot.used() == {"key of /a", "key of /b"}
    assert hot.used() == set()
