"""damage reports

Revision ID: d80b14c6a7e3
Revises: 73c9d0e2f5a8
Create Date: 2022-09-14 11:37:29.440710

"""
from alembic import op
import sqlalchemy as sa

revision = "d80b14c6a7e3"
down_revision = "73c9d0e2f5a8"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "damage_report",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("rental_id", sa.Integer, sa.ForeignKey("rental.id"), nullable=False),
        sa.Column("described", sa.Text, nullable=False),
    )


def downgrade():
    op.drop_table("damage_report")
