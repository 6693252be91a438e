"""Verify: asks sampled URLs of a purge through every configured edge, and says what was seen.

Hard, erased: no answer after the acceptance may be an old one, so the first old answer is the end.
Soft: the first answer may be old, and asks the edge to fetch anew; from the second on, at most 10 s
later, it must be new. What could not be seen (no connection, a 5xx, a stranger's answer) is asked
again for as long, and is then unknown: never gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from purge.judge import Judgement, Probe, Seen, Verdict, judge
from purge.ports import Clock
from purge.probe import Edge, NoAnswer
from purge.values import Mode

#: A soft purge's old answers end at most so long after the first probe.
SOFT_S = 10.0
#: How long an edge that could not be asked is asked again.
UNKNOWN_S = 10.0
#: Waits between the probes of one URL: a picture is made anew in tens of milliseconds to seconds.
FIRST_WAIT_S, WAIT_S_MAX = 0.25, 2.0

Ask = Callable[[Edge, str], Awaitable[Seen]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one edge showed of one URL. seen: the last answer, None when there was none."""

    edge: str
    path: str
    verdict: Verdict
    reason: str
    asked: int
    seen: Seen | None


@dataclass(frozen=True, slots=True)
class EdgeReport:
    """One edge: the worst verdict of its URLs, how many of each, and what is not gone."""

    edge: str
    verdict: Verdict
    reason: str
    gone: int
    still_there: tuple[Finding, ...]
    unknown: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All edges. It is about what one place saw: vantage."""

    vantage: str
    at_s: float
    edges: tuple[EdgeReport, ...]

    @property
    def is_verified(self) -> bool:
        """Whether every edge showed every URL gone, and there was something to ask."""
        return bool(self.edges) and all(edge.verdict is Verdict.GONE for edge in self.edges)

    @property
    def words(self) -> str:
        """One sentence for people."""
        if not self.edges:
            return "not verified: no edge is configured to ask through"
        state = "verified" if self.is_verified else "not verified"
        parts = (f"{edge.edge} {edge.verdict.replace('_', ' ')}" for edge in self.edges)
        return f"{state}, as seen from {self.vantage}: {', '.join(parts)}"

    def as_json(self) -> dict[str, Any]:
        """Return it for receipts and --json."""
        return {**asdict(self), "is_verified": self.is_verified, "words": self.words}


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be verified. accepted_at_s: Unix time of the last acceptance of the order."""

    probes: Sequence[Probe]
    mode: Mode
    accepted_at_s: float


class Verifier:
    """Asks through edges. ask: Prober.ask. told: gets each finding at once, for a live display.

    unknown_s: for how long an edge that shows nothing is asked again.
    """

    def __init__(
        self,
        edges: Sequence[Edge],
        ask: Ask,
        clock: Clock,
        *,
        vantage: str,
        unknown_s: float = UNKNOWN_S,
        told: Callable[[Finding], None] | None = None,
    ) -> None:
        self._edges, self._ask_edge, self._clock = edges, ask, clock
        self._vantage, self._unknown_s, self._told = vantage, unknown_s, told

    async def verify(self, question: Question) -> Report:
        """Ask every URL through every edge; as many at once as ``ask`` allows."""
        findings = await asyncio.gather(
            *(
                self._find(edge, probe, question)
                for edge in self._edges
                for probe in question.probes
            )
        )
        reports = tuple(
            _summary(edge.name, [one for one in findings if one.edge == edge.name])
            for edge in self._edges
        )
        return Report(self._vantage, self._clock.now_s(), reports)

    async def _find(self, edge: Edge, probe: Probe, question: Question) -> Finding:
        started_s, wait_s, asked = self._clock.monotonic_s(), FIRST_WAIT_S, 0
        while True:
            asked += 1
            judgement, seen = await self._ask(edge, probe, question.accepted_at_s)
            left_s = self._patience_s(judgement.verdict, probe, question.mode) - (
                self._clock.monotonic_s() - started_s
            )
            if left_s <= 0:
                break
            await self._clock.sleep(min(wait_s, left_s))
            wait_s = min(2 * wait_s, WAIT_S_MAX)
        finding = Finding(edge.name, probe.path, judgement.verdict, judgement.reason, asked, seen)
        if self._told is not None:
            self._told(finding)
        return finding

    async def _ask(
        self, edge: Edge, probe: Probe, accepted_at_s: float
    ) -> tuple[Judgement, Seen | None]:
        try:
            seen = await self._ask_edge(edge, probe.path)
        except NoAnswer as failure:
            return Judgement(Verdict.UNKNOWN, str(failure)), None
        return judge(probe, seen, accepted_at_s, is_origin=edge.is_origin), seen

    def _patience_s(self, verdict: Verdict, probe: Probe, mode: Mode) -> float:
        """Return how long after the first probe another one is worth it."""
        if verdict is Verdict.UNKNOWN:
            return self._unknown_s
        if verdict is Verdict.STILL_THERE and mode is Mode.SOFT and not probe.is_erased:
            return SOFT_S
        return 0.0


def _summary(edge: str, findings: Sequence[Finding]) -> EdgeReport:
    still = tuple(one for one in findings if one.verdict is Verdict.STILL_THERE)
    unknown = tuple(one for one in findings if one.verdict is Verdict.UNKNOWN)
    gone = len(findings) - len(still) - len(unknown)
    if still:
        return EdgeReport(edge, Verdict.STILL_THERE, still[0].reason, gone, still, unknown)
    if unknown or not gone:
        reason = unknown[0].reason if unknown else "there was no URL to ask for"
        return EdgeReport(edge, Verdict.UNKNOWN, reason, gone, still, unknown)
    return EdgeReport(edge, Verdict.GONE, findings[0].reason, gone, still, unknown)
