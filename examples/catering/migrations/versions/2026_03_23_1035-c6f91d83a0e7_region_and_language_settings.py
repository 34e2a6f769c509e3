"""region and language settings

Revision ID: c6f91d83a0e7
Revises: 5d27c0f4e9ab
Create Date: 2026-03-23 10:35:09.246695

"""
from typing import Sequence, Union

from alembic import op

from migrations.helpers import put_setting, remove_setting

# revision identifiers, used by Alembic.
revision: str = "c6f91d83a0e7"
down_revision: Union[str, Sequence[str], None] = "5d27c0f4e9ab"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None

LANGUAGES = {"de": "Deutsch", "en": "English", "fr": "Français", "cs": "Čeština", "tr": "Türkçe"}


def upgrade() -> None:
    put_setting("languages", LANGUAGES, "Shown in this order")
    put_setting("kitchen.hours", {"open": "05:30", "close": "23:00", "days": ["mo", "tu", "we", "th", "fr", "sa", "su"]})
    put_setting("regex.phone", "^\\+?[0-9 /()\\-]{5,}$", "Same as ck_customers_phone; %s and %(x)s are no placeholders here")
    op.execute("UPDATE app_settings SET value = jsonb_set(value, '{max_guests}', '750') WHERE key = 'booking.limits'")


def downgrade() -> None:
    remove_setting("regex.phone")
    remove_setting("languages")
