"""purchase orders

Revision ID: 9b20d8f46ec3
Revises: 17c95a0e8d4b
Create Date: 2023-07-10 16:55:27.660340

"""
from __future__ import annotations

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from migrations.helpers import add_updated_at_trigger

# revision identifiers, used by Alembic.
revision: str = "9b20d8f46ec3"
down_revision: str | tuple[str, ...] | None = "17c95a0e8d4b"
branch_labels = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "purchase_orders",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("supplier_country", sa.CHAR(2), nullable=True),
        sa.Column("supplier_number", sa.Integer(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), sa.ForeignKey("purchase_orders.id"), nullable=True),
        sa.Column("ordered_on", sa.Date(), nullable=False, server_default=sa.func.current_date()),
        sa.Column("lines", postgresql.JSONB(), nullable=False, server_default="[]"),
        sa.Column("line_count", sa.Integer(), sa.Computed("jsonb_array_length(lines)", persisted=True)),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.ForeignKeyConstraint(
            ["supplier_country", "supplier_number"], ["suppliers.country", "suppliers.number"],
            name="fk_purchase_orders_supplier", match="FULL", onupdate="CASCADE", ondelete="SET NULL",
        ),
        sa.CheckConstraint("jsonb_typeof(lines) = 'array'", name="ck_purchase_orders_lines"),
    )
    add_updated_at_trigger("purchase_orders")


def downgrade() -> None:
    op.drop_table("purchase_orders")
