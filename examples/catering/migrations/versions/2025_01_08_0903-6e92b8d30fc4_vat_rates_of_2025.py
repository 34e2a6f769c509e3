"""vat rates of 2025

Revision ID: 6e92b8d30fc4
Revises: c47d05e9a8b3
Create Date: 2025-01-08 09:03:24.719250

"""
from datetime import date
from decimal import Decimal
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "6e92b8d30fc4"
down_revision: Union[str, Sequence[str], None] = "c47d05e9a8b3"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None

NEW_RATES = [
    ("CH", "standard", Decimal("8.10"), date(2024, 1, 1)),
    ("CH", "reduced", Decimal("2.60"), date(2024, 1, 1)),
    ("SK", "standard", Decimal("23.00"), date(2025, 1, 1)),
    ("SK", "reduced", Decimal("5.00"), date(2025, 1, 1)),
]

vat_rates = sa.table(
    "vat_rates",
    sa.column("country", sa.CHAR(2)),
    sa.column("kind", sa.String),
    sa.column("rate", sa.Numeric(5, 2)),
    sa.column("valid_from", sa.Date),
    sa.column("valid_to", sa.Date),
    schema="billing",
)


def upgrade() -> None:
    conn = op.get_bind()
    conn.execute(sa.delete(vat_rates).where(vat_rates.c.kind == "covid"))
    conn.execute(
        sa.update(vat_rates)
        .where(vat_rates.c.country == "AT", vat_rates.c.valid_to.is_(None))
        .values(valid_from=date(2022, 1, 1))
    )
    for country, kind, rate, valid_from in NEW_RATES:
        known = conn.execute(
            sa.select(sa.func.count()).select_from(vat_rates).where(vat_rates.c.country == country, vat_rates.c.kind == kind)
        ).scalar_one()
        if not known:
            conn.execute(sa.insert(vat_rates).values(country=country, kind=kind, rate=rate, valid_from=valid_from))


def downgrade() -> None:
    raise NotImplementedError("VAT rates are never taken back")
