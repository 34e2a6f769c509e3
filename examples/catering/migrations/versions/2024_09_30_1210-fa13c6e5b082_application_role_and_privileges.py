"""application role and privileges

Revision ID: fa13c6e5b082
Revises: 2b7f84d60e9a
Create Date: 2024-09-30 12:10:05.637729

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "fa13c6e5b082"
down_revision: Union[str, Sequence[str], None] = "2b7f84d60e9a"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute(
        """
        DO $$
        BEGIN
            CREATE ROLE catering_app NOLOGIN;
        EXCEPTION
            WHEN duplicate_object THEN NULL; -- made by another database of the server
        END;
        $$
        """
    )
    op.execute("GRANT catering_readonly TO catering_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO catering_app")
    op.execute("REVOKE UPDATE, DELETE ON audit_log FROM catering_app")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO catering_app")
    op.execute("GRANT SELECT, INSERT ON billing.invoices, billing.invoice_lines, billing.payments TO catering_app")
    op.execute("GRANT UPDATE (dunning_level, note), REFERENCES (id) ON billing.invoices TO catering_app WITH GRANT OPTION")
    op.execute("GRANT USAGE ON TYPE billing.payment_method TO catering_app")

    # nobody but the application checks tokens
    op.execute("REVOKE ALL ON FUNCTION token_matches(text, bytea) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION token_matches(text, bytea) TO catering_app")
    op.execute("REVOKE EXECUTE ON PROCEDURE billing.close_day(date, integer) FROM PUBLIC")

    # and for what is created later
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA billing GRANT SELECT ON TABLES TO catering_readonly")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO catering_app")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO catering_app")

    op.execute("ALTER ROLE catering_readonly SET statement_timeout = '30s'")
    op.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_text_search_config = %L', "
        "current_database(), 'pg_catalog.german'); END $$"
    )


def downgrade() -> None:
    op.execute("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET default_text_search_config', current_database()); END $$")
    op.execute("ALTER ROLE catering_readonly RESET statement_timeout")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE USAGE ON SEQUENCES FROM catering_app")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM catering_app")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA billing REVOKE SELECT ON TABLES FROM catering_readonly")
    op.execute("GRANT EXECUTE ON PROCEDURE billing.close_day(date, integer) TO PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION token_matches(text, bytea) TO PUBLIC")
    op.execute("REVOKE ALL ON FUNCTION token_matches(text, bytea) FROM catering_app")
    op.execute("REVOKE USAGE ON TYPE billing.payment_method FROM catering_app")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public, billing FROM catering_app")
    op.execute("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM catering_app")
    op.execute("REVOKE catering_readonly FROM catering_app")
