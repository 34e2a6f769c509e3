"""printed menu cards

The print shop reads this table directly, hence the German names.

Revision ID: a83e5c0d1b96
Revises: f2a96d81c70e
Create Date: 2023-03-20 10:44:25.732190

"""
from decimal import Decimal
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

# revision identifiers, used by Alembic.
revision: str = "a83e5c0d1b96"
down_revision: Union[str, None] = "f2a96d81c70e"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    card = op.create_table(
        "Menükarte",
        sa.Column("id", sa.Integer(), sa.Identity(always=True, start=1, increment=5), primary_key=True),
        sa.Column("Größe", sa.String(length=10), server_default="A4", nullable=False),
        sa.Column("order", sa.Integer(), server_default=sa.text("(10 * 10)"), nullable=False),
        sa.Column("Preis pro Person", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column('Anzeige"name"', sa.Text(), nullable=True),
        sa.Column("select", postgresql.ARRAY(sa.Text()), server_default=sa.text("ARRAY['vegan', 'fish; fresh']"), nullable=False),
        sa.CheckConstraint("\"Größe\" IN ('A4', 'A5', 'A6 quer')", name="ck_Menükarte_Größe"),
    )
    op.create_index("ix Menükarte Größe", "Menükarte", ["Größe", sa.text('"order" DESC')])
    op.bulk_insert(
        card,
        [
            {"Größe": "A4", "order": 10, "Preis pro Person": Decimal("24.50"), 'Anzeige"name"': 'Menü "Frühling"', "select": ["vegan", "Spargel, weiß"]},
            {"Größe": "A5", "order": 20, "Preis pro Person": Decimal("31.00"), 'Anzeige"name"': None, "select": []},
            {"Größe": "A6 quer", "order": 30, "Preis pro Person": Decimal("0.00"), 'Anzeige"name"': "C:\\Druck\\Karte {1}", "select": ["NULL", "a\"b", "c\\d", ""]},
        ],
    )


def downgrade() -> None:
    op.drop_table("Menükarte")
