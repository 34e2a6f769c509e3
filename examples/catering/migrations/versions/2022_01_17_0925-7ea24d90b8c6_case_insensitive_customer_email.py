"""case insensitive customer email

Revision ID: 7ea24d90b8c6
Revises: 38fa6b0d1c75
Create Date: 2022-01-17 09:25:13.730214

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = "7ea24d90b8c6"
down_revision = "38fa6b0d1c75"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE EXTENSION IF NOT EXISTS citext")
    op.drop_index("ix_customers_email_lower", table_name="customers")
    op.execute("ALTER TABLE customers ALTER COLUMN email TYPE citext")
    op.create_index("ix_customers_name", "customers", [sa.text("lower(name) text_pattern_ops")])


def downgrade():
    op.drop_index("ix_customers_name", table_name="customers")
    op.execute("ALTER TABLE customers ALTER COLUMN email TYPE varchar(254)")
    op.create_index("ix_customers_email_lower", "customers", [sa.text("lower(email)")], unique=True)
