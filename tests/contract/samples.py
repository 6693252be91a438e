"""Small true values for the suites."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Protocol

from blake3 import blake3

from origin.ports import AssetRecords, TenantRecords
from origin.prints import PrintLane, PrintRecord
from origin.values import Asset, Derivative, DerivativeName, Photo, ProfileStatus, Tenant

ASSET = "b" * 51 + "a"
ENGINE = "v8.18.7-p1-x64-t1-3f9a0c21"

TENANT = Tenant("acme", b"k" * 32, is_public=False, is_suspended=False)

PHOTO = Photo(
    format="jpeg",
    width_px=3024,
    height_px=4032,
    orientation=6,
    pages=1,
    bands=3,
    bits=8,
    space="srgb",
    has_alpha=False,
    profile_status=ProfileStatus.EMBEDDED,
    profile_name="Display P3",
    is_progressive=True,
)

PHOTOGRAPH = Asset(
    tenant="acme",
    asset=ASSET,
    content="c" * 64,
    source_digest="d" * 64,
    life=0,
    size_bytes=5_000_000_000,
    photo=PHOTO,
    warnings=("photo.low_resolution",),
    retention="project",
    generation=0,
    is_erased=False,
    is_quarantined=False,
    created_at_s=1_790_000_000,
    thumbhash="3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
    dominant="a0b1c2",
)


def named(letter: str, **changes: object) -> Asset:
    """Return a photo whose id is that letter and whose content is its own."""
    asset = replace(PHOTOGRAPH, asset=letter * 51 + "a", content=f"{ord(letter):064x}")
    return replace(asset, **changes)  # type: ignore[arg-type]  # fields by name


def derivative(content: bytes = b"pixels", *, generation: int = 0) -> Derivative:
    """Return preview bytes with their digests."""
    digest, sha = blake3(content).hexdigest(), sha256(content).hexdigest()
    return Derivative(content, digest, sha, generation, width_px=640, height_px=480)


def derivative_name(leaf: str = "w_640.jpg", *, asset: str = ASSET) -> DerivativeName:
    """Return where the derivative of that leaf lives."""
    key = sha256(leaf.encode()).hexdigest()[:51].translate(str.maketrans("0189", "wxyz")) + "a"
    path = f"/v1/acme/{asset}/{leaf}"
    return DerivativeName("acme", asset, key, leaf.rpartition(".")[2], path, ENGINE)


class TenantsAndAssets(TenantRecords, AssetRecords, Protocol):
    """What the suites need to begin."""


async def with_photo(records: TenantsAndAssets, asset: Asset = PHOTOGRAPH) -> Asset:
    """Record the shop, if it is not there, and a photo of it."""
    if await records.tenant(asset.tenant) is None:
        await records.add_tenant(replace(TENANT, name=asset.tenant))
    return await records.add_asset(asset, owner="anna", project=None, capture={})


def a_print(letter: str = "p", **changes: object) -> PrintRecord:
    record = PrintRecord(
        tenant="acme",
        print_id=letter * 51 + "a",
        assets=(ASSET,),
        design=None,
        product="photo-10x15~1",
        engine="v8-test",
        lane=PrintLane.FAST,
        recipe=b"a caption",
        created_at_s=100,
    )
    return replace(record, **changes)  # type: ignore[arg-type]  # fields by name
