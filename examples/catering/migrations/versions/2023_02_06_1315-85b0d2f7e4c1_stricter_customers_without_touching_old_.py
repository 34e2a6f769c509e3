"""stricter customers without touching old rows

Old rows break these rules, they are cleaned up by the office over the year.

Revision ID: 85b0d2f7e4c1
Revises: 20230115093000
Create Date: 2023-02-06 13:15:40.620719

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "85b0d2f7e4c1"
down_revision: Union[str, None] = "20230115093000"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute(
        r"ALTER TABLE customers ADD CONSTRAINT ck_customers_phone "
        r"CHECK (phone_number IS NULL OR phone_number ~ '^\+?[0-9 /()\-]{5,}$') NOT VALID"
    )
    op.add_column("customers", sa.Column("preferred_venue_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        "fk_customers_preferred_venue", "customers", "venues", ["preferred_venue_id"], ["id"],
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE bookings ADD CONSTRAINT ck_bookings_future CHECK (event_date >= DATE '2021-01-01') NOT VALID")


def downgrade() -> None:
    op.drop_constraint("ck_bookings_future", "bookings", type_="check")
    op.drop_column("customers", "preferred_venue_id")
    op.drop_constraint("ck_customers_phone", "customers", type_="check")
