"""cards expire

Revision ID: b3480d6f7a9c
Revises: 6a0f8e3d5b12
Create Date: 2023-05-16 10:00:00

"""
from alembic import op
import sqlalchemy as sa

revision = "b3480d6f7a9c"
down_revision = "6a0f8e3d5b12"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("card", sa.Column("expires_on", sa.Date))


def downgrade():
    op.drop_column("card", "expires_on")
