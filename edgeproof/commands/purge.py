"""``edgeproof purge``: make caches forget what they have of a thing, and see that they did."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof import completion
from edgeproof.commands import purge_queue, purge_show
from edgeproof.console import CommandFailed, ExitCode, out, out_json, remark

if TYPE_CHECKING:
    from purge.desk import Wish
    from purge.values import Subject

EPILOG = """\
Exit codes: 0 done, 1 failed, 2 usage, 3 partly (some targets are dead letters), 4 not verified.

Examples: `edgeproof purge asset k3q7...a --tenant acme --hard --verify --reason "ticket 4711"` ·
`edgeproof purge preset card~3 --tenant acme --dry-run` ·
`edgeproof purge tag --file - < tags.txt` · `edgeproof purge status`
"""
#: Names of one command; ten times what was asked of it, so that a wrong file ends early.
NAMES_MAX = 1_000_000

app = typer.Typer(
    help="Make caches forget, and see that they did. To remove a photo for good: `erase`.",
    epilog=EPILOG,
    no_args_is_help=True,
)

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="What to purge.", autocompletion=completion.purged),
]
Tenant = Annotated[
    str, typer.Option("--tenant", help="The shop.", autocompletion=completion.tenants)
]
Hard = Annotated[
    bool,
    typer.Option(
        "--hard/--soft",
        help="Hard: remove at once, for takedowns. Soft: keep answering while asking anew.",
    ),
]
Providers = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        help="Only this provider; may be repeated. Default: all.",
        autocompletion=completion.providers,
    ),
]
File = Annotated[
    str, typer.Option("--file", help="Names from a file, one a line; - is standard input.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show calls, batches and the time they take; do nothing.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Ask no question.")]
Wait = Annotated[
    bool, typer.Option("--wait", help="Until every cache took it twice, or it failed for good.")
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Wait, then ask every edge whether the old is gone.")
]
Collapse = Annotated[
    bool,
    typer.Option(
        "--allow-collapse",
        help="Send the shop's tag instead of 1,000 or more tags: fewer calls, more forgotten.",
    ),
]
Reason = Annotated[
    str, typer.Option("--reason", help="Why: a ticket's number, kept for ever. No personal data.")
]
By = Annotated[str, typer.Option("--by", help="Who asks for it; default: this account's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object per order.")]
WaitS = Annotated[float, typer.Option("--wait-s", min=0, help="Wait at most so long, seconds.")]


@dataclass(frozen=True, slots=True)
class _Way:
    """How a purge is to be run."""

    hard: bool
    providers: Sequence[str]
    dry_run: bool
    yes: bool
    wait: bool
    verify: bool
    collapse: bool
    reason: str
    by: str
    json: bool
    wait_s: float

    def wish(self, what: str) -> Wish:
        from edgeproof.erase_run import this_account
        from edgeproof.purge_words import is_takedown
        from purge.desk import Wish
        from purge.values import Mode, What

        mode = Mode.HARD if self.hard else Mode.SOFT
        return Wish(
            mode,
            by=self.by or this_account(),
            reason=self.reason,
            is_takedown=is_takedown(What(what), mode),
            providers=tuple(self.providers),
            allow_collapse=self.collapse,
        )


def _of_a_shop(what: str, words: str, example: str) -> None:
    """Add the verb of a thing that belongs to a shop."""

    def command(
        names: Names = None,
        tenant: Tenant = "",
        hard: Hard = False,
        provider: Providers = None,
        file: File = "",
        dry_run: DryRun = False,
        yes: Yes = False,
        wait: Wait = False,
        verify: Verify = False,
        allow_collapse: Collapse = False,
        reason: Reason = "",
        by: By = "",
        json: AsJson = False,
        wait_s: WaitS = 300.0,
    ) -> None:
        if not tenant:
            raise CommandFailed(f"purge {what} needs --tenant, the shop's name", ExitCode.USAGE)
        way = _Way(
            hard, provider or (), dry_run, yes, wait or verify, verify, allow_collapse,
            reason, by, json, wait_s,
        )  # fmt: skip
        _run(what, tenant, _names(names, file), way)

    app.command(what, help=words, epilog=f"Example: edgeproof purge {what} {example}")(command)


def _of_no_shop(what: str, words: str, example: str) -> None:
    """Add the verb of a thing whose name says all."""

    def command(
        names: Names = None,
        hard: Hard = False,
        provider: Providers = None,
        file: File = "",
        dry_run: DryRun = False,
        yes: Yes = False,
        wait: Wait = False,
        verify: Verify = False,
        reason: Reason = "",
        by: By = "",
        json: AsJson = False,
        wait_s: WaitS = 300.0,
    ) -> None:
        way = _Way(
            hard, provider or (), dry_run, yes, wait or verify, verify, False,  # noqa: FBT003
            reason, by, json, wait_s,
        )  # fmt: skip
        _run(what, "", _names(names, file), way)

    app.command(what, help=words, epilog=f"Example: edgeproof purge {what} {example}")(command)


@app.command("all", epilog="Example: edgeproof purge all --reason 'leaked key' --wait")
def all_(
    hard: Hard = False,
    provider: Providers = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = False,
    verify: Verify = False,
    reason: Reason = "",
    by: By = "",
    json: AsJson = False,
    wait_s: WaitS = 300.0,
) -> None:
    """Everything of every shop; at Cloudflare the whole zone. Asks for the zones' names."""
    way = _Way(
        hard, provider or (), dry_run, yes, wait or verify, verify, False,  # noqa: FBT003
        reason, by, json, wait_s,
    )  # fmt: skip
    _run("all", "", [""], way)


_of_a_shop("asset", "Everything that was made of photos, by their ids.", "k3q7...a --tenant acme")
_of_a_shop("owner", "The photos of customers, by the shop's numbers.", "c-1042 --tenant acme")
_of_a_shop("project", "The photos of projects, by the shop's numbers.", "p-77 --tenant acme")
_of_a_shop("design", "Every preview of designs, by their ids.", "m2xk...q --tenant acme --hard")
_of_a_shop("preset", "All that was made by a preset's version.", "card~3 --tenant acme --verify")
_of_no_shop("engine", "All that an engine made, for a roll-out.", "ab12cd34 --soft --wait")
_of_no_shop("tag", "What carries a tag: a-… d-… n-… t-… e-… or all.", "--file tags.txt")
_of_no_shop("url", "Single previews, by URL or path.", "https://img.shop.example/v1/acme/k3q…")
_of_no_shop("prefix", "All paths that begin so.", "/v1/acme/k3q7...a/ --hard")
_of_no_shop("tenant", "Everything of shops.", "acme --reason 'ticket 4711'")

app.command("work", epilog=purge_queue.WORK_EPILOG)(purge_queue.work)
app.command("status", epilog=purge_queue.STATUS_EPILOG)(purge_queue.status)
app.command("log", epilog=purge_queue.LOG_EPILOG)(purge_queue.log)
app.command("replay", epilog=purge_queue.REPLAY_EPILOG)(purge_queue.replay)
app.command("providers", epilog=purge_queue.PROVIDERS_EPILOG)(purge_queue.providers)


def _run(what: str, tenant: str, names: Iterable[str], way: _Way) -> None:
    from edgeproof.purge_run import carried_out, foretell, ordered
    from edgeproof.purge_words import plan_document, status_document, subjects_of
    from purge.values import What

    wish = way.wish(what)
    subjects = subjects_of(What(what), tenant, names)
    if way.dry_run:
        found = asyncio.run(foretell(subjects, wish))
        if way.json:
            out_json(plan_document(found, wish.mode))
        else:
            purge_show.plan(found, wish.mode)
        return
    if not way.yes:
        _ask(subjects, way)
    told = _quiet if way.json else _tell
    if not way.wait:
        for status in asyncio.run(ordered(subjects, wish, told)):
            if way.json:
                out_json(status_document(status))
        return
    done = carried_out(subjects, wish, told, limit_s=way.wait_s, is_verified=way.verify)
    purge_show.end(asyncio.run(done), as_json=way.json)


def _tell(order: str) -> None:
    out(f"ordered  {order}")


def _quiet(order: str) -> None:
    del order


def _names(names: Sequence[str] | None, file: str) -> Iterable[str]:
    """Return the names of the line and of the file; raises CommandFailed."""
    found = list(names or ())
    if file:
        found += [line for line in (line.strip() for line in _lines(file)) if line]
    if not found:
        raise CommandFailed("purge.empty: there is nothing to purge: give names or --file",
                            ExitCode.USAGE)  # fmt: skip
    if len(found) > NAMES_MAX:
        raise CommandFailed(f"more than {NAMES_MAX} names: cut the file", ExitCode.USAGE)
    return found


def _lines(file: str) -> Sequence[str]:
    import sys

    try:
        if file == "-":
            return sys.stdin.buffer.read().decode("utf-8").splitlines()
        return Path(file).read_text("utf-8").splitlines()
    except OSError as error:
        raise CommandFailed(f"{file}: {error.strerror}", ExitCode.USAGE) from error
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{file} is not text in UTF-8", ExitCode.USAGE) from error


def _ask(subjects: Sequence[Subject], way: _Way) -> None:
    """Have wide purges confirmed: everything by the zones' names, a whole shop by a yes."""
    from edgeproof.purge_run import listed
    from edgeproof.purge_words import is_everything, is_of_a_whole_shop, zones_of
    from purge.select import label_of

    if any(is_everything(subject) for subject in subjects):
        zones = zones_of(listed(), way.providers) or ["all"]
        for zone in zones:
            _have_typed(zone)
    elif any(is_of_a_whole_shop(subject) for subject in subjects):
        _check_somebody_is_there()
        typer.confirm(f"Purge all previews of: {label_of(subjects)}?", abort=True, err=True)


def _have_typed(zone: str) -> None:
    _check_somebody_is_there()
    remark("This purges everything that the caches hold.")
    if typer.prompt(f"Type {zone} to go on", err=True) != zone:
        raise CommandFailed(f"that is not {zone}: nothing was purged", ExitCode.USAGE)


def _check_somebody_is_there() -> None:
    import sys

    if not sys.stdin.isatty():
        raise CommandFailed("there is nobody to ask: add --yes", ExitCode.USAGE)
