"""The products that can be ordered: those that come along, and the folder of a deployment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

import rfc8785

from origin.errors import BadDocument, NotFound
from origin.printing.product import REFERENCE, Product, read_product

LOCK: Final = "products.lock"
Lock = Mapping[str, str]


class Products:
    """Every version of every product, read once; a deployment's own folder comes on top."""

    def __init__(self, folder: Path | None = None) -> None:
        """Raises BadDocument 422 "product.document" that names the file."""
        self._products: dict[str, Product] = {}
        for place in (shipped_folder(), folder):
            for path in documents(place) if place is not None else ():
                product = read_file(path)
                if product.reference in self._products:
                    words = f"{path}: there is a {product.reference} already."
                    raise BadDocument("product.document", words)
                self._products[product.reference] = product

    def all(self) -> list[Product]:
        """Return every version, by name and number."""
        return sorted(self._products.values(), key=lambda one: (one.name, one.version))

    def product(self, name: str, version: int) -> Product | None:
        """Return one version, None when there is none."""
        return self._products.get(f"{name}~{version}")

    def by_reference(self, reference: str) -> Product:
        """Return ``name~version``; a bare name is its newest version.

        Raises NotFound 404 "product.unknown".
        """
        if REFERENCE.fullmatch(reference):
            found = self._products.get(reference)
        else:
            found = next((one for one in reversed(self.all()) if one.name == reference), None)
        if found is None:
            raise NotFound("product.unknown", f"There is no product {reference}.")
        return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """What linting found: sentences about what is wrong, what is new, and the lock with it."""

    problems: tuple[str, ...]
    added: tuple[str, ...]
    lock: Lock


def shipped_folder() -> Path:
    """Return the folder of the documents that come along."""
    return Path(str(files("products")))


def documents(folder: Path) -> Iterator[Path]:
    """Yield the documents of a folder, by name."""
    yield from sorted(folder.glob("*.json")) if folder.is_dir() else ()


def read_file(path: Path) -> Product:
    """Read one document, whose file name is ``name~version.json``; raises BadDocument."""
    try:
        product = read_product(path.read_bytes())
    except BadDocument as error:
        words = f"{path.name}{error.field or ''}: {error.public}"
        raise BadDocument("product.document", words, field=error.field) from error
    if path.stem != product.reference:
        words = f"{path.name} holds {product.reference}: the file must be {product.reference}.json."
        raise BadDocument("product.document", words)
    return product


def lint(folder: Path) -> Verdict:
    """Check a folder's documents against its lock: a version that was used keeps its meaning."""
    lock = read_lock(folder)
    problems: list[str] = []
    added: dict[str, str] = {}
    for path in documents(folder):
        try:
            product = read_file(path)
        except BadDocument as error:
            problems.append(error.public)
            continue
        digest = digest_of(path.read_bytes())
        if lock.get(product.reference, digest) != digest:
            free = f"{product.name}~{_highest(lock, product.name) + 1}"
            problems.append(f"{product.reference} was edited: give it a new number, {free}.")
        elif product.reference not in lock:
            added[product.reference] = digest
    return Verdict(tuple(problems), tuple(added), {**lock, **added})


def digest_of(document: bytes) -> str:
    """Return the SHA-256 of a document's canonical JSON: spaces and the order of names are free."""
    return hashlib.sha256(rfc8785.dumps(json.loads(document))).hexdigest()


def read_lock(folder: Path) -> Lock:
    """Return the digests of the versions that were published from a folder."""
    path = folder / LOCK
    if not path.is_file():
        return {}
    lock: Lock = json.loads(path.read_text("utf-8"))
    return lock


def write_lock(folder: Path, lock: Lock) -> None:
    """Write the lock beside the documents."""
    text = json.dumps(dict(sorted(lock.items())), indent=2) + "\n"
    (folder / LOCK).write_text(text, "utf-8")


def _highest(lock: Lock, name: str) -> int:
    numbers = [int(key.partition("~")[2]) for key in lock if key.partition("~")[0] == name]
    return max(numbers, default=0)
