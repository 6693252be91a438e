"""The purge configuration that leads to a running double, ready to be saved."""

from __future__ import annotations

from edgeproof.cdn_double.cloudflare import PREFIX
from edgeproof.cdn_double.desk import Accounts

FASTLY_VARIABLE, CLOUDFLARE_VARIABLE = "LOOPBACK_FASTLY_TOKEN", "LOOPBACK_CLOUDFLARE_TOKEN"


def configuration(accounts: Accounts, port: int, varnish: str) -> str:
    """Return TOML for EDGEPROOF_PURGE_CONFIG, with the variables to set as comments."""
    base_url = f"http://127.0.0.1:{port}"
    hosts = ", ".join(f'"{host}"' for host in accounts.hosts)
    return f"""\
# export {FASTLY_VARIABLE}={accounts.fastly_token}
# export {CLOUDFLARE_VARIABLE}={accounts.cloudflare_token}

[[fastly]]
name = "fastly-double"
service = "{accounts.fastly_service}"
token_env = "{FASTLY_VARIABLE}"
hosts = [{hosts}]
base_url = "{base_url}"

[[cloudflare]]
name = "cloudflare-double"
zone = "{accounts.cloudflare_zone}"
zone_name = "{accounts.hosts[0]}"
plan = "{accounts.cloudflare_plan}"
token_env = "{CLOUDFLARE_VARIABLE}"
hosts = [{hosts}]
base_url = "{base_url}{PREFIX}"

[[edge]]
name = "varnish"
base_url = "{varnish.rstrip("/")}"
"""
