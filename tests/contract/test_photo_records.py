"""PhotoRecords: what a render asks of the records beside the photo's own."""

from __future__ import annotations

import pytest

from tests.contract.conftest import Records
from tests.contract.samples import ASSET, PHOTOGRAPH, TENANT

pytestmark = pytest.mark.anyio
CAPTURE = {"copyright": "© Ada", "make": "Lens & Co"}


async def test_what_the_camera_wrote_is_kept_until_the_photo_is_erased(records: Records) -> None:
    await records.add_tenant(TENANT)
    await records.add_asset(PHOTOGRAPH, owner="c-1", project=None, capture=CAPTURE)
    assert await records.capture("acme", ASSET) == CAPTURE
    await records.mark_erased("acme", ASSET)
    assert await records.capture("acme", ASSET) == {}


async def test_a_tombstone_is_seen_at_once_and_an_unknown_photo_has_none(records: Records) -> None:
    assert await records.is_erased("acme", ASSET) is False
    assert await records.capture("acme", ASSET) == {}
    await records.add_tenant(TENANT)
    await records.add_asset(PHOTOGRAPH, owner="c-1", project=None, capture={})
    assert await records.is_erased("acme", ASSET) is False
    await records.mark_erased("acme", ASSET)
    assert await records.is_erased("acme", ASSET) is True
