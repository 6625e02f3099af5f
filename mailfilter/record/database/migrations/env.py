"""What alembic runs: the steps, on the connection and in the transaction that it is given."""

from alembic import context

from mailfilter.record.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a column in place
)
context.run_migrations()
