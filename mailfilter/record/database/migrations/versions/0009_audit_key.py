"""The audit log under a key: what each line made of its object, and the sealed head.

``audit`` grows at its end only, on both engines: SQLite's INSERT OR REPLACE removes the row that
it replaces without asking the triggers that refuse DELETE. The lines of before keep their hashes;
the store closes them with the first line under the key (``audit_begin.py``).
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_SQLITE = """
CREATE TRIGGER audit_at_its_end BEFORE INSERT ON audit
WHEN NEW.seq <= (SELECT coalesce(max(seq), 0) FROM audit)
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END
"""
_POSTGRESQL = (
    """
    CREATE FUNCTION audit_grows_at_its_end() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
      IF NEW.seq <= (SELECT coalesce(max(seq), 0) FROM audit) THEN
        RAISE EXCEPTION 'audit is append-only';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER audit_at_its_end BEFORE INSERT ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_grows_at_its_end()
    """,
)


def upgrade() -> None:
    """Add the columns and the trigger."""
    op.add_column("audit", sa.Column("state", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "audit_head", sa.Column("keyed", sa.BigInteger(), nullable=False, server_default="0")
    )
    for name in ("log", "seal"):
        op.add_column("audit_head", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_SQLITE)
        return
    for statement in _POSTGRESQL:
        op.execute(statement)
