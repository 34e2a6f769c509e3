"""vehicles

Revision ID: 0001
Revises: 
Create Date: 2023-01-16 08:00:00

"""
from alembic import op
import sqlalchemy as sa

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "vehicle",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("plate", sa.Text, nullable=False, unique=True),
    )


def downgrade():
    op.drop_table("vehicle")
