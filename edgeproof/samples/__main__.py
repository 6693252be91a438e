"""``python -m edgeproof.samples FOLDER``: make the sample photos, one progress line each."""

from __future__ import annotations

import sys
from pathlib import Path

from edgeproof.console import ExitCode, out, remark
from edgeproof.samples.making import make_samples


def main() -> int:
    """Make the set in the folder named on the command line; print the paths."""
    if len(sys.argv) != 2:
        remark("usage: python -m edgeproof.samples FOLDER")
        return ExitCode.USAGE
    for path in make_samples(Path(sys.argv[1]), remark):
        out(str(path))
    return ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(main())
