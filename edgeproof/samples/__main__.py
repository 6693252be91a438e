"""``python -m edgeproof.samples FOLDER [--quick]``: make the sample photos that are missing."""

from __future__ import annotations

import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from edgeproof.console import ExitCode, out, remark, remarks
from edgeproof.samples.catalogue import QUICK, SAMPLES, Sample
from edgeproof.samples.making import lacking, make_samples


def main(arguments: list[str]) -> int:
    """Make the set in the folder that is named and print its paths; stderr says how far it is."""
    folders = [argument for argument in arguments if argument != "--quick"]
    if len(folders) != 1 or folders[0].startswith("-"):
        remark("usage: python -m edgeproof.samples FOLDER [--quick]")
        return ExitCode.USAGE
    try:
        for path in make(Path(folders[0]), QUICK if "--quick" in arguments else SAMPLES):
            out(str(path))
    except OSError as error:
        remark(f"edgeproof: the sample photos cannot be written: {error}")
        return ExitCode.FAILED
    except KeyboardInterrupt:
        return ExitCode.FAILED
    except BrokenProcessPool:
        remark("edgeproof: a sample photo could not be painted: is 1 GB of memory free?")
        return ExitCode.FAILED
    return ExitCode.DONE


def make(folder: Path, samples: tuple[Sample, ...]) -> list[Path]:
    """Return the files of a set, make what is missing and show how far it is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    count = len(lacking(folder, samples))
    is_quiet = count == 0 or not remarks.is_terminal
    with Progress(*columns, TimeElapsedColumn(), console=remarks, disable=is_quiet) as progress:
        bar = progress.add_task("painting the sample photos", total=count)

        def made(name: str) -> None:
            progress.advance(bar)
            if not remarks.is_terminal:
                remark(f"made {name}")

        return make_samples(folder, made, samples=samples)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
