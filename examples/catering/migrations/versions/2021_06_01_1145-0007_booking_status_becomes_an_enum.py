"""Booking status becomes an enum

Revision ID: 0007
Revises: 0006
Create Date: 2021-06-01 11:45:00

"""
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TYPE booking_status AS ENUM ('draft', 'requested', 'confirmed', 'cancelled')")
    op.execute("ALTER TABLE bookings ALTER COLUMN status DROP DEFAULT")
    op.execute("ALTER TABLE bookings ALTER COLUMN status TYPE booking_status USING status::booking_status")
    op.execute("ALTER TABLE bookings ALTER COLUMN status SET DEFAULT 'draft'")


def downgrade():
    op.execute("ALTER TABLE bookings ALTER COLUMN status DROP DEFAULT")
    op.execute("ALTER TABLE bookings ALTER COLUMN status TYPE varchar(20) USING status::text")
    op.execute("ALTER TABLE bookings ALTER COLUMN status SET DEFAULT 'draft'")
    op.execute("DROP TYPE booking_status")
