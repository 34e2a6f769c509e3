"""depot of equipment

Revision ID: 4a96f2d7b1c0
Revises: d80b14c6a7e3
Create Date: 2022-11-02 13:12:44.908135

"""
from alembic import op
import sqlalchemy as sa

revision = "4a96f2d7b1c0"
down_revision = "d80b14c6a7e3"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("equipment", sa.Column("depot_id", sa.Integer))
    op.create_foreign_key("equipment_depot", "equipment", "depot", ["depot_id"], ["id"])


def downgrade():
    op.drop_column("equipment", "depot_id")
