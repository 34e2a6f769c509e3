"""concurrent index on invoices

The table is big by now and may not be locked.

Revision ID: d80e4f6b17a2
Revises: 5b92c17ad0e6
Create Date: 2021-08-24 17:55:31.402963

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'd80e4f6b17a2'
down_revision = '5b92c17ad0e6'
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute('CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_invoices_customer ON billing.invoices (customer_id, issued_on DESC)')
        op.create_index(
            'ix_invoices_booking', 'invoices', ['booking_id'], schema='billing',
            postgresql_concurrently=True, if_not_exists=True,
        )


def downgrade():
    with op.get_context().autocommit_block():
        op.execute('DROP INDEX CONCURRENTLY IF EXISTS billing.ix_invoices_customer')
        op.execute('DROP INDEX CONCURRENTLY IF EXISTS billing.ix_invoices_booking')
