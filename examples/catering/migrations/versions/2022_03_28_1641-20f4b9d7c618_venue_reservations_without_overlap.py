"""venue reservations without overlap

Revision ID: 20f4b9d7c618
Revises: 8d5f17c2ea30
Create Date: 2022-03-28 16:41:15.490026

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

# revision identifiers, used by Alembic.
revision = "20f4b9d7c618"
down_revision = "8d5f17c2ea30"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "venue_reservations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=100), primary_key=True),
        sa.Column("venue_id", sa.Integer(), sa.ForeignKey("venues.id", ondelete="CASCADE"), nullable=False),
        sa.Column("booking_id", sa.Integer(), sa.ForeignKey("bookings.id"), nullable=True),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("tentative", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("venue_id"), "="),
            (sa.column("during"), "&&"),
            name="ex_venue_reservations_overlap",
            using="gist",
            where=sa.text("NOT tentative"),
        ),
        sa.CheckConstraint("NOT isempty(during)", name="ck_venue_reservations_during"),
    )


def downgrade():
    op.drop_table("venue_reservations")
    op.execute("DROP EXTENSION btree_gist")
