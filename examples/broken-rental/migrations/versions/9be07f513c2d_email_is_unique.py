"""email is unique

Revision ID: 9be07f513c2d
Revises: 73c9d0e2f5a8
Create Date: 2022-11-03 09:58:20.117436

"""
from alembic import op
import sqlalchemy as sa

revision = "9be07f513c2d"
down_revision = "d80b14c6a7e3"
branch_labels = None
depends_on = None


def upgrade():
    op.create_unique_constraint("customer_email_unique", "customer", ["email"])


def downgrade():
    op.drop_constraint("customer_email_unique", "customer")
