"""mileage

Revision ID: 0002
Revises: 0001
Create Date: 2023-01-17 08:00:00

"""
from alembic import op
import sqlalchemy as sa

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("vehicle", sa.Column("mileage", sa.Integer, server_default="0", nullable=False))


def downgrade():
    op.drop_column("vehicle", "mileage")
