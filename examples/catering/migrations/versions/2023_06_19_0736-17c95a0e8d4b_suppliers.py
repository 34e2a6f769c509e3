"""suppliers

Revision ID: 17c95a0e8d4b
Revises: c9180e6bf4d5
Create Date: 2023-06-19 07:36:50.118294

"""
from __future__ import annotations

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from migrations.helpers import add_updated_at_trigger, drop_updated_at_trigger, utc

# revision identifiers, used by Alembic.
revision: str = "17c95a0e8d4b"
down_revision: str | tuple[str, ...] | None = "c9180e6bf4d5"
branch_labels = None
depends_on: str | None = None


def upgrade() -> None:
    suppliers = op.create_table(
        "suppliers",
        sa.Column("country", sa.CHAR(2), nullable=False, server_default="DE"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120, collation="C"), nullable=False),
        sa.Column("delivers_on", postgresql.ARRAY(sa.SmallInteger()), nullable=False, server_default="{1,3,5}"),
        sa.Column("website", sa.String(200), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("country", "number"),
        sa.UniqueConstraint("name", name="uq_suppliers_name"),
    )
    add_updated_at_trigger("suppliers")
    op.bulk_insert(
        suppliers,
        [
            {"country": "DE", "number": 1, "name": "Großmarkt Süd", "delivers_on": [1, 2, 3, 4, 5], "website": "https://gross.example.org/?q=%C3%BC", "updated_at": utc("2023-06-19 07:00")},
            {"country": "AT", "number": 1, "name": "Käserei Alm", "delivers_on": [4], "website": None, "updated_at": utc("2023-06-19 07:00")},
            {"country": "DE", "number": 2, "name": "baker O'Neill & Co.", "delivers_on": [], "website": "https://bread.example.org", "updated_at": utc("2023-06-19 07:00")},
        ],
    )


def downgrade() -> None:
    drop_updated_at_trigger("suppliers")
    op.drop_table("suppliers")
