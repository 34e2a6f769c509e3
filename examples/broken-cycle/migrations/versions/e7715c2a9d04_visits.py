"""visits

Revision ID: e7715c2a9d04
Revises: b3480d6f7a9c
Create Date: 2023-06-01 10:00:00

"""
from alembic import op
import sqlalchemy as sa

revision = "e7715c2a9d04"
down_revision = "b3480d6f7a9c"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "visit",
        sa.Column("card_number", sa.BigInteger, sa.ForeignKey("card.number"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )


def downgrade():
    op.drop_table("visit")
