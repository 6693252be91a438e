"""What the purge commands print for people: plans, ends, the queue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from edgeproof.console import ExitCode, out, out_json, remark

if TYPE_CHECKING:
    from edgeproof.purge_proof import Proof
    from edgeproof.purge_run import Outcome
    from purge.audit import Entry
    from purge.desk import DryRun
    from purge.providers.opening import Listed
    from purge.reports import Backlog, DeadLetter
    from purge.values import Mode, OrderStatus

#: From the best to the worst, so that the exit code of several orders is the worst one's.
_WORSE = (ExitCode.DONE, ExitCode.UNVERIFIED, ExitCode.PARTLY, ExitCode.FAILED)


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table, as wide as it needs to be where nobody watches."""
    from rich.console import Console
    from rich.table import Table

    shown = Table(*head, title=title, title_justify="left")
    for row in rows:
        shown.add_row(*map(str, row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(shown, markup=False)


def plan(found: DryRun, mode: Mode) -> None:
    """Print what an order would send."""
    selection = found.selection
    out(f"would purge {selection.label}: {len(selection.targets)} target(s), {mode}")
    if not found.plans:
        remark(
            "no provider is configured: only the origin would forget (docs/purging-providers.md)"
        )
        return
    rows = []
    for one in found.plans:
        kinds = sorted({str(batch.kind) for batch in one.batches})
        first, mode = one.batches[0].texts[:2], one.batches[0].mode
        takes = f"{one.estimated_s:.1f} s"
        by = f"{', '.join(kinds)}, {mode}"
        rows.append((one.provider, by, len(one.batches), one.calls, takes, " ".join(first)))
    head = ("provider", "by", "batches", "calls, both rounds", "at least", "begins with")
    table("dry run: nothing was changed or sent", head, rows)


def end(outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    """Print what orders came to and end with the exit code of the worst."""
    from edgeproof.purge_words import status_document

    for outcome in outcomes:
        if as_json:
            code = int(outcome.exit_code)
            out_json(status_document(outcome.status, outcome.proof) | {"exit": code})
            continue
        order(outcome.status)
        if outcome.proof is not None:
            proof(outcome.proof)
        if not outcome.status.is_settled:
            name = outcome.status.order.order
            remark(f"still under way: `edgeproof purge status {name} --watch` goes on watching")
    worst = max((outcome.exit_code for outcome in outcomes), key=_WORSE.index)
    if worst is not ExitCode.DONE:
        raise typer.Exit(worst)


def order(status: OrderStatus) -> None:
    """Print one order, a row for each provider."""
    from edgeproof.purge_run import phase_of
    from edgeproof.purge_words import state_of

    its = status.order
    since_s = its.created_at_s
    rows = []
    for part in status.progress:
        states = ", ".join(f"{count} {state}" for state, count in sorted(part.counts.items()))
        taken, again = (_after(at_s, since_s) for at_s in (part.accepted_at_s, part.settled_at_s))
        rows.append((part.provider, states, taken, again, phase_of(status, part.provider)))
    words = (its.order, state_of(status), its.label, its.mode, f"by {its.by}", its.reason)
    out("  ".join(word for word in words if word))
    if rows:
        table("", ("provider", "targets", "taken after", "again after", "now"), rows)
    else:
        remark("no provider is configured: the origin forgot it, and that is all")


def proof(found: Proof) -> None:
    """Print what the edges showed."""
    rows = []
    for edge in found.report.edges:
        counts = (edge.gone, len(edge.still_there), len(edge.unknown))
        rows.append((edge.edge, edge.verdict.replace("_", " "), *counts, edge.reason))
    head = ("edge", "seen", "gone", "still there", "unknown", "why")
    table("", head, rows)
    for edge in found.report.edges:
        for finding in (*edge.still_there, *edge.unknown)[:5]:
            out(f"{edge.edge}  {finding.path}  {finding.reason}")
    out(found.words)


def overview(orders: Sequence[OrderStatus], backlogs: Sequence[Backlog]) -> None:
    """Print the newest orders and what each provider has before it."""
    from edgeproof.purge_words import state_of

    rows = [
        (one.order.order, moment(one.order.created_at_s), state_of(one), _short(one.order.label),
         one.order.mode, one.target_count, one.open_count, one.order.by)
        for one in orders
    ]  # fmt: skip
    head = ("order", "at", "state", "what", "mode", "targets", "to send", "by")
    table("newest purges", head, rows)
    waits = [(b.provider, b.open_rows, f"{b.oldest_s:.0f} s", b.dead_rows) for b in backlogs]
    table("providers", ("provider", "to send", "oldest", "dead letters"), waits)


def letters(found: Sequence[DeadLetter]) -> None:
    """Print dead letters."""
    rows = [
        (one.order, one.provider, f"{one.target.kind} {one.target.text}".strip(), one.code,
         one.attempts)
        for one in found
    ]  # fmt: skip
    table("dead letters", ("order", "provider", "target", "why", "tries"), rows)


def entry(found: Entry) -> None:
    """Print one line of the audit."""
    facts = (f"{name}={_told(name, value)}" for name, value in found.facts.items() if value)
    out("  ".join((str(found.seq), moment(found.at_s), found.event, *facts)))


def provider(one: Listed) -> Sequence[object]:
    """Return a provider's row."""
    limits = one.limits
    per_call = ", ".join(f"{count} {kind}" for kind, count in limits.per_batch.items())
    rate = f"{limits.rate_per_s:g}/s, {limits.burst} at once"
    return (one.name, one.kind, one.depth, one.scope, one.account, per_call, rate, one.secret)


def moment(at_s: float) -> str:
    """Return a time for people, in UTC."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _after(at_s: float | None, since_s: float) -> str:
    return "" if at_s is None else f"{max(0.0, at_s - since_s):.1f} s"


def _told(name: str, value: object) -> str:
    """Return one fact of the audit for people; times as in the rest of the line."""
    if name.endswith("_at_s") and isinstance(value, float):
        return moment(value).replace(" ", "T")
    return _short(value)


def _short(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."
