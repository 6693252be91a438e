"""``edgeproof erase``: take photos away for good, with a receipt that can be checked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeproof import completion
from edgeproof.console import CommandFailed, ExitCode, out, out_json, remark

if TYPE_CHECKING:
    from edgeproof.erasing import Finished
    from origin.erasure import ErasedPhoto, Scope

EPILOG = "Exit codes: 0 done and seen to be gone, 1 failed, 2 usage, 3 partly (something is kept), "
EPILOG += "4 not verified: run the same command again."
#: Photos that are listed before the question; all with --dry-run or --json.
SHOWN_MAX = 20

app = typer.Typer(help="Erase photos for good, and prove it.", epilog=EPILOG, no_args_is_help=True)

TenantName = Annotated[
    str, typer.Option("--tenant", help="The shop.", autocompletion=completion.tenants)
]
Reason = Annotated[
    str, typer.Option("--reason", help="Why: a ticket's number, kept for ever. No personal data.")
]
By = Annotated[str, typer.Option("--by", help="Who asks for it; default: this account's name.")]
Orders = Annotated[
    bool, typer.Option("--orders", help="Photos that are kept for an order too; never held ones.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="List what would go; change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Ask no question.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the receipt, or the list, as JSON.")]
ReceiptFile = Annotated[
    Path | None,
    typer.Option("--receipt", help="Where to write it; default DATA_DIR/receipts/ID.json."),
]
WaitS = Annotated[
    float, typer.Option("--wait-s", min=0, help="How long to wait for the caches' purges, seconds.")
]


@app.command(
    "asset",
    epilog="Example: edgeproof erase asset k3q7...a --tenant acme --reason 'ticket 4711' --yes",
)
def asset(
    name: Annotated[str, typer.Argument(metavar="ASSET", help="The photo's id.")],
    tenant: TenantName,
    reason: Reason,
    all_owners: Annotated[
        bool, typer.Option("--all-owners", help="Also when several owners have this photo.")
    ] = False,
    orders: Orders = False,
    by: By = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    json: AsJson = False,
    receipt: ReceiptFile = None,
    wait_s: WaitS = 120.0,
) -> None:
    """Erase one photo with everything that was ever made of it.

    A photo that several owners have needs --all-owners; to take one owner's part only, erase that
    owner or project. Run again after an interruption, the erase goes on where it was.
    """
    order = _Order("asset", tenant, name, reason, by, takes_orders=orders, wait_s=wait_s)
    _run(order, _Way(dry_run, yes, json, receipt), all_owners=all_owners)


@app.command(
    "owner",
    epilog="Example: edgeproof erase owner c-1042 --tenant acme --reason 'ticket 4711' --dry-run",
)
def owner(
    name: Annotated[str, typer.Argument(metavar="OWNER", help="The shop's number for a customer.")],
    tenant: TenantName,
    reason: Reason,
    orders: Orders = False,
    by: By = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    json: AsJson = False,
    receipt: ReceiptFile = None,
    wait_s: WaitS = 120.0,
) -> None:
    """Erase an owner's photos, projects and designs.

    A photo that others have too stays for them; this owner's reference and designs go.
    """
    order = _Order("owner", tenant, name, reason, by, takes_orders=orders, wait_s=wait_s)
    _run(order, _Way(dry_run, yes, json, receipt))


@app.command(
    "project",
    epilog="Example: edgeproof erase project p-77 --tenant acme --reason 'customer cancelled'",
)
def project(
    name: Annotated[
        str, typer.Argument(metavar="PROJECT", help="The shop's number for a project.")
    ],
    tenant: TenantName,
    reason: Reason,
    orders: Orders = False,
    by: By = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    json: AsJson = False,
    receipt: ReceiptFile = None,
    wait_s: WaitS = 120.0,
) -> None:
    """Erase the photos of a project that nobody has for anything else."""
    order = _Order("project", tenant, name, reason, by, takes_orders=orders, wait_s=wait_s)
    _run(order, _Way(dry_run, yes, json, receipt))


@app.command(
    "verify", epilog="Example: edgeproof erase verify receipt.json --key audit.pub.pem --online"
)
def verify(
    receipt: Annotated[Path, typer.Argument(metavar="RECEIPT", help="The receipt's file.")],
    key: Annotated[
        Path | None, typer.Option("--key", help="The shop's public key; default: this host's own.")
    ] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the edges again for every URL of its evidence.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Check a receipt: that the shop's key signed exactly this, and what it says.

    Exit codes: 0 it holds, 1 it does not, 2 it is no receipt, 4 a URL was not seen to be gone.
    """
    from edgeproof.receipt_check import verify_receipt

    result = asyncio.run(verify_receipt(receipt, key, online=online))
    if json:
        out_json(result)
    else:
        for line in result["words"]:
            out(line)
    if online and not result["online"]["is_verified"]:
        raise typer.Exit(ExitCode.UNVERIFIED)


class _Order:
    """What was asked on the command line."""

    def __init__(
        self,
        kind: str,
        tenant: str,
        name: str,
        reason: str,
        by: str,
        *,
        takes_orders: bool,
        wait_s: float,
    ) -> None:
        self.kind, self.tenant, self.name = kind, tenant, name
        self.reason, self.by, self.takes_orders = reason, by, takes_orders
        self.wait_s = wait_s

    def scope(self) -> Scope:
        from origin.erasure import Kind, Scope

        return Scope(Kind(self.kind), self.tenant, self.name, takes_orders=self.takes_orders)


class _Way:
    """How it is to be run."""

    def __init__(self, is_dry: bool, is_sure: bool, as_json: bool, receipt: Path | None) -> None:  # noqa: FBT001
        self.is_dry, self.is_sure, self.as_json, self.receipt = is_dry, is_sure, as_json, receipt


def _run(order: _Order, way: _Way, *, all_owners: bool = True) -> None:
    from edgeproof.erase_run import erase, foretell, this_account
    from edgeproof.reasons import check_reason
    from edgeproof.receipts import check_place

    check_reason(order.reason, order.by or this_account())
    if way.receipt is not None:
        check_place(way.receipt)
    foretold = asyncio.run(foretell(order.tenant, order.scope()))
    if way.is_dry:
        _show(foretold.photos, order, as_json=way.as_json)
        return
    if not all_owners and len(foretold.owners) > 1:
        named = ", ".join(foretold.owners[:SHOWN_MAX])
        sentence = f"{len(foretold.owners)} owners have this photo ({named}); add --all-owners"
        raise CommandFailed(sentence, ExitCode.USAGE)
    if foretold.photos and not way.is_sure:
        _show(foretold.photos[:SHOWN_MAX], order, as_json=False)
        _ask(foretold.photos)
    finished, path = asyncio.run(
        erase(order.tenant, order.scope(), order.by, order.reason, order.wait_s, way.receipt)
    )
    show_finished(finished, path, as_json=way.as_json)


def _ask(photos: Sequence[ErasedPhoto]) -> None:
    import sys

    if not sys.stdin.isatty():
        raise CommandFailed("there is nobody to ask: add --yes", ExitCode.USAGE)
    typer.confirm(f"Erase {len(photos)} photo(s) for good?", abort=True, err=True)


def _show(photos: Sequence[ErasedPhoto], order: _Order, *, as_json: bool) -> None:
    if not photos:
        remark(f"there is nothing of {order.kind} {order.name} in {order.tenant}")
    for photo in photos:
        if as_json:
            out_json(
                {
                    "asset": photo.asset,
                    "outcome": photo.outcome.value,
                    "why": photo.why,
                    "counts": dict(photo.counts),
                    "designs": len(photo.designs),
                }
            )
        else:
            counts = ", ".join(f"{count} {name}" for name, count in sorted(photo.counts.items()))
            out(f"{photo.asset}  {photo.outcome.value}  {photo.why or counts}".rstrip())


def show_finished(finished: Finished, path: Path | None, *, as_json: bool) -> None:
    """Print what an erase came to and end with its exit code."""
    import json as json_module

    if finished.receipt is None:
        remark("there was nothing to erase")
    elif as_json:
        out(json_module.dumps(json_module.loads(finished.receipt), separators=(",", ":")))
    else:
        _say(json_module.loads(finished.receipt)["receipt"], finished, path)
    if finished.exit_code is ExitCode.UNVERIFIED:
        remark("the photos are gone from the origin; run the same command again for the proof")
    if finished.exit_code is not ExitCode.DONE:
        raise typer.Exit(finished.exit_code)


def _say(receipt: dict[str, Any], finished: Finished, path: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    counts = Counter(photo.outcome.value for photo in finished.photos)
    if not finished.photos:
        remark("it was erased before; this is its receipt")
    for outcome, count in sorted(counts.items()):
        out(f"{outcome}  {count}")
    for kept in receipt["photos"]["kept"]:
        out(f"kept  {kept['asset']}  {kept['why']}")
    table = Table("edge", "seen", "gone", "still there", "unknown", title=receipt["status"])
    for edge in receipt["edges"]:
        row = (edge["edge"], edge["verdict"].replace("_", " "), edge["gone"])
        table.add_row(*map(str, (*row, edge["still_there"], edge["unknown"])))
    for purge in receipt["purges"]:
        for part in purge["providers"]:
            if part["failure"] or part["purged_again_at"] is None:
                out(f"purge  {part['provider']}  {part['failure'] or 'under way'}")
    if receipt["edges"]:
        Console().print(table)
    out(f"receipt  {path}")
