"""cards

Revision ID: 6a0f8e3d5b12
Revises: e7715c2a9d04
Create Date: 2023-05-09 10:00:00

"""
from alembic import op
import sqlalchemy as sa

revision = "6a0f8e3d5b12"
down_revision = "e7715c2a9d04"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "card",
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("member.id"), nullable=False),
    )


def downgrade():
    op.drop_table("card")
