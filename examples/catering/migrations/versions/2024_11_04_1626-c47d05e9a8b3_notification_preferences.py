"""notification preferences

Revision ID: c47d05e9a8b3
Revises: fa13c6e5b082
Create Date: 2024-11-04 16:26:58.041873

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

# revision identifiers, used by Alembic.
revision: str = "c47d05e9a8b3"
down_revision: Union[str, Sequence[str], None] = "fa13c6e5b082"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "notification_preferences",
        sa.Column("customer_id", sa.Integer(), sa.ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("channels", postgresql.ARRAY(sa.String(length=10)), server_default=sa.text("'{mail,\"sms;push\"}'"), nullable=False),
        sa.Column("quiet_from", sa.Time(), server_default=sa.text("'21:30:00'::time"), nullable=True),
        sa.Column("quiet_for", postgresql.INTERVAL(fields="HOUR TO MINUTE"), server_default=sa.text("'9 hours'::interval"), nullable=True),
        sa.Column("options", postgresql.JSONB(), server_default=sa.text("'{\"digest\"\\: \"weekly\", \"lang\"\\: [\"de\", \"en\"], \"rate\"\\: 0.5}'::jsonb"), nullable=False),
        sa.Column("greeting", sa.Text(), server_default=sa.text("E'Dear guest,\\n\\tit\\'s a \"pleasure\" \\\\o/ at 100%'"), nullable=False),
        sa.Column("flags", postgresql.BIT(8), server_default=sa.text("B'00101010'"), nullable=False),
        sa.Column("mood", sa.CHAR(1), server_default="ü", nullable=True),
        sa.Column("weight", sa.REAL(), server_default=sa.text("'-1.5e-3'::real"), nullable=False),
        sa.Column("unsubscribed", sa.Date(), server_default=sa.text("'infinity'::date"), nullable=True),
        sa.Column("seq", sa.BigInteger(), server_default=sa.text("nextval('billing.credit_note_seq'::regclass)"), nullable=False),
        sa.Column("nothing", sa.Text(), server_default=sa.text("NULL"), nullable=True),
        sa.Column(
            "search", postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('simple'::regconfig, coalesce(greeting, ''))", persisted=True),
        ),
    )
    op.create_index("ix_notification_preferences_search", "notification_preferences", ["search"], postgresql_using="gin")
    op.execute(
        "INSERT INTO notification_preferences (customer_id, weight) "
        "SELECT id, 'NaN' FROM customers WHERE email = 'house@example.org'"
    )


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("notification_preferences")
