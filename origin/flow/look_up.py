"""Find what a URL speaks of: tenant, photo, preset, design; or say which is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cachetools import LRUCache

from cache_keys.asking import Asked
from cache_keys.design import DesignLook, read_design
from cache_keys.presets import Look, layer
from origin.errors import Gone, NotFound
from origin.flow.print_jobs import SoftProof
from origin.ports import AssetRecords, DesignRecords, PresetBook, TenantRecords
from origin.printing.products import Products
from origin.values import Asset, Derivative, Tenant

#: Records kept in memory; one is about 2 kB, so this is 20 MB at most.
REMEMBERED_MAX = 10_000


class SubjectRecords(TenantRecords, AssetRecords, DesignRecords, Protocol):
    """The records that a preview is looked up in."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What one URL speaks of, as the records were at ``epoch``. ``look`` is None for info.json."""

    tenant: Tenant
    asset: Asset
    look: Look | None
    epoch: int
    is_edge_master: bool = False
    proof: SoftProof | None = None


class Subjects:
    """Look-ups with a memory that an epoch ends."""

    def __init__(self, records: SubjectRecords, presets: PresetBook, products: Products) -> None:
        self._records = records
        self._presets = presets
        self._products = products
        self._tenants: LRUCache[str, tuple[int, Tenant]] = LRUCache(REMEMBERED_MAX)
        self._assets: LRUCache[tuple[str, str], tuple[int, Asset]] = LRUCache(REMEMBERED_MAX)
        self._designs: LRUCache[tuple[str, str], tuple[int, str, DesignLook]] = LRUCache(
            REMEMBERED_MAX
        )

    async def find(self, asked: Asked, epoch: int) -> Subject:
        """Return the subject; raises NotFound or Gone. An erased photo is 410 whatever is asked."""
        tenant = await self._tenant(asked.tenant, epoch)
        asset = await self._asset(asked.tenant, asked.asset, epoch)
        if asset.is_erased:
            raise Gone("asset.erased")
        look = await self._look(asked, epoch)
        is_master = asked.transform is not None and asked.transform.preset == EDGE_MASTER
        return Subject(tenant, asset, look, epoch, is_master, self._proof(asked))

    def remembered(self, asked: Asked, epoch: int) -> tuple[Tenant, Asset] | None:
        """Return whose picture it is and of which photo, if both are known to be served now.

        None when something must be asked: the records, or for a preset, a product, a design.
        """
        transform = asked.transform
        tenant = self._tenants.get(asked.tenant)
        asset = self._assets.get((asked.tenant, asked.asset))
        if transform is None or tenant is None or asset is None:
            return None
        is_layered = transform.preset or transform.design or transform.proof
        is_of_now = tenant[0] == asset[0] == epoch
        is_served = not tenant[1].is_suspended and not asset[1].is_erased
        return (tenant[1], asset[1]) if is_of_now and is_served and not is_layered else None

    async def tenant_if_any(self, name: str, epoch: int) -> Tenant | None:
        """Return a tenant's record, also a suspended one, or None."""
        remembered = self._tenants.get(name)
        if remembered is not None and remembered[0] == epoch:
            return remembered[1]
        tenant = await self._records.tenant(name)
        if tenant is not None:
            self._tenants[name] = (epoch, tenant)
        return tenant

    def forget(self, asset: Asset) -> None:
        """Ask the records again for this photo."""
        self._assets.pop((asset.tenant, asset.asset), None)

    async def _tenant(self, name: str, epoch: int) -> Tenant:
        tenant = await self.tenant_if_any(name, epoch)
        if tenant is None:
            raise NotFound("tenant.unknown")
        if tenant.is_suspended:
            raise NotFound("tenant.suspended")
        return tenant

    async def _asset(self, tenant: str, name: str, epoch: int) -> Asset:
        remembered = self._assets.get((tenant, name))
        if remembered is not None and remembered[0] == epoch:
            return remembered[1]
        asset = await self._records.asset(tenant, name)
        if asset is None:
            raise NotFound("asset.unknown")
        self._assets[(tenant, name)] = (epoch, asset)
        return asset

    async def _look(self, asked: Asked, epoch: int) -> Look | None:
        transform = asked.transform
        if transform is None:
            return None
        preset = None
        if transform.preset is not None and transform.preset != EDGE_MASTER:
            preset = self._presets.preset(asked.tenant, *transform.preset)
            if preset is None:
                raise NotFound("preset.unknown")
        self._proof(asked)  # an unknown product is named before an unknown design
        design = None
        if transform.design is not None:
            design = await self._design(asked, transform.design, epoch)
        return layer(preset, transform, design)

    def _proof(self, asked: Asked) -> SoftProof | None:
        if asked.transform is None or asked.transform.proof is None:
            return None
        name, version, shows_paper = asked.transform.proof
        product = self._products.product(name, version)
        if product is None:
            raise NotFound("product.unknown")
        return SoftProof(product, shows_paper)

    async def _design(self, asked: Asked, name: str, epoch: int) -> DesignLook:
        """A design never changes, but an owner's erase may take it."""
        remembered = self._designs.get((asked.tenant, name))
        if remembered is None or remembered[0] != epoch:
            self._designs.pop((asked.tenant, name), None)
            record = await self._records.design(asked.tenant, name)
            if record is None:
                raise NotFound("design.unknown")
            remembered = (epoch, record.asset, read_design(record.look).look)
            self._designs[(asked.tenant, name)] = remembered
        if remembered[1] != asked.asset:
            raise NotFound("design.unknown")
        return remembered[2]


#: The preset that stands for the master itself; only an authenticated edge gets this far with it.
EDGE_MASTER = ("edge", 1)


@dataclass(frozen=True, slots=True)
class HotPicture:
    """A derivative in memory with what an answer needs beside it."""

    epoch: int
    derivative: Derivative
    tenant: Tenant
    key: str
    tags: tuple[str, ...]


class HotPictures:
    """Derivatives in memory by canonical path, least recently used out first, bounded in bytes."""

    def __init__(self, bytes_max: int) -> None:
        self._epoch = -1
        self._pictures: LRUCache[str, HotPicture] = LRUCache(
            bytes_max, getsizeof=lambda picture: len(picture.derivative.content) + 2_048
        )
        self._used: set[str] = set()

    def get(self, path: str, epoch: int) -> HotPicture | None:
        """Return it unless it was remembered under another epoch.

        What an epoch has ended is never served again; it leaves the memory at the first look of
        the next one, erased photos with it.
        """
        if epoch > self._epoch:
            self._epoch = epoch
            self._pictures.clear()
        picture = self._pictures.get(path)
        if picture is None or picture.epoch != epoch:
            return None
        self._used.add(picture.key)
        return picture

    def put(self, path: str, picture: HotPicture) -> bool:
        """Remember it and return True; one larger than the whole memory is not remembered."""
        if len(picture.derivative.content) + 2_048 > self._pictures.maxsize:
            return False
        self._pictures[path] = picture
        return True

    def used(self) -> set[str]:
        """Return the keys of what was found here since the last call: the disk did not see that."""
        used, self._used = self._used, set()
        return used

    @property
    def size_bytes(self) -> float:
        """Return how many bytes are held."""
        return float(self._pictures.currsize)
