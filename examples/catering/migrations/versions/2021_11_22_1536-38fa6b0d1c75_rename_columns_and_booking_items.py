"""rename columns and booking items

Revision ID: 38fa6b0d1c75
Revises: c09d2e6fa581
Create Date: 2021-11-22 15:36:24.905541

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '38fa6b0d1c75'
down_revision = 'c09d2e6fa581'
branch_labels = None
depends_on = None


def upgrade():
    op.alter_column('customers', 'phone', new_column_name='phone_number', existing_type=sa.String(40))
    op.alter_column('venues', 'zip', new_column_name='postal_code', existing_type=sa.String(10))
    # constraints, the index and the sequence keep the old name, nobody refers to them
    op.rename_table('booking_items', 'order_items')
    op.alter_column('order_items', 'remark', new_column_name='special_wish', existing_type=sa.String(255))


def downgrade():
    op.alter_column('order_items', 'special_wish', new_column_name='remark', existing_type=sa.String(255))
    op.rename_table('order_items', 'booking_items')
    op.alter_column('venues', 'postal_code', new_column_name='zip', existing_type=sa.String(10))
    op.alter_column('customers', 'phone_number', new_column_name='phone', existing_type=sa.String(40))
