"""app settings as json

Revision ID: 0a9e61b7f3c8
Revises: c5d27e830b14
Create Date: 2021-04-12 15:22:10.004581

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

# revision identifiers, used by Alembic.
revision = "0a9e61b7f3c8"
down_revision = "c5d27e830b14"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "app_settings",
        sa.Column("key", sa.String(80), primary_key=True),
        sa.Column("value", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("description", sa.Text()),
    )
    # a colon with a word right after it would be a bind parameter, hence the backslashes
    op.execute(
        r"""
        INSERT INTO app_settings (key, value, description) VALUES
            ('booking.limits', '{"max_guests"\:500,"min_days_ahead"\:3,"weekend"\:true,"holiday"\:false}', 'Limits of the web form'),
            ('booking.reference', '{"pattern": "B-{year}-{number:05d}", "example": "B-2021-00042"}', 'Python format string'),
            ('mail.sender', '{"name": "Caterer\u2019s office", "address": "office@example.org"}', NULL),
            ('kitchen.hours', '{"open": "06:00", "close": "22:30", "days": ["mo", "tu", "we", "th", "fr", "sa"]}', 'Local time'),
            ('report.discount', '{"label": "100% of list price", "sql": "price * 0.9::numeric", "note": "it''s before VAT"}', NULL)
        """
    )


def downgrade():
    op.drop_table("app_settings")
