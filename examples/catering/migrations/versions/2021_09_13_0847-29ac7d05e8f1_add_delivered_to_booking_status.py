"""add delivered to booking status

Revision ID: 29ac7d05e8f1
Revises: d80e4f6b17a2
Create Date: 2021-09-13 08:47:20.556318

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = '29ac7d05e8f1'
down_revision = 'd80e4f6b17a2'
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE booking_status ADD VALUE IF NOT EXISTS 'delivered' AFTER 'confirmed'")


def downgrade():
    # a value cannot be taken out of an enum; it does no harm
    pass
