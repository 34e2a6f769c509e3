"""audit only visible to admins

Revision ID: bc960e4d7f38
Revises: 08c2f6ae5b71
Create Date: 2022-10-10 14:27:36.143058

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "bc960e4d7f38"
down_revision: Union[str, None] = "08c2f6ae5b71"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute("ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY audit_read ON audit_log FOR SELECT "
        "USING (current_setting('catering.role', true) = 'admin' OR actor = CURRENT_USER)"
    )
    op.execute("CREATE POLICY audit_append ON audit_log FOR INSERT WITH CHECK (true)")
    op.execute(
        "CREATE POLICY audit_no_night_shift ON audit_log AS RESTRICTIVE FOR SELECT TO catering_readonly "
        "USING (EXTRACT(hour FROM happened_at) BETWEEN 6 AND 22)"
    )


def downgrade() -> None:
    for policy in ("audit_no_night_shift", "audit_append", "audit_read"):
        op.execute(f"DROP POLICY {policy} ON audit_log")
    op.execute("ALTER TABLE audit_log DISABLE ROW LEVEL SECURITY")
