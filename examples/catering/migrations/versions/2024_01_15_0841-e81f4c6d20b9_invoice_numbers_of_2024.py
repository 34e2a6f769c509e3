"""invoice numbers of 2024

Revision ID: e81f4c6d20b9
Revises: 5ae09b7c83f1
Create Date: 2024-01-15 08:41:17.003648

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "e81f4c6d20b9"
down_revision: Union[str, None] = "5ae09b7c83f1"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    # the tax office wants them without gaps from now on; 24 in front for the year
    op.execute("ALTER SEQUENCE billing.invoice_number_seq INCREMENT BY 1 CACHE 1")
    op.execute("SELECT setval('billing.invoice_number_seq', 240000, false)")
    op.execute("ALTER TABLE billing.payments ALTER COLUMN id RESTART WITH 5000")
    op.execute("CREATE SEQUENCE billing.credit_note_seq START WITH 900 INCREMENT BY -1 MINVALUE 1 MAXVALUE 900 CYCLE")
    op.execute("SELECT nextval('billing.credit_note_seq')")
    op.execute("SELECT nextval('billing.credit_note_seq')")
    op.add_column("invoices", sa.Column("credit_note_of", sa.BigInteger(), nullable=True), schema="billing")
    op.create_foreign_key(
        "fk_invoices_credit_note_of", "invoices", "invoices", ["credit_note_of"], ["id"],
        source_schema="billing", referent_schema="billing",
    )


def downgrade() -> None:
    op.drop_column("invoices", "credit_note_of", schema="billing")
    op.execute("DROP SEQUENCE billing.credit_note_seq")
    op.execute("ALTER SEQUENCE billing.invoice_number_seq INCREMENT BY 10")
