"""Installs the peers and the tools in a cache folder outside the repository, pinned by pins.json.

What Debian has (nginx, Varnish, wrk) comes from Debian; its version stands on the page.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "edgeproof" / "bench"
SSIMULACRA2 = CACHE / "cargo" / "bin" / "ssimulacra2_rs"
THUMBOR = CACHE / "thumbor" / "bin" / "thumbor"
NODE = CACHE / "node"
PROGRAMS = {
    "nginx-light": "nginx",
    "varnish": "varnishd",
    "wrk": "wrk",
    "nodejs": "node",
    "npm": "npm",
}
PINS: dict[str, dict[str, str]] = json.loads((HERE / "pins.json").read_text())


def program(name: str) -> str:
    """Return the path of an installed program."""
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(name, path=path)
    if found is None:
        raise SystemExit(
            f"{name} is not installed; `make bench` installs it with tools/apt-packages"
        )
    return found


def install() -> None:
    """Install what is missing; nothing is asked of the network where all is there."""
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = json.dumps(PINS, sort_keys=True)
    mark = CACHE / "pins.json"
    missing = [name for name in PINS["apt"] if not _is_there(PROGRAMS[name])]
    if missing:
        _run([str(HERE.parent / "tools" / "apt-packages"), *missing])
    if mark.exists() and mark.read_text() == wanted:
        return
    NODE.mkdir(exist_ok=True)
    package = {"name": "peers", "private": True, "type": "module", "dependencies": PINS["npm"]}
    (NODE / "package.json").write_text(json.dumps(package))
    _run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(NODE)])
    venv = THUMBOR.parents[1]
    _run([sys.executable, "-m", "venv", str(venv)])
    pins = [f"{name}=={number}" for name, number in PINS["pip"].items()]
    _run([str(venv / "bin" / "python"), "-m", "pip", "install", "-q", *pins])
    for name, number in PINS["cargo"].items():
        tail = ["--version", number, "--no-default-features", "--root", str(CACHE / "cargo")]
        _run(["cargo", "install", "-q", name, *tail])
    mark.write_text(wanted)


def _is_there(name: str) -> bool:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is not None


def _run(command: list[str]) -> None:
    sys.stderr.write(f"installing: {' '.join(command[:6])}\n")
    try:
        done = subprocess.run(command, check=False)
    except FileNotFoundError as error:
        raise SystemExit(f"{command[0]} is missing; install it and run this again") from error
    if done.returncode:
        raise SystemExit(f"{command[0]} failed with {done.returncode}")
