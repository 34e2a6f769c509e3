"""cancellation reasons

Revision ID: 30a6f9c8b7e2
Revises: e5d8107bc3f4
Create Date: 2025-11-17 15:45:37.128574

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "30a6f9c8b7e2"
down_revision: Union[str, Sequence[str], None] = "e5d8107bc3f4"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    reasons = op.create_table(
        "cancellation_reasons",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("fee_percent", sa.SmallInteger(), sa.CheckConstraint("fee_percent IN (0, 25, 50, 100)"), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.bulk_insert(
        reasons,
        [
            {"code": "guest", "label": "Cancelled by the guest", "fee_percent": 50},
            {"code": "late", "label": "Cancelled < 3 days before", "fee_percent": 100},
            {"code": "weather", "label": "Unwetter / force majeure", "fee_percent": 0},
            {"code": "house", "label": "Cancelled by us", "fee_percent": 0},
        ],
    )
    op.add_column("bookings", sa.Column("cancellation_reason", sa.String(length=20), nullable=True))
    op.create_foreign_key(None, "bookings", "cancellation_reasons", ["cancellation_reason"], ["code"])
    op.create_check_constraint(
        "ck_bookings_cancellation", "bookings",
        "(status = 'cancelled') OR (cancellation_reason IS NULL)",
    )


def downgrade() -> None:
    op.drop_constraint("ck_bookings_cancellation", "bookings", type_="check")
    op.drop_column("bookings", "cancellation_reason")
    op.drop_table("cancellation_reasons")
