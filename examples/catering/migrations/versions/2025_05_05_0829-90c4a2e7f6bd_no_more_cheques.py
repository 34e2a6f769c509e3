"""no more cheques

Revision ID: 90c4a2e7f6bd
Revises: 1f8e3b60d7a5
Create Date: 2025-05-05 08:29:14.190762

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "90c4a2e7f6bd"
down_revision: Union[str, Sequence[str], None] = "1f8e3b60d7a5"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None

OLD = ("transfer", "card", "cash", "cheque")
NEW = ("transfer", "card", "cash", "direct_debit")


def swap_type(values: Sequence[str], using: str) -> None:
    labels = ", ".join(f"'{value}'" for value in values)
    op.execute("ALTER TYPE billing.payment_method RENAME TO payment_method_old")
    op.execute(f"CREATE TYPE billing.payment_method AS ENUM ({labels})")
    op.execute("ALTER TABLE billing.payments ALTER COLUMN method DROP DEFAULT")
    op.execute(f"ALTER TABLE billing.payments ALTER COLUMN method TYPE billing.payment_method USING {using}")
    op.execute("ALTER TABLE billing.payments ALTER COLUMN method SET DEFAULT 'transfer'")
    op.execute("DROP TYPE billing.payment_method_old")


def upgrade() -> None:
    swap_type(NEW, "CASE method::text WHEN 'cheque' THEN 'transfer' ELSE method::text END::billing.payment_method")


def downgrade() -> None:
    swap_type(OLD, "CASE method::text WHEN 'direct_debit' THEN 'transfer' ELSE method::text END::billing.payment_method")
