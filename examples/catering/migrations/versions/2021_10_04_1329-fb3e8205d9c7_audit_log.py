"""audit log

Revision ID: fb3e8205d9c7
Revises: 61d0c4b9e2f7
Create Date: 2021-10-04 13:29:07.884120

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

# revision identifiers, used by Alembic.
revision = "fb3e8205d9c7"
down_revision = "61d0c4b9e2f7"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("action", sa.CHAR(1), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=True),
        sa.Column("changes", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("actor", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=True),
        sa.CheckConstraint("action IN ('I', 'U', 'D')", name="ck_audit_log_action"),
    )
    op.create_index("ix_audit_log_changes", "audit_log", ["changes"], postgresql_using="gin")
    op.execute(
        r"""
        CREATE FUNCTION write_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path TO public, pg_temp
        AS $audit$
        DECLARE
            before_row jsonb := '{}';
            after_row  jsonb := '{}';
            diff       jsonb;
        BEGIN
            IF TG_OP <> 'INSERT' THEN before_row := to_jsonb(OLD); END IF;
            IF TG_OP <> 'DELETE' THEN after_row := to_jsonb(NEW); END IF;
            /* keep what changed; "password" columns never leave the row; a comment with a ; and a ' in it */
            SELECT coalesce(jsonb_object_agg(k, jsonb_build_array(before_row -> k, after_row -> k)), '{}')
              INTO diff
              FROM (SELECT jsonb_object_keys(before_row || after_row) AS k) AS keys
             WHERE before_row -> k IS DISTINCT FROM after_row -> k
               AND k NOT LIKE '%password%';
            INSERT INTO audit_log (table_name, action, row_id, changes)
            VALUES (format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME), left(TG_OP, 1),
                    coalesce(after_row ->> 'id', before_row ->> 'id'), diff);
            RETURN coalesce(NEW, OLD);
        EXCEPTION
            WHEN OTHERS THEN
                RAISE WARNING 'audit of % failed: %', TG_TABLE_NAME, SQLERRM;
                RETURN coalesce(NEW, OLD);
        END
        $audit$
        """
    )
    op.execute(
        "CREATE TRIGGER trg_bookings_audit AFTER INSERT OR DELETE OR UPDATE OF status, event_date, guests ON bookings "
        "FOR EACH ROW EXECUTE FUNCTION write_audit()"
    )


def downgrade():
    op.execute("DROP TRIGGER trg_bookings_audit ON bookings")
    op.execute("DROP FUNCTION write_audit()")
    op.drop_table("audit_log")
