"""invoice lines

Revision ID: 7c3d815be4a0
Revises: e2b5a0c91f76
Create Date: 2021-06-15 16:12:51.873300

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = "7c3d815be4a0"
down_revision = "e2b5a0c91f76"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "invoice_lines",
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=3), server_default="1", nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("vat_rate", sa.Numeric(precision=5, scale=2), server_default=sa.text("19.00"), nullable=False),
        sa.Column("net", sa.Numeric(precision=14, scale=2), sa.Computed("round(quantity * unit_price, 2)", persisted=True)),
        sa.ForeignKeyConstraint(["invoice_id"], ["billing.invoices.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("invoice_id", "position"),
        schema="billing",
    )


def downgrade():
    op.drop_table("invoice_lines", schema="billing")
