"""gross amount function and day closing

Revision ID: 96a8d3f04b7e
Revises: f5e0873cb29d
Create Date: 2022-07-11 09:05:57.438809

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = "96a8d3f04b7e"
down_revision = "f5e0873cb29d"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        """
        CREATE FUNCTION billing.gross(net numeric, rate numeric DEFAULT 19.00) RETURNS numeric
            LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
            BEGIN ATOMIC
                SELECT round(net * (1 + rate / 100), 2);
            END
        """
    )
    op.execute(
        """
        CREATE FUNCTION billing.invoice_total(p_invoice bigint, OUT net numeric, OUT gross numeric)
            LANGUAGE sql STABLE
            BEGIN ATOMIC
                SELECT sum(l.net), sum(billing.gross(l.net, l.vat_rate))
                FROM billing.invoice_lines l
                WHERE l.invoice_id = p_invoice;
            END
        """
    )
    op.execute(
        """
        CREATE PROCEDURE billing.close_day(p_day date, INOUT p_closed integer DEFAULT 0)
            LANGUAGE plpgsql
        AS $proc$
        DECLARE
            inv record;
            total numeric := 0;
        BEGIN
            -- BEGIN of the real work; every invoice is settled on its own
            FOR inv IN SELECT i.id, i.due_on FROM billing.invoices i WHERE i.issued_on <= p_day ORDER BY i.id LOOP
                SELECT t.gross INTO total FROM billing.invoice_total(inv.id) AS t;
                IF total % 1 = 0 AND total > 0 THEN
                    RAISE NOTICE 'invoice %: even amount % (%%)', inv.id, total;
                END IF;
                p_closed := p_closed + 1;
            END LOOP;
        END;
        $proc$
        """
    )


def downgrade():
    op.execute("DROP PROCEDURE billing.close_day(date, integer)")
    op.execute("DROP FUNCTION billing.invoice_total(bigint)")
    op.execute("DROP FUNCTION billing.gross(numeric, numeric)")
