"""members

Revision ID: 2d9c4b7e1f60
Revises: 
Create Date: 2023-05-02 10:00:00

"""
from alembic import op
import sqlalchemy as sa

revision = "2d9c4b7e1f60"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("member", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("member")
