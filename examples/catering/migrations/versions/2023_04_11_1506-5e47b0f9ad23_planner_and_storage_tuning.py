"""planner and storage tuning

Revision ID: 5e47b0f9ad23
Revises: a83e5c0d1b96
Create Date: 2023-04-11 15:06:59.284473

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "5e47b0f9ad23"
down_revision: Union[str, None] = "a83e5c0d1b96"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute("ALTER TABLE bookings ALTER COLUMN event_date SET STATISTICS 500")
    op.execute("ALTER TABLE bookings ALTER COLUMN remarks SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE bookings ALTER COLUMN customer_id SET (n_distinct = -0.2)")
    op.execute("ALTER TABLE venues ALTER COLUMN city SET DATA TYPE varchar(80) COLLATE \"C\"")
    op.execute("CREATE STATISTICS st_bookings_venue_status (dependencies, ndistinct) ON venue_id, status FROM bookings")
    op.execute("CREATE STATISTICS billing.st_invoices_month ON (date_trunc('month', issued_on::timestamp)) FROM billing.invoices")
    op.execute("ALTER TABLE order_items SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)")
    op.execute("ALTER INDEX ix_bookings_event_date SET (fillfactor = 70)")


def downgrade() -> None:
    op.execute("ALTER INDEX ix_bookings_event_date RESET (fillfactor)")
    op.execute("ALTER TABLE order_items RESET (fillfactor, autovacuum_vacuum_scale_factor)")
    op.execute("DROP STATISTICS billing.st_invoices_month")
    op.execute("DROP STATISTICS st_bookings_venue_status")
    op.execute("ALTER TABLE venues ALTER COLUMN city SET DATA TYPE varchar(80) COLLATE \"default\"")
    op.execute("ALTER TABLE bookings ALTER COLUMN customer_id RESET (n_distinct)")
    op.execute("ALTER TABLE bookings ALTER COLUMN remarks SET STORAGE EXTENDED")
    op.execute("ALTER TABLE bookings ALTER COLUMN event_date SET STATISTICS -1")
