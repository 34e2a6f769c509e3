"""updated_at columns kept by a trigger

Revision ID: 61d0c4b9e2f7
Revises: 29ac7d05e8f1
Create Date: 2021-09-27 10:10:10.101010

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = "61d0c4b9e2f7"
down_revision = "29ac7d05e8f1"
branch_labels = None
depends_on = None

TABLES = ("customers", "venues", "dishes", "bookings")


def upgrade():
    op.execute(
        """
        CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger
            LANGUAGE plpgsql
        AS $$
        BEGIN
            -- only when something else than the time changed; a no-op UPDATE stays a no-op
            IF NEW IS DISTINCT FROM OLD THEN
                NEW.updated_at := now();
            END IF;
            RETURN NEW;
        END;
        $$
        """
    )
    for table in TABLES:
        op.add_column(table, sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))
        op.execute(f"UPDATE {table} SET updated_at = '2021-09-27 10:00:00+00'")
        op.execute(f"ALTER TABLE {table} ALTER COLUMN updated_at SET DEFAULT now(), ALTER COLUMN updated_at SET NOT NULL")
        op.execute(
            f"CREATE TRIGGER trg_{table}_updated_at BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
        )


def downgrade():
    for table in reversed(TABLES):
        op.execute(f"DROP TRIGGER trg_{table}_updated_at ON {table}")
        op.drop_column(table, "updated_at")
    op.execute("DROP FUNCTION set_updated_at()")
