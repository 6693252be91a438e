"""The gallery's view of the running origin: the demo shop's photos, signing, uploads, designs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from cache_keys.canonical import leaf_text
from cache_keys.presets import Preset
from edgeproof.commands import assets
from edgeproof.gallery.backend import PhotoCard, PresetCard
from edgeproof.wiring import Origin
from origin.errors import NotFound
from origin.flow.intake import Upload
from origin.ingest.warnings import WARNINGS
from origin.routes.private import design_document
from origin.values import Asset, Tenant

DEMO = "demo"
#: Whose the demo's photos are.
OWNER = "demo-visitor"


class DemoGallery:
    """Implements the gallery's backend over one running origin and one shop."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._names_path = origin.settings.data_dir / "gallery" / "names.json"

    @property
    def preview_origin(self) -> str:
        """Return scheme, host and port of the public listener."""
        return self._origin.settings.base_url

    async def photos(self) -> Sequence[PhotoCard]:
        """Return the demo shop's photos in the order in which they came."""
        names = self._names()
        place = {asset: number for number, asset in enumerate(names)}
        there: list[Asset] = []
        page: Sequence[Asset] = await self._origin.stores.records.assets(DEMO)
        while page:
            there += [asset for asset in page if not asset.is_erased]
            page = await self._origin.stores.records.assets(DEMO, after=page[-1].asset)
        there.sort(key=lambda asset: (place.get(asset.asset, len(place)), asset.created_at_s))
        return [_card(asset, names.get(asset.asset, asset.asset[:8])) for asset in there]

    async def presets(self) -> Sequence[PresetCard]:
        """Return the demo shop's presets."""
        return [
            PresetCard(DEMO, f"t_{name}~{version}", _words(preset))
            for (name, version), preset in sorted(self._origin.presets.of(DEMO).items())
        ]

    def sign(self, path: str) -> str:
        """Return the absolute signed URL of a preview path."""
        parts = path.split("/")
        if len(parts) != 5 or parts[2] != DEMO:
            raise NotFound("tenant.unknown")
        return self._origin.sign(DEMO, parts[3], parts[4])

    def sign_asset(self, tenant: str, asset: str) -> str:
        """Return the query that opens every op of one photo."""
        if tenant != DEMO:
            raise NotFound("tenant.unknown")
        url = self._origin.sign(DEMO, asset, "info.json", scope="asset")
        return url.partition("?")[2]

    async def post_design(self, tenant: str, body: bytes) -> Mapping[str, object]:
        """Store a design as the private API would."""
        stored = await self._origin.personalize.take(await self._tenant(tenant), body, owner=OWNER)
        return design_document(tenant, stored, self._origin.sign)

    async def upload(self, chunks: AsyncIterator[bytes], name: str) -> PhotoCard:
        """Take a visitor's photo in."""
        tenant = await self._tenant(DEMO)
        taken = await self._origin.intake.take(Upload(tenant, OWNER), chunks)
        self._remember({taken.asset.asset: name})
        return _card(taken.asset, name)

    async def add_files(self, files: Sequence[Path]) -> list[dict[str, object]]:
        """Take photos in; the second time they are known and it is quick."""
        upload = Upload(await self._tenant(DEMO), OWNER)
        results = await assets.add_files(self._origin, list(files), upload)
        self._remember_first(
            {
                str(result["asset"]): file.name
                for file, result in zip(files, results, strict=True)
                if result["ok"]
            }
        )
        return results

    async def _tenant(self, name: str) -> Tenant:
        tenant = await self._origin.stores.records.tenant(name) if name == DEMO else None
        if tenant is None:
            raise NotFound("tenant.unknown")
        return tenant

    def _names(self) -> dict[str, str]:
        try:
            names: dict[str, str] = json.loads(self._names_path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return names

    def _remember(self, names: Mapping[str, str]) -> None:
        """Keep file names for the page only: they are no part of the shop's records."""
        self._write_names(self._names() | dict(names))

    def _remember_first(self, names: Mapping[str, str]) -> None:
        """Keep the demo's own photos before whatever visitors brought."""
        self._write_names(dict(names) | self._names() | dict(names))

    def _write_names(self, known: Mapping[str, str]) -> None:
        self._names_path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._names_path.with_suffix(".part")
        unfinished.write_text(json.dumps(known), "ascii")
        unfinished.replace(self._names_path)


def _words(preset: Preset) -> str:
    """Return a preset's ops as a URL would spell them, and its watermark."""
    ops = leaf_text(preset.ops).rpartition(".")[0]
    return ", ".join(filter(None, (ops, "watermark" if preset.watermark else "")))


def _card(asset: Asset, name: str) -> PhotoCard:
    photo = asset.photo
    return PhotoCard(
        tenant=asset.tenant,
        asset=asset.asset,
        name=name,
        width_px=photo.width_px,
        height_px=photo.height_px,
        size_bytes=asset.size_bytes,
        format=photo.format,
        profile=photo.profile_name,
        warnings=tuple(WARNINGS[warning] for warning in asset.warnings),
        dominant=asset.dominant,
    )
