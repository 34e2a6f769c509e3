"""rentals

Revision ID: 1f7a3c88e0b4
Revises: b5d2e9047c16
Create Date: 2022-04-20 08:44:57.002817

"""
from alembic import op
import sqlalchemy as sa

revision = "1f7a3c88e0b4"
down_revision = "b5d2e9047c16"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "rental",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("equipment_id", sa.Integer, sa.ForeignKey("equipment.id"), nullable=False),
        sa.Column("customer_id", sa.Integer, sa.ForeignKey("customer.id"), nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date),
    )
    op.create_index("rental_equipment", "rental", ["equipment_id", "starts_on"])


def downgrade():
    op.drop_table("rental")
