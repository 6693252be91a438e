"""The columns of the table of vectors: what each implementation answers to every row, as text."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import httpx2

from cache_keys import (
    Gate,
    Refusal,
    Request,
    RingError,
    admit,
    ask,
    authorize,
    lane_of_path,
    parse_edge_secrets,
    parse_ring,
    read_target,
)
from cache_keys.accept import choose_format
from cache_keys.proof import check_proof
from cache_keys.signature import signature, tenant_key
from edge.local import free_port, started
from tests.conftest import ROOT, missing
from tests.edge.compute import build
from tests.edge.isolate import isolate
from tests.edge.js_worker import environment, node, wait_for
from tests.edge.vector_edges import ASKING, left_out, vector_edges
from tests.unit.cache_keys.vector_files import Row, accept_of, load, rows, target_of

#: What one implementation answers: by file and sentence of the row. A row that cannot be asked of
#: it is not there.
Column = dict[str, dict[str, str]]
VECTORS: Final = ROOT / "cache_keys" / "vectors"
JS: Final = ROOT / "tests" / "edge" / "js"
#: Made by the origin and the signer; edges know none of them.
NOT_OF_AN_EDGE: Final = {"design", "ids", "presets", "signer", "tags"}
FILES: Final = sorted({path.stem for path in VECTORS.glob("*.json")} - NOT_OF_AN_EDGE)


#: What the vectors say, in the words of the columns; elsewhere it is the row's ``answer``.
EXPECTED: Final[Mapping[str, Callable[[Row], str]]] = {
    "accept": lambda row: str(row["ext"]),
    "canonical": lambda row: f"{row['canonical']}{' auto' * row['negotiated']}",
    "lanes": lambda row: str(row["lane"]),
    "pairs": lambda row: "equal" if row["equal"] else "different",
    "proof": lambda row: "ok" if row["ok"] else "403 edge.proof",
    "refused": lambda row: f"{row['status']} {row['code']}",
    "resizes": lambda row: json.dumps(row["image"], separators=(",", ":")),
    "rings": lambda row: "none" if row["kids"] is None else " ".join(row["kids"]),
    "tenant_keys": lambda row: str(row["sig"]),
}


def expected(name: str, row: Row) -> str:
    """Return what must be answered to a row of a file."""
    return EXPECTED[name](row) if name in EXPECTED else str(row["answer"])


def gate_of(head: Row) -> Gate:
    """Return the gate of a file's head."""
    return Gate(
        parse_ring(json.dumps(head["ring"]).encode()),
        frozenset(head["public_tenants"]),
        frozenset(head.get("hosts", ())),
        parse_edge_secrets(json.dumps(head.get("edge_secrets", {"e1": "0" * 64})).encode()),
    )


def _canonical(row: Row) -> str:
    asked = ask(read_target(target_of(row)), accept_of(row))
    return f"{asked.canonical_path} auto" if asked.negotiated else asked.canonical_path


def _refused(row: Row) -> str:
    return ask(read_target(target_of(row)), []).canonical_path


def _pairs(row: Row) -> str:
    one, other = (ask(read_target(target.encode()), accept_of(row)) for target in row["targets"])
    return "equal" if one.canonical_path == other.canonical_path else "different"


def _accept(row: Row) -> str:
    return choose_format(accept_of(row), *row["box"])


def _signature(row: Row) -> str:
    authorize(read_target(target_of(row)), gate_of(load("signature")), row["now"])
    return "ok"


def _tenant_keys(row: Row) -> str:
    key = tenant_key(row["master"].encode(), row["tenant"], row["kid"])
    return signature(key, read_target(row["path"].encode()), row["kid"], row["exp"], row["scope"])


def _proof(row: Row) -> str:
    secrets = parse_edge_secrets(json.dumps(load("proof")["edge_secrets"]).encode())
    asked = (row["method"], row["host"], row["path"])
    check_proof(row["header"].encode("latin-1"), secrets, asked, row["now"])
    return "ok"


def _request(row: Row) -> str:
    proof = None if row["proof"] is None else row["proof"].encode("latin-1")
    request = Request(row["method"], row["host"], target_of(row), row["has_body"], proof)
    admitted = admit(request, gate_of(load("request")["gate"]), row["now"])
    return ask(admitted.target, accept_of(row), is_edge=admitted.is_edge).canonical_path


def _rings(row: Row) -> str:
    try:
        return " ".join(parse_ring(row["ring"].encode()))
    except RingError:
        return "none"


#: The edge lane's resizer is Cloudflare's, so Python asks it for nothing.
IN_PYTHON: Final[Mapping[str, Callable[[Row], str]]] = {
    "canonical": _canonical,
    "refused": _refused,
    "pairs": _pairs,
    "accept": _accept,
    "signature": _signature,
    "tenant_keys": _tenant_keys,
    "proof": _proof,
    "request": _request,
    "rings": _rings,
    "lanes": lambda row: str(lane_of_path(row["path"])),
}


def python(_: Path) -> Column:
    """Return the package's own answers."""
    return {
        name: {row["id"]: _or_refusal(judge, row) for row in rows(name)}
        for name, judge in IN_PYTHON.items()
    }


def _or_refusal(judge: Callable[[Row], str], row: Row) -> str:
    try:
        return judge(row)
    except Refusal as refused:
        return f"{refused.status} {refused.code}"


def in_node(_: Path) -> Column:
    """Return what edge/js answers in Node."""
    files = [str(VECTORS / f"{name}.json") for name in FILES]
    command = [node(), str(JS / "answers_node.js"), *files]
    ran = subprocess.run(
        command, env=environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return _column(ran.stdout)


def in_workerd(folder: Path) -> Column:
    """Return what edge/js answers in workerd, Cloudflare's own runtime."""
    names = ("answers_worker", "answers", "documents", "vectors")
    sources = [*(JS / f"{name}.js" for name in names), ROOT / "edge" / "cloudflare" / "image.js"]
    sources += [*sorted((ROOT / "edge" / "js").glob("*.js")), *VECTORS.glob("*.json")]
    with isolate(folder, sources) as base:
        told = httpx2.get(base, timeout=120).json()
    assert told["engine"] == "Cloudflare-Workers"
    return dict(told["answers"])


def at_varnishd(folder: Path) -> Column:
    """Return what the VCL answers at a real varnishd over sockets."""
    with vector_edges(folder) as edges:
        return {
            name: {
                row["id"]: ask_row(row, edges) for row in rows(name) if left_out(name, row) is None
            }
            for name, ask_row in ASKING.items()
        }


def in_compute(folder: Path) -> Column:
    """Return what edge/js answers in the engine of Fastly Compute, which its compiler brings."""
    printed = build(JS / "compute_vectors.js", folder / "vectors.wasm")
    lines = [line.partition("VECTORS ")[2] for line in printed.splitlines() if "VECTORS " in line]
    column: Column = {}
    for line in lines:
        column |= _column(line)
    assert "FAILED " not in printed, printed[-2000:]
    return column


def in_viceroy(folder: Path) -> Column:
    """Return what edge/js answers to a request at Viceroy, Fastly's local server."""
    wasm, log, at = folder / "vectors.wasm", folder / "viceroy.log", f"127.0.0.1:{free_port()}"
    build(JS / "compute_vectors.js", wasm)
    with started([str(shutil.which("viceroy")), "--addr", at, str(wasm)], log) as process:
        wait_for(f"http://{at}", process, log)
        return _column(httpx2.get(f"http://{at}", timeout=120).text)


def _column(text: str) -> Column:
    found: Column = json.loads(text)
    return found


#: Name of a column, and how it is made in a folder of its own.
COLUMNS: Final[Mapping[str, Callable[[Path], Column]]] = {
    "Python": python,
    "Node": in_node,
    "workerd": in_workerd,
    "varnishd": at_varnishd,
    "Compute": in_compute,
    **({"Viceroy": in_viceroy} if shutil.which("viceroy") else {}),
}


def need_tools() -> None:
    """Skip where a column cannot be made."""
    if not (ROOT / "node_modules" / "workerd").is_dir():
        missing("workerd (tools/edge-packages)")
