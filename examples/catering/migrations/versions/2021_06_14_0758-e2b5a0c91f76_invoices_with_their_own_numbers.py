"""invoices with their own numbers

Revision ID: e2b5a0c91f76
Revises: 0007
Create Date: 2021-06-14 07:58:39.220174

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = "e2b5a0c91f76"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE SEQUENCE billing.invoice_number_seq AS bigint START WITH 10000 INCREMENT BY 10 MINVALUE 10000 NO CYCLE")
    op.create_table(
        "invoices",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), server_default=sa.text("nextval('billing.invoice_number_seq')"), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), server_default=sa.text("CURRENT_DATE"), nullable=False),
        sa.Column("due_on", sa.Date(), server_default=sa.text("(CURRENT_DATE + 14)"), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), server_default="EUR", nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("'Payable within 14 days; no discount, it''s net'"), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number", name="uq_invoices_number", deferrable=True, initially="IMMEDIATE"),
        sa.CheckConstraint("due_on >= issued_on", name="ck_invoices_due"),
        schema="billing",
    )
    op.create_foreign_key(
        "fk_invoices_booking", "invoices", "bookings", ["booking_id"], ["id"],
        source_schema="billing", deferrable=True, initially="DEFERRED",
    )
    op.create_foreign_key("fk_invoices_customer", "invoices", "customers", ["customer_id"], ["id"], source_schema="billing")
    op.execute("ALTER SEQUENCE billing.invoice_number_seq OWNED BY billing.invoices.number")


def downgrade():
    op.drop_table("invoices", schema="billing")
