"""views for the office

Revision ID: 0df62b95ac87
Revises: 43c1e85d7fa9
Create Date: 2022-05-30 13:08:22.667914

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = '0df62b95ac87'
down_revision = '43c1e85d7fa9'
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        """
        CREATE VIEW open_bookings AS
        SELECT b.id, b.event_date, b.guests, b.status, c.name AS customer, c.email, v.name AS venue,
               coalesce(sum(i.quantity * i.unit_price), 0)::numeric(12, 2) AS net_total
        FROM bookings b
        JOIN customers c ON c.id = b.customer_id
        LEFT JOIN venues v ON v.id = b.venue_id
        LEFT JOIN order_items i ON i.booking_id = b.id
        WHERE b.status NOT IN ('cancelled', 'delivered')
        GROUP BY b.id, c.id, v.id
        """
    )
    op.execute(
        """
        CREATE VIEW open_bookings_by_week (week, bookings, guests, net_total) WITH (security_barrier = true) AS
        SELECT date_trunc('week', event_date)::date, count(*), sum(guests), sum(net_total)
        FROM open_bookings
        GROUP BY 1
        """
    )


def downgrade():
    op.execute('DROP VIEW open_bookings_by_week')
    op.execute('DROP VIEW open_bookings')
