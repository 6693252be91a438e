"""Generated files, the deployment's files, and the JavaScript edge's own checks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cache_keys import policy
from edge import build
from edge.deployment import Deployment, deployment_files
from edgeproof.commands import edge, tenants
from edgeproof.console import CommandFailed, ExitCode
from tests.conftest import ROOT
from tests.edge.js_worker import environment, node, script

CORE = sorted((ROOT / "edge" / "js").glob("*.js"))


def run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


def test_every_generated_file_is_current_and_names_its_command() -> None:
    assert build.stale() == []
    for path, text in build.generated().items():
        assert "edgeproof edge build" in text.splitlines()[0], path


def test_build_writes_what_is_stale_and_check_names_it(tmp_path: Path) -> None:
    assert build.stale(tmp_path) == list(build.generated())
    build.write(tmp_path)
    assert build.stale(tmp_path) == []
    table = tmp_path / "edge/js/policy.generated.js"
    table.write_text(table.read_text().replace("2560", "2561"))
    assert build.stale(tmp_path) == ["edge/js/policy.generated.js"]
    assert build.write(tmp_path) == ["edge/js/policy.generated.js"]


def test_a_change_of_the_policy_makes_the_table_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "OPS_MAX", 13)
    assert "edge/js/policy.generated.js" in build.stale()


def test_check_fails_with_the_name_of_the_stale_file(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = CliRunner()
    assert runner.invoke(edge.app, ["check"]).exit_code == 0
    monkeypatch.setattr(policy, "OPS_MAX", 13)
    failed = runner.invoke(edge.app, ["check"])
    assert isinstance(failed.exception, CommandFailed)
    assert failed.exception.exit_code == ExitCode.FAILED
    assert "edge/js/policy.generated.js" in str(failed.exception)


def test_a_deployment_without_hosts_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEPROOF_DATA_DIR", str(tmp_path))
    failed = CliRunner().invoke(edge.app, ["build", "--deployment", str(tmp_path / "shop")])
    assert isinstance(failed.exception, CommandFailed)
    assert "EDGEPROOF_HOSTS" in str(failed.exception)


def test_a_deployment_is_written_for_every_host_without_a_secret(tmp_path: Path) -> None:
    described = Deployment(("img.shop.example", "b.example:8443"), {"catalogue": 60, "a": 5})
    files = deployment_files(described, tmp_path)
    worker = json.loads(files["wrangler.production.json"])
    assert worker["routes"] == ["img.shop.example/*", "b.example/*"]
    assert (tmp_path / worker["main"]).resolve() == ROOT / "edge/cloudflare/index.js"
    assert "cache" not in worker
    variables = {
        "EDGEPROOF_HOSTS": "img.shop.example,b.example:8443",
        "EDGEPROOF_PUBLIC_TENANTS": "a=5,catalogue=60",
        "EDGEPROOF_EDGE_TRANSFORM": "off",
    }
    assert worker["vars"] == variables
    assert json.loads(files["fastly-config-store.json"]) == variables


def test_the_command_writes_a_deployment_from_settings_and_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEPROOF_DATA_DIR", str(tmp_path / "data"))
    runner = CliRunner()
    for arguments in (["catalogue", "--public"], ["acme"]):
        assert runner.invoke(tenants.app, ["add", *arguments]).exit_code == 0
    monkeypatch.setenv("EDGEPROOF_HOSTS", "img.shop.example")
    monkeypatch.setenv("EDGEPROOF_EDGE_TRANSFORM", "on")
    asked = runner.invoke(edge.app, ["build", "--deployment", str(tmp_path / "shop")])
    assert asked.exit_code == 0, asked.output
    worker = json.loads((tmp_path / "shop" / "wrangler.production.json").read_text())
    assert worker["vars"]["EDGEPROOF_PUBLIC_TENANTS"] == "catalogue=604800"
    assert worker["vars"]["EDGEPROOF_EDGE_TRANSFORM"] == "on"
    ran = run(
        node(), script("wrangler", "bin", "wrangler.js"), "deploy", "--dry-run", "-c",
        tmp_path / "shop" / "wrangler.production.json", "--outdir", tmp_path / "out",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "catalogue=604800" in ran.stdout


@pytest.mark.parametrize("environment_name", ["dev", "staging", "production"])
def test_each_environment_of_the_worker_can_be_deployed(
    tmp_path: Path, environment_name: str
) -> None:
    ran = run(
        node(), script("wrangler", "bin", "wrangler.js"), "deploy", "--dry-run",
        "--env", environment_name, "--outdir", tmp_path,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "index.js").is_file()


def test_the_core_has_no_dependency_and_names_no_platform() -> None:
    assert len(CORE) > 10
    for path in CORE:
        text = path.read_text()
        imports = [line for line in text.splitlines() if line.startswith(("import ", "} from "))]
        assert all('from "./' in line or line.endswith("{") for line in imports), path
        for word in ("cloudflare", "fastly", "process.env", "Date.now", "caches.", " fetch("):
            assert word not in text, (path, word)
        assert len(text.splitlines()) <= 400


@pytest.mark.parametrize("folder", ["edge/js", "edge/cloudflare"])
def test_the_types_hold(folder: str) -> None:
    ran = run(node(), script("typescript", "bin", "tsc"), "-p", folder)
    assert ran.returncode == 0, ran.stdout


def test_every_vector_and_rule_holds_in_node() -> None:
    tests = sorted((ROOT / "tests/edge/js").glob("*.test.js"))
    ran = run(node(), "--test", "--test-reporter=tap", *tests)
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert "\n# fail 0\n" in ran.stdout


def test_every_vector_and_rule_holds_in_workerd() -> None:
    script("@cloudflare/vitest-plugin", "package.json")
    vitest = script("vitest", "vitest.mjs")
    ran = run(node(), vitest, "run", "--config", "tests/edge/js/vitest.config.mts")
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert "1 passed" in ran.stdout


def test_the_lock_file_holds_no_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = lock["packages"].values()
    assert not [package for package in packages if "resolved" in package]
    assert "node_modules/wrangler" in lock["packages"]
