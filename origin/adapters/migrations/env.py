"""Run by Alembic: apply the versions in the connection, and the transaction, of the caller."""

from __future__ import annotations

from alembic import context

from origin.adapters.records.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,  # for the names of constraints
    transactional_ddl=True,
)
context.run_migrations()
