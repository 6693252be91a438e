"""The records in dictionaries."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from origin.adapters.retention import stronger
from origin.errors import BadDocument, Gone, NotFound
from origin.ports import Also, DesignRecord, TokenRecord
from origin.values import NO_PHOTO, Asset, Tenant

FOCUS_FIELDS = {"smart": "focus_smart", "face": "focus_face"}


class MemoryRecords:
    """Every port of the records."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        """``now`` is Unix time in seconds."""
        self._now = now
        self._epoch = 1
        self._tenants: dict[str, Tenant] = {}
        self._assets: dict[tuple[str, str], Asset] = {}
        self._captures: dict[tuple[str, str], Mapping[str, str]] = {}
        self._failures: dict[tuple[str, str], int] = {}
        self._designs: dict[tuple[str, str], DesignRecord] = {}
        self._tokens: dict[str, TokenRecord] = {}

    async def epoch(self) -> int:
        """Return the current number."""
        return self._epoch

    async def tenant(self, name: str) -> Tenant | None:
        """Return the shop."""
        return self._tenants.get(name)

    async def tenants(self) -> Sequence[Tenant]:
        """Return every shop, by name."""
        return [self._tenants[name] for name in sorted(self._tenants)]

    async def add_tenant(self, tenant: Tenant) -> None:
        """Record it. Raises BadDocument "tenant.exists"."""
        if tenant.name in self._tenants:
            raise BadDocument("tenant.exists")
        self._tenants[tenant.name] = tenant
        self._epoch += 1

    async def update_tenant(
        self, name: str, *, is_suspended: bool, also: Also | None = None
    ) -> bool:
        """Return False when there is none of that name."""
        if name not in self._tenants:
            return False
        if also is not None:
            await also(None, {})
        self._tenants[name] = replace(self._tenants[name], is_suspended=is_suspended)
        self._epoch += 1
        return True

    async def asset(self, tenant: str, asset: str) -> Asset | None:
        """Return the record, erased ones too."""
        return self._assets.get((tenant, asset))

    async def assets(self, tenant: str, *, after: str = "", limit: int = 1000) -> Sequence[Asset]:
        """Return records in order of asset id."""
        names = sorted(name for name in self._assets if name[0] == tenant and name[1] > after)
        return [self._assets[name] for name in names[:limit]]

    async def taken_in_since(self, since_s: int, *, limit: int) -> Sequence[Asset]:
        """Return living photos that were first taken in then or later, newest first."""
        new = [a for a in self._assets.values() if a.created_at_s >= since_s and not a.is_erased]
        return sorted(new, key=lambda asset: -asset.created_at_s)[:limit]

    async def lives(self, tenant: str, content: str) -> Sequence[Asset]:
        """Return every asset of this content, by life."""
        found = [a for a in self._assets.values() if (a.tenant, a.content) == (tenant, content)]
        return sorted(found, key=lambda asset: asset.life)

    async def is_erased(self, tenant: str, asset: str) -> bool:
        """Return whether a tombstone stands under that id."""
        stored = self._assets.get((tenant, asset))
        return stored is not None and stored.is_erased

    async def capture(self, tenant: str, asset: str) -> Mapping[str, str]:
        """Return what the camera wrote; empty when unknown or erased."""
        return self._captures.get((tenant, asset), {})

    async def add_asset(
        self, asset: Asset, *, owner: str, project: str | None, capture: Mapping[str, str]
    ) -> Asset:
        """Record it, or keep the stronger retention of what is there.

        Raises Gone "asset.erased", NotFound "tenant.unknown".
        Owner and project are for the purge and for people: no port reads them.
        """
        if asset.tenant not in self._tenants:
            raise NotFound("tenant.unknown")
        stored = self._assets.setdefault((asset.tenant, asset.asset), asset)
        if stored.is_erased:
            raise Gone("asset.erased")
        self._captures.setdefault((asset.tenant, asset.asset), dict(capture))
        kept = replace(stored, retention=stronger(stored.retention, asset.retention))
        self._assets[asset.tenant, asset.asset] = kept
        return kept

    async def set_focus(
        self, tenant: str, asset: str, kind: str, point: tuple[int, int]
    ) -> tuple[int, int]:
        """Store the point unless there is one; raises NotFound "asset.unknown"."""
        stored, field = self._known(tenant, asset), FOCUS_FIELDS[kind]
        found: tuple[int, int] | None = getattr(stored, field)
        if found is not None:
            return found
        is_smart = kind == "smart"
        self._assets[tenant, asset] = replace(
            stored,
            focus_smart=point if is_smart else stored.focus_smart,
            focus_face=stored.focus_face if is_smart else point,
        )
        return point

    async def bump_generation(self, tenant: str, asset: str, *, also: Also | None = None) -> int:
        """Return the new generation; raises NotFound "asset.unknown"."""
        self._known(tenant, asset)
        moved = await self.bump_generations([(tenant, asset)], also=also)
        return moved[f"{tenant}/{asset}"]

    async def bump_generations(
        self, assets: Sequence[tuple[str, str]], *, also: Also | None = None
    ) -> Mapping[str, int]:
        """Move these photos on; a hook that fails leaves them as they were."""
        known = [name for name in sorted(set(assets)) if name in self._assets]
        moved = {"/".join(name): self._assets[name].generation + 1 for name in known}
        if also is not None:
            await also(None, moved)
        for name in known:
            generation = moved["/".join(name)]
            self._assets[name] = replace(self._assets[name], generation=generation)
        self._epoch += bool(moved)
        return moved

    async def bump_all(self, tenant: str | None, *, also: Also | None = None) -> int:
        """Move every living photo of a shop, or of all, on; return how many."""
        living = [
            name
            for name, asset in self._assets.items()
            if not asset.is_erased and tenant in (None, name[0])
        ]
        if also is not None:
            await also(None, {})
        return len(await self.bump_generations(living))

    async def mark_erased(self, tenant: str, asset: str, *, also: Also | None = None) -> None:
        """Set the tombstone, move the generation and forget what the record told of the photo."""
        if self._known(tenant, asset).is_erased:
            return
        await self.bump_generation(tenant, asset, also=also)
        self._captures.pop((tenant, asset), None)
        self._assets[tenant, asset] = replace(
            self._known(tenant, asset),
            is_erased=True,
            source_digest="",
            size_bytes=0,
            photo=NO_PHOTO,
            warnings=(),
            thumbhash="",
            dominant="",
            focus_smart=None,
            focus_face=None,
        )
        for name, design in tuple(self._designs.items()):
            if (design.tenant, design.asset) == (tenant, asset):
                del self._designs[name]

    async def count_failure(self, tenant: str, asset: str, *, quarantine_at: int) -> bool:
        """Count a crash or time-out; raises NotFound "asset.unknown"."""
        stored = self._known(tenant, asset)
        failures = self._failures.get((tenant, asset), 0) + 1
        self._failures[tenant, asset] = failures
        is_quarantined = stored.is_quarantined or failures >= quarantine_at
        if is_quarantined and not stored.is_quarantined:
            self._assets[tenant, asset] = replace(stored, is_quarantined=True)
            self._epoch += 1
        return is_quarantined

    async def design(self, tenant: str, design: str) -> DesignRecord | None:
        """Return the design."""
        return self._designs.get((tenant, design))

    async def add_design(self, record: DesignRecord) -> None:
        """Store it; harmless when there. Raises NotFound "asset.unknown", Gone "asset.erased"."""
        if self._known(record.tenant, record.asset).is_erased:
            raise Gone("asset.erased")
        self._designs.setdefault((record.tenant, record.design), record)

    async def token(self, token_sha256: str) -> TokenRecord | None:
        """Return the record, revoked ones too."""
        found = [t for t in self._tokens.values() if t.token_sha256 == token_sha256]
        return found[0] if found else None

    async def tokens(self) -> Sequence[TokenRecord]:
        """Return every token's record, by name."""
        return [self._tokens[name] for name in sorted(self._tokens)]

    async def add_token(self, record: TokenRecord) -> None:
        """Record it. Raises BadDocument "api.parameter", field "name", when that is taken."""
        if record.name in self._tokens:
            words = "There is a token of that name already."
            raise BadDocument("api.parameter", words, field="name")
        self._tokens[record.name] = record

    async def revoke_token(self, name: str) -> bool:
        """Return False when there is none of that name; revoking again changes nothing."""
        if name not in self._tokens:
            return False
        if self._tokens[name].revoked_at_s is None:
            self._tokens[name] = replace(self._tokens[name], revoked_at_s=int(self._now()))
            self._epoch += 1
        return True

    def _known(self, tenant: str, asset: str) -> Asset:
        stored = self._assets.get((tenant, asset))
        if stored is None:
            raise NotFound("asset.unknown")
        return stored
