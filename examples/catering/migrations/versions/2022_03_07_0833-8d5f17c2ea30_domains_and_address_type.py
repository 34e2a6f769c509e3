"""domains and address type

Revision ID: 8d5f17c2ea30
Revises: b6093da1f24e
Create Date: 2022-03-07 08:33:29.951447

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = "8d5f17c2ea30"
down_revision = "b6093da1f24e"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE DOMAIN postal_code AS varchar(10) CONSTRAINT postal_code_format CHECK (VALUE ~ '^[0-9A-Z][0-9A-Z -]{2,9}$')")
    op.execute("CREATE DOMAIN billing.amount AS numeric(14,2) DEFAULT 0 NOT NULL CONSTRAINT amount_not_negative CHECK (VALUE >= 0)")
    op.execute("CREATE TYPE address AS (street varchar(120), house_number varchar(12), city text, country char(2))")
    op.execute("ALTER TABLE venues ALTER COLUMN postal_code TYPE postal_code")
    op.execute("ALTER TABLE venues ADD COLUMN access_address address")
    op.execute("ALTER TABLE billing.invoices ADD COLUMN prepaid billing.amount DEFAULT 0.00")
    op.execute("ALTER TABLE customers ADD COLUMN addresses address[] NOT NULL DEFAULT ARRAY[]::address[]")


def downgrade():
    op.drop_column("customers", "addresses")
    op.drop_column("invoices", "prepaid", schema="billing")
    op.drop_column("venues", "access_address")
    op.execute("ALTER TABLE venues ALTER COLUMN postal_code TYPE varchar(10)")
    op.execute("DROP TYPE address")
    op.execute("DROP DOMAIN billing.amount")
    op.execute("DROP DOMAIN postal_code")
