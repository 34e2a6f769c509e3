"""payments

Revision ID: 4d7e1c60fa8b
Revises: c9180e6bf4d5
Create Date: 2023-06-12 11:24:08.345071

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "4d7e1c60fa8b"
down_revision: Union[str, None] = "c9180e6bf4d5"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True, start=1000, increment=1), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "method",
            sa.Enum("transfer", "card", "cash", "cheque", name="payment_method", schema="billing"),
            server_default="transfer",
            nullable=False,
        ),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=140), nullable=True),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_payments_amount")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["billing.invoices.id"], name=op.f("fk_payments_invoice_id_invoices"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        schema="billing",
    )
    op.create_index(op.f("ix_billing_payments_invoice_id"), "payments", ["invoice_id"], unique=False, schema="billing")


def downgrade() -> None:
    op.drop_table("payments", schema="billing")
    sa.Enum(name="payment_method", schema="billing").drop(op.get_bind())
