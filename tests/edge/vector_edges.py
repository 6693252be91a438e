"""The vectors at a real varnishd: the edges that they are asked of, and how."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cache_keys import parse_ring
from edge.deployment import Deployment
from edge.local_varnish import find_missing
from edge.varnish_policy import Secrets
from tests.conftest import missing
from tests.edge.varnish import Answer, Backend, Varnish, site_vcl, varnishd, vector_main, write_conf
from tests.unit.cache_keys.vector_files import Row, load

ORIGIN_HOST = "origin.example:8080"
GATE: dict[str, Any] = load("request")["gate"]
#: "as a client" of steps 3 and 6 to 10: without 4 and 5, and every host is ours.
ALL_PUBLIC = """
sub edgeproof_host { }
sub edgeproof_public { var.set("max_age", "1"); }
"""
#: The master of a row instead of a ring's.
ANY_MASTER = """
sub edgeproof_ring { var.set("master", req.http.X-Test-Master); }
"""
#: Why a few rows are not asked: they cannot reach VCL over a socket.
NO_HTTP = (
    "varnishd answers a bare 400 itself to an empty method or target, a blank, a NUL, a newline"
)
TRIMMED = "blanks around a method or a header's value are taken away before any host sees it"
DUMMY = "a master of noughts is no key here: it opens nothing"
NOT_HTTP = ("\n", "\r", "\0", " ", "\t")


def left_out(name: str, row: Row) -> str | None:
    """Return why a row cannot be asked over a socket, or None."""
    words = [target_of(row)] if name in {"refused", "signature", "request"} else []
    words += [row["method"].strip()] if name == "request" else []
    trimmed = {"accept": row.get("accept", []), "proof": [row.get("header", "")]}
    values = trimmed.get(name, [row.get("method", "")])
    if any(not text or any(sign in text for sign in NOT_HTTP) for text in words):
        return NO_HTTP
    if any(sign in value for value in values for sign in "\r\f"):
        return NO_HTTP
    if name == "tenant_keys" and set(row["master"]) == {"0"}:
        return DUMMY
    return TRIMMED if any(value != value.strip(" \t\n") for value in values) else None


def target_of(row: Row) -> str:
    """Return a row's target, each character one byte."""
    if "target_hex" in row:
        return bytes.fromhex(row["target_hex"]).decode("latin-1")
    if "target_repeat" in row:
        head, part, times, tail = row["target_repeat"]
        return str(head + part * times + tail)
    return str(row["target"])


def said(answer: Answer) -> str:
    """Return a canonical path, or status and the code of the log."""
    if answer.status == 200:
        return answer.headers["x-path"]
    code = json.loads(answer.body)["code"] if answer.body else ""
    if answer.status == 403 or not code:
        assert answer.status != 403 or not code or code == "sig.refused"
        code = answer.headers["x-test-code"]
    return f"{answer.status} {code}"


def accepts(row: Row) -> list[tuple[str, str | bytes]]:
    """Return a row's Accept lines as header lines."""
    return [("Accept", line) for line in row.get("accept", [])]


@dataclass(frozen=True, slots=True)
class VectorEdges:
    """Three edges before one backend.

    gated: a shield with the gate of request.json, which signature.json and proof.json share.
    opened: open to all. mastered: its ring is the master that the request says.
    """

    backend: Backend
    gated: Varnish
    opened: Varnish
    mastered: Varnish


@contextmanager
def vector_edges(folder: Path) -> Iterator[VectorEdges]:
    """Run the three edges."""
    what = find_missing()
    if what is not None:
        missing(what)
    backend = Backend()
    try:
        with ExitStack() as stack:
            gated = stack.enter_context(_edge(folder / "gated", backend, GATE["ring"]))
            opened = stack.enter_context(_opened(folder / "opened", backend))
            mastered = stack.enter_context(_mastered(folder / "mastered", backend))
            yield VectorEdges(backend, gated, opened, mastered)
    finally:
        backend.stop()


@contextmanager
def _edge(
    folder: Path, backend: Backend, ring: dict[str, Any], **replaced: str
) -> Iterator[Varnish]:
    main = write_conf(
        folder,
        site=site_vcl(backend.port, host=ORIGIN_HOST),
        deployment=Deployment(tuple(GATE["hosts"]), {"catalogue": 604800}),
        secrets=Secrets(
            ring=parse_ring(json.dumps(ring).encode()),
            own=("e1", GATE["edge_secrets"]["e1"]),
            purge="ab" * 32,
            edges=GATE["edge_secrets"],
        ),
        replaced={"edgeproof.vcl": vector_main()} | replaced,
    )
    with varnishd(main) as running:
        yield running


@contextmanager
def _opened(folder: Path, backend: Backend) -> Iterator[Varnish]:
    # The subroutine stays called, for Varnish refuses an unused one; it is only never reached.
    skipped = "if (req.restarts > 9) { call edgeproof_claim; }"
    stripped = 'set req.url = regsub(req.url, "[?].*$", "");'
    main = vector_main().replace("call edgeproof_claim;", f"{skipped}\n{stripped}")
    replaced = {"deployment.vcl": ALL_PUBLIC, "edgeproof.vcl": main}
    with _edge(folder, backend, {}, **replaced) as running:
        yield running


@contextmanager
def _mastered(folder: Path, backend: Backend) -> Iterator[Varnish]:
    main = write_conf(
        folder,
        site=site_vcl(backend.port, host=ORIGIN_HOST),
        deployment=Deployment((), {}),
        secrets=Secrets({}, ("e1", GATE["edge_secrets"]["e1"]), "ab" * 32),
        replaced={"edgeproof.vcl": vector_main(), "deployment.vcl": ALL_PUBLIC},
    )
    secrets = (folder / "secrets.vcl").read_text()
    empty = secrets[secrets.index("sub edgeproof_ring") :].split("}\n")[0] + "}\n"
    (folder / "secrets.vcl").write_text(secrets.replace(empty, ANY_MASTER))
    with varnishd(main) as running:
        yield running


def _canonical(row: Row, edges: VectorEdges) -> str:
    answer = edges.opened.ask(target_of(row), *accepts(row))
    return f"{said(answer)} auto" if "vary" in answer.headers else said(answer)


def _pairs(row: Row, edges: VectorEdges) -> str:
    one, other = (said(edges.opened.ask(target, *accepts(row))) for target in row["targets"])
    return "equal" if one == other else "different"


def _accept(row: Row, edges: VectorEdges) -> str:
    width, height = row["box"]
    sides = [f"w_{width}"] * bool(width) + [f"h_{height}"] * bool(height)
    path = f"/v1/acme/{'a' * 52}/{','.join(sides or ['t_card~1'])}.auto"
    return said(edges.opened.ask(path, *accepts(row))).rpartition(".")[2]


def _signature(row: Row, edges: VectorEdges) -> str:
    """A signature that holds is followed by the leaf, which may be refused."""
    answer = said(edges.gated.ask(target_of(row), ("X-Test-Now", str(row["now"]))))
    return "ok" if answer.startswith(("/v1/", "400 key.", "404 preset.")) else answer


def _tenant_keys(row: Row, edges: VectorEdges) -> str:
    """The row's signature, if that edge takes it for the row's master."""
    scope = f"&scope={row['scope']}" * bool(row["scope"])
    target = f"{row['path']}?exp={row['exp']}&kid={row['kid']}&sig={row['sig']}{scope}"
    lines = (("X-Test-Now", str(row["exp"])), ("X-Test-Master", row["master"]))
    answer = said(edges.mastered.ask(target, *lines))
    return answer if answer.startswith("403") else str(row["sig"])


def _proof(row: Row, edges: VectorEdges) -> str:
    lines = (("X-Test-Now", str(row["now"])), ("Edgeproof-Edge", row["header"]))
    answer = said(edges.opened.ask(row["path"], *lines, method=row["method"], host=row["host"]))
    return answer if answer == "403 edge.proof" else "ok"


def _request(row: Row, edges: VectorEdges) -> str:
    lines = [("X-Test-Now", str(row["now"])), *accepts(row)]
    if row["has_body"]:
        lines.append(("Content-Length", "1"))
    if row["proof"] is not None:
        lines.append(("Edgeproof-Edge", row["proof"]))
    return said(edges.gated.ask(target_of(row), *lines, method=row["method"], host=row["host"]))


#: How a row of each file is asked. VCL reads no rings, and makes no pictures (lanes, resizes).
ASKING: Mapping[str, Callable[[Row, VectorEdges], str]] = {
    "canonical": _canonical,
    "refused": lambda row, edges: said(edges.opened.ask(target_of(row))),
    "pairs": _pairs,
    "accept": _accept,
    "signature": _signature,
    "tenant_keys": _tenant_keys,
    "proof": _proof,
    "request": _request,
}
