"""weekend prices

Revision ID: 5e0d81c9f3b2
Revises: 9be07f513c2d
Create Date: 2023-03-01 15:45:02.660431

"""
from alembic import op
import sqlalchemy as sa

revision = "5e0d81c9f3b2"
down_revision = "9be07f513c2d"
branch_labels = None
depends_on = None


def upgrade():
    # The table was made by hand, in production: no revision makes it.
    op.add_column("season_price", sa.Column("weekend_rate", sa.Numeric(10, 2)))


def downgrade():
    op.drop_column("season_price", "weekend_rate")
