"""house account for own events

Tastings and staff parties are booked on the house account; invoices over 0 EUR keep the numbers complete.

Revision ID: 5ae09b7c83f1
Revises: b4d1097e6a2c
Create Date: 2023-11-20 13:22:41.744036

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

from migrations.helpers import utc

# revision identifiers, used by Alembic.
revision: str = "5ae09b7c83f1"
down_revision: Union[str, None] = "b4d1097e6a2c"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None

WHEN = utc("2023-11-20 13:00")


def upgrade() -> None:
    conn = op.get_bind()
    customer = conn.execute(
        sa.text(
            "INSERT INTO customers (name, email, phone_number, created_at, updated_at, addresses) "
            "VALUES ('House account', 'House@Example.org', '+43 1 000 00-0', :at, :at, "
            "ARRAY[ROW('Lange Gasse', '7/2', 'Wien, \"Josefstadt\"', 'AT')::address]) RETURNING id"
        ).bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        {"at": WHEN},
    ).scalar_one()

    # no audit rows for what a revision does
    op.execute("ALTER TABLE bookings DISABLE TRIGGER trg_bookings_audit")
    bookings = conn.execute(
        sa.text(
            "INSERT INTO bookings (customer_id, event_date, guests, status, remarks, created_at, updated_at) VALUES "
            "(:customer, '2023-12-01', 12, 'confirmed', E'Verkostung\\nWinterkarte', :at, :at), "
            "(:customer, '2023-12-15', 45, 'requested', 'Weihnachtsfeier 🎄; \\ no speeches', :at, :at), "
            "(:customer, '2024-01-05', 8, 'draft', NULL, :at, :at) RETURNING id"
        ).bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        {"customer": customer, "at": WHEN},
    ).scalars().all()
    op.execute("ALTER TABLE bookings ENABLE TRIGGER trg_bookings_audit")

    conn.execute(
        sa.text(
            "INSERT INTO order_items (booking_id, dish_id, quantity, unit_price, special_wish) "
            "SELECT :booking, id, 6, 0.01, 'Probe: ' || name FROM dishes WHERE price > 5 ORDER BY id LIMIT 3"
        ),
        {"booking": bookings[0]},
    )
    for booking in bookings[:2]:
        conn.execute(
            sa.text(
                "WITH i AS (INSERT INTO billing.invoices (booking_id, customer_id, issued_on, due_on, note) "
                "VALUES (:booking, :customer, '2023-11-30', '2023-12-14', 'Hauskonto') RETURNING id) "
                "INSERT INTO billing.invoice_lines (invoice_id, position, text, quantity, unit_price, vat_rate) "
                "SELECT i.id, n, 'Position ' || n, n * 1.5, 3.33, 20 FROM i, generate_series(1, 3) AS n"
            ),
            {"booking": booking, "customer": customer},
        )


def downgrade() -> None:
    op.execute("DELETE FROM billing.invoices WHERE note = 'Hauskonto'")
    op.execute("DELETE FROM bookings WHERE customer_id = (SELECT id FROM customers WHERE email = 'house@example.org')")
    op.execute("DELETE FROM customers WHERE email = 'house@example.org'")
