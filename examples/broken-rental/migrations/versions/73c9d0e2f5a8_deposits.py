"""deposits

Revision ID: 73c9d0e2f5a8
Revises: e41b6d5f9a20
Create Date: 2022-06-01 16:20:03.871220

"""
from alembic import op
import sqlalchemy as sa

revision = "73c9d0e2f5a8"
down_revision = "e41b6d5f9a20"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("rental", sa.Column("deposit", sa.Numeric(10, 2), server_default="0", nullable=False))


def downgrade():
    op.drop_column("rental", "deposit")
