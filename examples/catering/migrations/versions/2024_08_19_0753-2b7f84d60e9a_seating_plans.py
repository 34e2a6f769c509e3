"""seating plans

Revision ID: 2b7f84d60e9a
Revises: d09e7a1c4f63
Create Date: 2024-08-19 07:53:46.250917

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "2b7f84d60e9a"
down_revision: Union[str, Sequence[str], None] = "d09e7a1c4f63"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "seating_plans",
        sa.Column("id", sa.Integer(), sa.Identity(always=False, start=10, increment=10, cache=5), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=80), server_default=sa.text("'Plan ' || to_char(now(), 'YYYY-MM-DD HH24:MI')"), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("outline", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"]),
        sa.CheckConstraint("shape IN ('U', 'block', 'gala', 'theatre')", name="ck_seating_plans_shape"),
        comment="Outlines are SVG paths; coordinates in cm",
    )
    op.execute("ALTER TABLE seating_plans ALTER COLUMN outline TYPE path USING NULL")
    op.execute(
        "INSERT INTO seating_plans (name, shape, outline) VALUES "
        "('Gala 80', 'gala', '((0,0),(1200,0),(1200,800),(0,800))'), "
        "('U-Form 24', 'U', NULL), ('Kino', 'theatre', '[(0,0),(10.5,-3)]')"
    )
    op.execute("ALTER TABLE seating_plans ALTER COLUMN id RESTART WITH 500")


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("seating_plans")
