"""equipment

Revision ID: 8c1f0a2b7d31
Revises: 
Create Date: 2022-03-02 09:15:41.120034

"""
from alembic import op
import sqlalchemy as sa

revision = "8c1f0a2b7d31"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "equipment",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("serial_number", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("daily_rate", sa.Numeric(10, 2), nullable=False),
        sa.CheckConstraint("daily_rate >= 0", name="equipment_daily_rate_positive"),
    )


def downgrade():
    op.drop_table("equipment")
