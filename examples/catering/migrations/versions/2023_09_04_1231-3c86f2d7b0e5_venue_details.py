"""venue details

Revision ID: 3c86f2d7b0e5
Revises: 70e3ac5d19f8
Create Date: 2023-09-04 12:31:45.829117

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "3c86f2d7b0e5"
down_revision: Union[str, None] = "70e3ac5d19f8"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    with op.batch_alter_table("venues") as batch_op:
        batch_op.add_column(sa.Column("code", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("has_kitchen", sa.Boolean(), server_default=sa.text("false"), nullable=False))
        batch_op.alter_column("seats", existing_type=sa.SmallInteger(), type_=sa.Integer(), existing_nullable=False)
        batch_op.alter_column("street", existing_type=sa.String(length=120), type_=sa.Text())
        batch_op.create_unique_constraint("uq_venues_code", ["code"])
        batch_op.create_check_constraint("ck_venues_seats", "seats BETWEEN 0 AND 20000")

    with op.batch_alter_table("order_items") as batch_op:
        batch_op.alter_column("special_wish", existing_type=sa.String(length=255), server_default="")
        batch_op.drop_constraint("uq_booking_items_booking_dish", type_="unique")


def downgrade() -> None:
    with op.batch_alter_table("order_items") as batch_op:
        batch_op.create_unique_constraint("uq_booking_items_booking_dish", ["booking_id", "dish_id"])
        batch_op.alter_column("special_wish", existing_type=sa.String(length=255), server_default=None)

    with op.batch_alter_table("venues") as batch_op:
        batch_op.drop_constraint("ck_venues_seats", type_="check")
        batch_op.drop_constraint("uq_venues_code", type_="unique")
        batch_op.alter_column("street", existing_type=sa.Text(), type_=sa.String(length=120))
        batch_op.alter_column("seats", existing_type=sa.Integer(), type_=sa.SmallInteger(), existing_nullable=False)
        batch_op.drop_column("has_kitchen")
        batch_op.drop_column("code")
