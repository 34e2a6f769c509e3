"""trigram search for dishes

Extensions go to a schema of their own from now on.

Revision ID: 12f8c0e67d5b
Revises: 7ea24d90b8c6
Create Date: 2022-01-31 14:18:52.046690

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = "12f8c0e67d5b"
down_revision = "7ea24d90b8c6"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE SCHEMA IF NOT EXISTS extensions")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA extensions")
    op.create_index(
        "ix_dishes_name_trgm", "dishes", ["name"],
        postgresql_using="gin", postgresql_ops={"name": "extensions.gin_trgm_ops"},
    )
    op.create_index(
        "ix_dishes_fulltext", "dishes",
        [sa.text("to_tsvector('german'::regconfig, name || ' ' || description)")],
        postgresql_using="gin", postgresql_with={"fastupdate": "off"},
    )


def downgrade():
    op.drop_index("ix_dishes_fulltext", table_name="dishes")
    op.drop_index("ix_dishes_name_trgm", table_name="dishes")
    op.execute("DROP EXTENSION pg_trgm")
    op.execute("DROP SCHEMA extensions")
