"""customers

Revision ID: b5d2e9047c16
Revises: 8c1f0a2b7d31
Create Date: 2022-03-09 14:02:10.553921

"""
from alembic import op
import sqlalchemy as sa

revision = "b5d2e9047c16"
down_revision = "8c1f0a2b7d31"
branch_labels = None
depends_on = None


def upgrade():
    # from the release branch
    op.create_table(
        "customer",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text),
    )


def downgrade():
    op.drop_table("customer")
