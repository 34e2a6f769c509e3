"""revenue with gross amounts

Revision ID: 4c0f96a8e1d2
Revises: d37b5f18e0c9
Create Date: 2025-08-11 14:58:03.604437

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "4c0f96a8e1d2"
down_revision: Union[str, Sequence[str], None] = "d37b5f18e0c9"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute("DROP MATERIALIZED VIEW billing.revenue_by_month")
    op.execute(
        """
        CREATE MATERIALIZED VIEW billing.revenue_by_month AS
        SELECT date_trunc('month', i.issued_on::timestamp)::date AS month,
               i.currency,
               count(DISTINCT i.id) AS invoices,
               sum(l.net) AS net,
               sum(billing.gross(l.net, l.vat_rate)) AS gross,
               bool_or(i.dunning_level IN (2, 3)) AS "any reminder"
        FROM billing.invoices i
        JOIN billing.invoice_lines l ON l.invoice_id = i.id
        WHERE i.credit_note_of IS NULL
        GROUP BY 1, 2
        WITH DATA
        """
    )
    op.execute("CREATE UNIQUE INDEX ux_revenue_by_month ON billing.revenue_by_month (month, currency)")
    with op.get_context().autocommit_block():
        op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY billing.revenue_by_month")
    op.execute(
        """
        CREATE VIEW billing.revenue_by_year AS
        SELECT EXTRACT(year FROM month)::integer AS year, currency, sum(net) AS net, sum(gross) AS gross,
               string_agg(to_char(month, 'MM/YY: ') || net, E'\\n' ORDER BY month) AS details
        FROM billing.revenue_by_month
        GROUP BY 1, 2
        """
    )


def downgrade() -> None:
    op.execute("DROP VIEW billing.revenue_by_year")
    op.execute("DROP MATERIALIZED VIEW billing.revenue_by_month")
    op.execute(
        """
        CREATE MATERIALIZED VIEW billing.revenue_by_month AS
        SELECT date_trunc('month', i.issued_on::timestamp)::date AS month,
               i.currency,
               count(DISTINCT i.id) AS invoices,
               sum(l.net) AS net
        FROM billing.invoices i
        JOIN billing.invoice_lines l ON l.invoice_id = i.id
        GROUP BY 1, 2
        """
    )
    op.execute("CREATE UNIQUE INDEX ux_revenue_by_month ON billing.revenue_by_month (month, currency)")
