"""drop newsletter

Revision ID: 7f60a4e3d8c2
Revises: cd52e7104b9f
Create Date: 2024-04-08 09:20:55.176449

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

# revision identifiers, used by Alembic.
revision: str = "7f60a4e3d8c2"
down_revision: Union[str, None] = "cd52e7104b9f"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.drop_table("newsletter_signups")
    op.drop_column("order_items", "special_wish")
    op.add_column("order_items", sa.Column("wish", postgresql.JSONB(none_as_null=True), nullable=True))
    op.execute("COMMENT ON COLUMN order_items.wish IS E'{\"text\"\\: \"...\", \"by\"\\: \"guest\"}\\n-- not \\'NULL\\' but null'")


def downgrade() -> None:
    op.drop_column("order_items", "wish")
    op.add_column("order_items", sa.Column("special_wish", sa.String(length=255), server_default="", nullable=True))
    op.create_table(
        "newsletter_signups",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("email", sa.String(254), nullable=False, unique=True),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
