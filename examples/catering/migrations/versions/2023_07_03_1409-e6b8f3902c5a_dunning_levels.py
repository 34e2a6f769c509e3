"""dunning levels

Revision ID: e6b8f3902c5a
Revises: 4d7e1c60fa8b
Create Date: 2023-07-03 14:09:33.910822

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from migrations.helpers import utc

# revision identifiers, used by Alembic.
revision: str = "e6b8f3902c5a"
down_revision: Union[str, None] = "4d7e1c60fa8b"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    levels = op.create_table(
        "dunning_levels",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, primary_key=True),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("days_overdue", sa.Integer(), nullable=False),
        sa.Column("fee", sa.Numeric(8, 2), server_default=sa.text("0"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("texts_by_language", postgresql.JSONB(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        schema="billing",
    )
    op.bulk_insert(
        levels,
        [
            {
                "level": 1, "title": "Zahlungserinnerung", "days_overdue": 7, "fee": 0,
                "text": "Rechnung {number} über {total:.2f} € ist offen.\nBitte prüfen: https://pay.example.org/%(number)s?a=1&b=%20",
                "texts_by_language": {"en": "Invoice {number} is open", "it": "Fattura {number} aperta – l'importo: :total"},
                "changed_at": utc("2023-07-03 14:00"),
            },
            {
                "level": 2, "title": "1. Mahnung", "days_overdue": 21, "fee": 5,
                "text": "Trotz Erinnerung ist Rechnung {number} offen.\n\tBetrag:\t{total:.2f} €\n\tGebühr:\t%s €",
                "texts_by_language": {"en": "First reminder\t{number}", "nested": {"a": [1, 2.50, None, True], "b\"c": "\\d+"}},
                "changed_at": utc("2023-07-03 14:00"),
            },
            {
                "level": 3, "title": "Letzte Mahnung", "days_overdue": 42, "fee": 12.5,
                "text": "Wir geben die Forderung ab; $1 und ${total} bleiben Platzhalter. 'Letzte' \"Frist\": :deadline::date",
                "texts_by_language": None,
                "changed_at": utc("2023-07-03 14:00"),
            },
        ],
    )
    op.add_column("invoices", sa.Column("dunning_level", sa.SmallInteger(), nullable=True), schema="billing")
    op.create_foreign_key(
        "fk_invoices_dunning", "invoices", "dunning_levels", ["dunning_level"], ["level"],
        source_schema="billing", referent_schema="billing",
    )


def downgrade() -> None:
    op.drop_constraint("fk_invoices_dunning", "invoices", schema="billing", type_="foreignkey")
    op.drop_column("invoices", "dunning_level", schema="billing")
    op.drop_table("dunning_levels", schema="billing")
