"""covering indexes

Revision ID: 81b5c92e0fd7
Revises: 7f60a4e3d8c2
Create Date: 2024-05-13 11:48:30.962253

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "81b5c92e0fd7"
down_revision: Union[str, None] = "7f60a4e3d8c2"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_bookings_customer_covering", "bookings", ["customer_id", sa.text("event_date DESC")],
            postgresql_include=["guests", "status"], postgresql_concurrently=True, if_not_exists=True,
        )
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_menu_items_price ON menu_items (price DESC NULLS LAST, name COLLATE \"C\") "
            "WHERE active AND price > 0"
        )
    op.execute("CREATE UNIQUE INDEX ux_invoices_once ON billing.invoices (booking_id, credit_note_of) NULLS NOT DISTINCT WHERE booking_id IS NOT NULL")
    op.execute("CREATE INDEX ix_audit_log_actor_day ON audit_log ((lower(actor)), ((changes ->> 'status'::text)))")


def downgrade() -> None:
    op.execute("DROP INDEX ix_audit_log_actor_day")
    op.execute("DROP INDEX billing.ux_invoices_once")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_menu_items_price")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_bookings_customer_covering")
