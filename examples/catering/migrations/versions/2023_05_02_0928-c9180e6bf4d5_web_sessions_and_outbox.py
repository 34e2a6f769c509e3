"""web sessions and outbox

Revision ID: c9180e6bf4d5
Revises: 5e47b0f9ad23
Create Date: 2023-05-02 09:28:14.561902

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

# revision identifiers, used by Alembic.
revision: str = "c9180e6bf4d5"
down_revision: Union[str, None] = "5e47b0f9ad23"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.create_table(
        "web_sessions",
        sa.Column("id", sa.String(length=64), primary_key=True),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("remote", postgresql.INET(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), server_default=sa.text("(now() + '08:00:00'::interval)"), nullable=False),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_web_sessions_expires", "web_sessions", ["expires_at"], postgresql_using="brin")
    op.execute(
        """
        CREATE TABLE outbox (
            id bigserial PRIMARY KEY,
            topic text NOT NULL,
            message bytea NOT NULL DEFAULT '\\x00ff'::bytea,
            headers jsonb DEFAULT '{"v": 1, "path": "C:\\\\tmp", "fmt": "%s"}'::jsonb,
            sent boolean NOT NULL DEFAULT false
        )
        """
    )
    # read by the change data capture job, which needs the old rows
    op.execute("ALTER TABLE outbox REPLICA IDENTITY FULL")


def downgrade() -> None:
    op.drop_table("outbox")
    op.drop_table("web_sessions")
