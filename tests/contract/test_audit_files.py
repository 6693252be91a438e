"""What the audit keeps outside the records, and what a migration makes of older entries."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, insert, select

from edgeproof.audit_files import HeadFile, make_signer, read_signer
from edgeproof.console import CommandFailed
from origin.adapters.migrations.versions import v0006_audit_orders
from origin.adapters.records import upgrade
from origin.adapters.records.engines import with_driver
from purge.audit import Head
from purge.tables import audit


def test_the_audit_key_is_made_once_private_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "audit.pem"
    with pytest.raises(CommandFailed, match="openssl genpkey"):
        read_signer(path)
    make_signer(path)
    made = read_signer(path).key_id
    make_signer(path)
    assert read_signer(path).key_id == made
    assert [one.name for one in path.parent.iterdir()] == ["audit.pem"]
    path.chmod(0o644)
    with pytest.raises(CommandFailed, match="chmod 600"):
        read_signer(path)


def test_a_damaged_audit_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "audit.pem"
    path.write_bytes(b"nonsense")
    path.chmod(0o600)
    with pytest.raises(CommandFailed, match=r"audit\.pem: The audit key is not"):
        read_signer(path)


def test_the_kept_head_never_goes_back(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "audit" / "head.json")
    assert file.read() is None
    for seq in (3, 7, 5):
        file.keep(Head(seq, "0" * 64, 1.0, "k", "s"))
    kept = file.read()
    assert kept is not None
    assert kept.seq == 7


@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
def test_older_entries_are_given_the_order_that_they_name(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(v0006_audit_orders, "PAGE", 2)
    if kind == "PostgreSQL":
        url = str(request.getfixturevalue("postgres_url"))
    else:
        url = f"sqlite:///{tmp_path}/records.sqlite3"
        upgrade(url)
    bodies = ('{"order":"p1"}', "{}", '{"order":""}', '{"order":"p2","ids":[]}', '{"x":1}')
    engine = create_engine(with_driver(url))
    with engine.begin() as connection:
        for seq, facts in enumerate(bodies, 1):
            body = f'{{"facts":{facts}}}'
            connection.execute(insert(audit).values(seq=seq, body=body, hash=str(seq)))
        with Operations.context(MigrationContext.configure(connection)):
            v0006_audit_orders.fill()
        found = connection.execute(select(audit.c.order_id).order_by(audit.c.seq)).scalars().all()
    engine.dispose()
    assert found == ["p1", None, None, "p2", None]
