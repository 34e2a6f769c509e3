"""offered bookings

Revision ID: 20240603081500
Revises: 81b5c92e0fd7
Create Date: 2024-06-03 08:15:00.000000

"""
from __future__ import annotations

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "20240603081500"
down_revision: str | tuple[str, ...] | None = "81b5c92e0fd7"
branch_labels = None
depends_on: str | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE booking_status ADD VALUE IF NOT EXISTS 'offered' BEFORE 'confirmed'")
        op.execute("ALTER TYPE booking_status ADD VALUE IF NOT EXISTS 'no-show'")
    # views and indexes follow by themselves
    op.execute("ALTER TYPE booking_status RENAME VALUE 'delivered' TO 'completed'")


def downgrade() -> None:
    op.execute("ALTER TYPE booking_status RENAME VALUE 'completed' TO 'delivered'")
