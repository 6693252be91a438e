"""The walks under a coverage-guided fuzzer (atheris, libFuzzer) where it is installed."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fuzz.rounds import Found

_RUNS = re.compile(r"Done (\d+) runs|#(\d+)\s+DONE")


def guided_walks(seeds: Sequence[bytes], seconds: float, seed: int) -> Counter[str]:
    """Fuzz the walks in a process of its own, guided by which lines they reach; raises Found."""
    if importlib.util.find_spec("atheris") is None:
        return Counter({"atheris is not installed": 0})
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder, "inputs")
        inputs.mkdir()
        for number, content in enumerate(seeds):
            (inputs / str(number)).write_bytes(content)
        options = [f"-max_total_time={max(1, int(seconds))}", f"-seed={seed}", "-max_len=65536"]
        options += ["-timeout=10", "-rss_limit_mb=2048", f"-artifact_prefix={folder}/found-"]
        done = subprocess.run(  # noqa: S603 (ourselves)
            [sys.executable, "-m", "fuzz.guided", *options, str(inputs)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd=Path(__file__).parents[1],
        )
        if done.returncode:
            kept = [path.read_bytes() for path in Path(folder).glob("found-*")]
            raise Found(done.stdout[-500:] + done.stderr[-1_500:], kept[0] if kept else b"")
    runs = _RUNS.findall(done.stderr)
    return Counter({"walked": int("".join(runs[-1])) if runs else 0})


def _fuzz() -> None:
    import atheris

    with atheris.instrument_imports(include=["origin.ingest", "origin.decode.isobmff"]):
        from fuzz.targets import walk_file

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "photo")

        def one_input(content: bytes) -> None:
            path.write_bytes(content)
            walk_file(path)

        atheris.Setup(sys.argv, one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    _fuzz()
