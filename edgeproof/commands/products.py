"""``edgeproof products``: list, show and lint product definition documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.console import CommandFailed, out, out_json, remark

if TYPE_CHECKING:
    from origin.printing.product import Product
    from origin.printing.products import Products

EPILOG = """
Examples:

  edgeproof products list                       what can be printed

  edgeproof products show postcard-a6           the newest version, and the basis of its figures

  edgeproof products lint shop/products         check a folder, lock what is new

  edgeproof products lint products --check      the same without writing (for CI)
"""

app = typer.Typer(help="Products: sheets with trim, bleed, colour and file format.", epilog=EPILOG)
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


@app.command("list", epilog=EPILOG)
def list_products(*, as_json: Json = False) -> None:
    """Print every version of every product, one a line."""
    for product in _products().all():
        width, height = (side / 1000 for side in product.trim_um)
        if as_json:
            out_json(row(product))
        else:
            out(
                f"{product.reference:<22} {width:>6.1f} x {height:>6.1f} mm  bleed "
                f"{product.bleed_um / 1000:>6.3f} mm  {product.dpi_target:>4} dpi  "
                f"{product.colour.space:<4} {product.file_format:<9}  {product.title}"
            )


@app.command()
def show(
    reference: Annotated[str, typer.Argument(help="name or name~version")], *, as_json: Json = False
) -> None:
    """Print all of one product, and what of it is sourced and what assumed."""
    product = _products().by_reference(reference)
    if as_json:
        out_json(row(product))
        return
    for name, value in row(product).items():
        if name != "basis":
            out(f"{name:<18} {value}")
    for field, kind, words in product.basis:
        out(f"{kind:<8} {field}: {words}")


@app.command()
def lint(
    folder: Annotated[Path, typer.Argument(help="A folder of name~version.json documents.")],
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if the lock lacks a version.")
    ] = False,
) -> None:
    """Refuse a version that was edited without a new number; lock the versions that are new."""
    from origin.printing.products import lint as compare
    from origin.printing.products import write_lock

    verdict = compare(folder)
    for sentence in verdict.problems:
        remark(sentence)
    if verdict.problems:
        raise CommandFailed(f"{len(verdict.problems)} products need work.")
    if verdict.added and check:
        raise CommandFailed(f"not in the lock: {', '.join(verdict.added)}")
    if verdict.added:
        write_lock(folder, verdict.lock)
        remark(f"locked {', '.join(verdict.added)}")
    out(f"{len(verdict.lock)} versions are in order")


def row(product: Product) -> dict[str, object]:
    """Return a product as one JSON object."""
    from dataclasses import asdict

    return {"product": product.reference, **asdict(product)}


def _products() -> Products:
    from edgeproof.settings import load
    from origin.printing.products import Products

    return Products(load().products_dir)
