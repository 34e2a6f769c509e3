"""depots

Revision ID: d80b14c6a7e3
Revises: 73c9d0e2f5a8
Create Date: 2022-09-13 10:05:51.310044

"""
from alembic import op
import sqlalchemy as sa

revision = "d80b14c6a7e3"
down_revision = "73c9d0e2f5a8"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "depot",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("city", sa.Text, nullable=False),
    )
    op.execute("INSERT INTO depot (id, city) VALUES (1, 'Bremen'), (2, 'Kassel')")


def downgrade():
    op.drop_table("depot")
