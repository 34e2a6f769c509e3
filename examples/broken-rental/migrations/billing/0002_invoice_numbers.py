"""invoice numbers

Revision ID: 0002
Revises: 0001
Create Date: 2023-02-07 08:00:00

"""
from alembic import op
import sqlalchemy as sa

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE SEQUENCE invoice_number START 1000")
    op.add_column(
        "invoice",
        sa.Column("number", sa.BigInteger, server_default=sa.text("nextval('invoice_number')"), nullable=False),
    )


def downgrade():
    op.drop_column("invoice", "number")
    op.execute("DROP SEQUENCE invoice_number")
