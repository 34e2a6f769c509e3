"""read only role for reporting

Revision ID: 08c2f6ae5b71
Revises: 573e9cf18d2a
Create Date: 2022-09-12 08:19:44.507712

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "08c2f6ae5b71"
down_revision: Union[str, None] = "573e9cf18d2a"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None

ROLE = "catering_readonly"


def upgrade() -> None:
    # the role is shared by all databases of a server, so it may be there already
    op.execute(
        f"""
        DO $do$
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
                CREATE ROLE {ROLE} NOLOGIN;
            END IF;
        END
        $do$
        """
    )
    op.execute(f"GRANT USAGE ON SCHEMA public, billing TO {ROLE}")
    for table in ("bookings", "order_items", "dishes", "menu_categories", "venues", "open_bookings", "open_bookings_by_week"):
        op.execute(f"GRANT SELECT ON {table} TO {ROLE}")
    # no names and addresses for reports
    op.execute(f"GRANT SELECT (id, created_at) ON customers TO {ROLE}")
    op.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA billing TO {ROLE}")
    op.execute(f"GRANT USAGE, SELECT ON SEQUENCE billing.invoice_number_seq TO {ROLE}")
    op.execute(f"GRANT EXECUTE ON FUNCTION billing.gross(numeric, numeric) TO {ROLE}")


def downgrade() -> None:
    op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public, billing FROM {ROLE}")
    op.execute(f"REVOKE ALL (id, created_at) ON customers FROM {ROLE}")
    op.execute(f"REVOKE ALL ON SEQUENCE billing.invoice_number_seq FROM {ROLE}")
    op.execute(f"REVOKE ALL ON FUNCTION billing.gross(numeric, numeric) FROM {ROLE}")
    op.execute(f"REVOKE ALL ON SCHEMA public, billing FROM {ROLE}")
    # the role itself stays, other databases may use it
