"""Modules of the repository in workerd itself, without wrangler."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from edge.local import free_port, started
from tests.conftest import ROOT
from tests.edge.js_worker import environment, script, wait_for

CONFIG: Final = """\
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:@PORT@", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [@MODULES@],
  compatibilityDate = "2026-09-01",
  compatibilityFlags = ["global_navigator"],
);
"""


@contextmanager
def isolate(folder: Path, sources: Sequence[Path]) -> Iterator[str]:
    """Run files of the repository as one Worker, the first as its main module; yield its URL."""
    workerd = script("@cloudflare", "workerd-linux-64", "bin", "workerd")
    modules = []
    for path in sources:
        name, kind = path.relative_to(ROOT), "json" if path.suffix == ".json" else "esModule"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / name)
        modules.append(f'(name = "{name}", {kind} = embed "{name}")')
    port, config, log = free_port(), folder / "config.capnp", folder / "workerd.log"
    text = CONFIG.replace("@PORT@", str(port)).replace("@MODULES@", ", ".join(modules))
    config.write_text(text, "utf-8")
    with started([str(workerd), "serve", str(config)], log, environment()) as process:
        base = f"http://127.0.0.1:{port}"
        wait_for(base, process, log)
        yield base
