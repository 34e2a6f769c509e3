"""api tokens

Revision ID: b4d1097e6a2c
Revises: 3c86f2d7b0e5
Create Date: 2023-10-16 09:47:03.280915

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

# revision identifiers, used by Alembic.
revision: str = "b4d1097e6a2c"
down_revision: Union[str, None] = "3c86f2d7b0e5"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA extensions")
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), primary_key=True),
        sa.Column("staff_user_id", sa.Integer(), sa.ForeignKey("staff_users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), server_default=sa.text("ARRAY['read'::text, 'book:write'::text]"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("timezone('utc', now())"), nullable=False),
        sa.CheckConstraint("octet_length(token_hash) = 32", name="ck_api_tokens_hash"),
    )
    op.execute(
        """
        CREATE FUNCTION token_matches(p_token text, p_hash bytea) RETURNS boolean
            LANGUAGE sql IMMUTABLE STRICT
            SET search_path TO extensions, pg_temp
        AS $$ SELECT digest(p_token, 'sha256') = p_hash $$
        """
    )
    op.execute("CREATE INDEX ix_api_tokens_hash ON api_tokens USING hash (token_hash)")


def downgrade() -> None:
    op.execute("DROP FUNCTION token_matches(text, bytea)")
    op.drop_table("api_tokens")
    op.execute("DROP EXTENSION pgcrypto")
