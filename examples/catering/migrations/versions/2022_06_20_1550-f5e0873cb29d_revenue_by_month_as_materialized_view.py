"""revenue by month as materialized view

Revision ID: f5e0873cb29d
Revises: 0df62b95ac87
Create Date: 2022-06-20 15:50:33.021176

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = "f5e0873cb29d"
down_revision = "0df62b95ac87"
branch_labels = None
depends_on = None


def upgrade():
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
        WITH NO DATA
        """
    )
    op.execute("CREATE UNIQUE INDEX ux_revenue_by_month ON billing.revenue_by_month (month, currency)")
    op.execute("REFRESH MATERIALIZED VIEW billing.revenue_by_month")


def downgrade():
    op.execute("DROP MATERIALIZED VIEW billing.revenue_by_month")
