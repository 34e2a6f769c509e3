"""partner portals

Every portal has a random key; its first access list entry refers to it.

Revision ID: d5b30e8c72fa
Revises: 27e4d5b9f016
Create Date: 2026-05-11 13:26:37.702914

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "d5b30e8c72fa"
down_revision: Union[str, Sequence[str], None] = "27e4d5b9f016"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "partner_portals",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), primary_key=True),
        sa.Column("name", sa.String(length=80), nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
    )
    op.create_table(
        "partner_access",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("portal_id", sa.Uuid(), sa.ForeignKey("partner_portals.id"), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.execute("INSERT INTO partner_portals (name) VALUES ('Hotels'), ('Agencies')")
    op.execute(
        "INSERT INTO partner_access (portal_id, scope, granted_at) "
        "SELECT id, 'menu:read', now() FROM partner_portals ORDER BY name"
    )
    op.execute("UPDATE partner_portals SET secret = encode(extensions.gen_random_bytes(16), 'hex') WHERE name = 'Agencies'")


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("partner_access")
    op.drop_table("partner_portals")
