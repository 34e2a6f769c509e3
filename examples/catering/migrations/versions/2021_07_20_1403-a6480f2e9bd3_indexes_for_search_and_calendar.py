"""indexes for search and calendar

Revision ID: a6480f2e9bd3
Revises: 1de7b3905c4f
Create Date: 2021-07-20 14:03:55.019827

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = 'a6480f2e9bd3'
down_revision = '1de7b3905c4f'
branch_labels = None
depends_on = None


def upgrade():
    op.create_index('ix_bookings_event_date', 'bookings', ['event_date'])
    op.create_index('ix_customers_email_lower', 'customers', [sa.text('lower(email)')], unique=True)
    op.create_index(
        'ix_bookings_open', 'bookings', ['customer_id', 'event_date'],
        postgresql_where=sa.text("status IN ('draft', 'requested')"),
    )
    op.create_index('ix_dishes_category_id_active', 'dishes', ['category_id'], postgresql_where=sa.text('active'))


def downgrade():
    op.drop_index('ix_dishes_category_id_active', table_name='dishes')
    op.drop_index('ix_bookings_open', table_name='bookings')
    op.drop_index('ix_customers_email_lower', table_name='customers')
    op.drop_index('ix_bookings_event_date', table_name='bookings')
