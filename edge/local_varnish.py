"""The Varnish edge on loopback: its folder of VCL, and varnishd over it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cache_keys.keyring import parse_ring
from edge.deployment import Deployment
from edge.local import HOSTS, EdgeFailed, Local, started, wait_for, write_private
from edge.varnish_deployment import Secrets, secrets_vcl, source_text, varnish_files

VMODS = Path("/usr/lib")
#: As docs/edges-varnish.md starts it, see there.
PARAMETERS = ("default_ttl=0", "default_grace=0", "default_keep=0", "http_max_hdr=96")
#: A page may read what the edge says where the origin lets it read what the origin says.
EXPOSED = """
sub vcl_deliver {
    if (resp.http.Access-Control-Expose-Headers) {
        set resp.http.Access-Control-Expose-Headers = resp.http.Access-Control-Expose-Headers
            + ", Cache-Status";
    }
}
"""


def find_missing() -> str | None:
    """Return what must be installed before this edge can run, or None."""
    if shutil.which("varnishd") is None:
        return "varnishd (tools/varnish-packages)"
    for name in ("xkey", "var", "digest"):
        if not any(VMODS.glob(f"*/varnish/vmods/libvmod_{name}.so")) and not any(
            VMODS.glob(f"varnish/vmods/libvmod_{name}.so")
        ):
            return f"vmod {name} (tools/varnish-packages)"
    return None


def site_vcl(origin: str, host: str) -> str:
    """Return site.example.vcl for an origin (host:port) that answers to a Host."""
    address, _, port = origin.rpartition(":")
    text = source_text("site.example.vcl")
    for example, ours in (
        ('.host = "127.0.0.1"', f'.host = "{address.strip("[]")}"'),
        ('.port = "8080"', f'.port = "{port}"'),
        ('"img.shop.example"', f'"{host}"'),
    ):
        assert text.count(example) == 1, f"{example} stands once in site.example.vcl"
        text = text.replace(example, ours)
    return text


def write_folder(local: Local) -> Path:
    """Write all six files and return the main one."""
    texts = varnish_files(Deployment(HOSTS, local.public_tenants))
    texts["site.vcl"] = site_vcl(local.origin, local.host) + EXPOSED
    for name, text in texts.items():
        (local.folder / name).write_text(text, "utf-8")
    secrets = Secrets(parse_ring(local.ring), local.own, local.purge, tenants=local.tenants)
    write_private(local.folder / "secrets.vcl", secrets_vcl(secrets))
    return local.folder / "edgeproof.vcl"


def command(main: Path, port: int, size: str) -> list[str]:
    """Return varnishd's command line; its state goes beside the main VCL file."""
    words = ["varnishd", "-j", "none", "-F", "-n", str(main.parent / "n"), "-T", "none"]
    words += ["-a", f"127.0.0.1:{port}", "-f", str(main), "-s", f"malloc,{size}"]
    for parameter in PARAMETERS:
        words += ["-p", parameter]
    return words


@contextmanager
def varnish(local: Local) -> Iterator[subprocess.Popen[bytes]]:
    """Run the Varnish edge until the block ends; raises EdgeFailed."""
    missing = find_missing()
    if missing is not None:
        raise EdgeFailed(f"missing: {missing}")
    log = local.folder / "varnishd.log"
    with started(command(write_folder(local), local.port, "256m"), log) as process:
        wait_for(local.port, process, log)
        yield process
