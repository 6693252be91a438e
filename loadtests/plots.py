"""The plots of a run, as SVG: answers over time, and the origin's memory where it was watched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl

from loadtests.figures import quantile_ms
from loadtests.sampling import read_samples
from loadtests.trace import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from loadtests.verdict import Run

SIZE_INCH: Final = (8.0, 5.0)
#: No date and no random names inside, so that the same run gives the same file.
STYLE: Final[Any] = {
    "svg.hashsalt": "edgeproof",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
}


def draw(run: Run, folder: Path) -> Path:
    """Draw a run into a folder and return the file."""
    mpl.use("svg")
    from matplotlib import pyplot as plt

    samples = read_samples(run.folder)
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(3 if samples else 2, 1, sharex=True, figsize=SIZE_INCH)
        start_s = min(row.at_s for row in run.rows)
        _answers(axes[0], run.rows, start_s)
        _times(axes[1], run.rows, start_s)
        if samples:
            axes[2].plot(
                [sample.at_s - start_s for sample in samples],
                [sample.pss_bytes / 1e6 for sample in samples],
                color="tab:purple",
            )
            axes[2].set_ylabel("origin, MB (PSS)")
            axes[2].set_ylim(bottom=0)
        for what, at_s in run.record.times.items():
            if what in {"killed", "softened", "back"}:
                for axis in axes:
                    axis.axvline(at_s - start_s, color="black", linestyle=":")
                axes[0].text(at_s - start_s, axes[0].get_ylim()[1], what, ha="center", va="bottom")
        axes[-1].set_xlabel("s since the start")
        figure.tight_layout()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{run.record.name}.svg"
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
    return path


def _answers(axis: Axes, rows: list[Row], start_s: float) -> None:
    """Stack the answers of each second by what they were."""
    kinds: dict[str, tuple[str, Callable[[Row], bool]]] = {
        "hit": ("tab:green", lambda row: row.is_good and row.cache == "hit"),
        "from the origin": ("tab:blue", lambda row: row.is_good and row.cache != "hit"),
        "refused on purpose (403)": (
            "tab:gray",
            lambda row: row.want != 200 and row.status == row.want,
        ),
        "503": ("tab:orange", lambda row: row.status == 503),
        "other": ("tab:red", lambda row: row.status not in {200, 403, 503}),
    }
    seconds = range(int(max(row.at_s for row in rows) - start_s) + 1)
    counted: dict[str, dict[int, int]] = {name: defaultdict(int) for name in kinds}
    for row in rows:
        name = next((name for name, (_, fits) in kinds.items() if fits(row)), "other")
        counted[name][int(row.at_s - start_s)] += 1
    used = [name for name in kinds if counted[name]]
    axis.stackplot(
        list(seconds),
        [[counted[name][second] for second in seconds] for name in used],
        labels=used,
        colors=[kinds[name][0] for name in used],
    )
    axis.set_ylabel("answers a second")
    axis.legend(loc="upper left", fontsize=7, ncols=len(used))


def _times(axis: Axes, rows: list[Row], start_s: float) -> None:
    """Draw median and 99th percentile of each second."""
    by_second: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_second[int(row.at_s - start_s)].append(row)
    seconds = sorted(by_second)
    for share, label in ((0.5, "median"), (0.99, "99th percentile")):
        times = [quantile_ms(by_second[second], share) for second in seconds]
        axis.plot(seconds, times, label=label)
    axis.set_yscale("log")
    axis.set_ylabel("ms")
    axis.legend(loc="upper right", fontsize=7)
