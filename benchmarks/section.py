"""What a section of the page holds: plain figures, kept as JSON until the page is written."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from benchmarks.install import CACHE
from benchmarks.rounds import Verdict

RESULTS = CACHE / "results"
AT_FORMAT = "%Y-%m-%d %H:%M UTC"


@dataclass
class Table:
    """Rows of words and figures under a head."""

    head: list[str]
    rows: list[list[str]]
    caption: str = ""


@dataclass
class Plot:
    """Bars in groups: for each group one value per series, with its least and most."""

    name: str
    title: str
    unit: str
    series: list[str]
    groups: dict[str, list[tuple[float, float, float]]]


@dataclass
class Section:
    """One section: what was done in words, tables, plots and the targets' verdicts."""

    name: str
    title: str
    method: str
    tables: list[Table] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    rounds: int = 0
    at: str = ""

    @property
    def age_s(self) -> float:
        """Return how long ago it was kept."""
        then = datetime.strptime(self.at, AT_FORMAT).replace(tzinfo=UTC)
        return (datetime.now(UTC) - then).total_seconds()

    def keep(self) -> None:
        """Write it to the cache folder, with the time."""
        self.at = datetime.now(UTC).strftime(AT_FORMAT)
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{self.name}.json").write_text(json.dumps(asdict(self), indent=1))


def kept(name: str) -> Section | None:
    """Return what the last run of a section found; None when it never ran here."""
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return None
    found = json.loads(path.read_text())
    found["tables"] = [Table(**table) for table in found["tables"]]
    found["plots"] = [Plot(**plot) for plot in found["plots"]]
    found["verdicts"] = [Verdict(**verdict) for verdict in found["verdicts"]]
    return Section(**found)
