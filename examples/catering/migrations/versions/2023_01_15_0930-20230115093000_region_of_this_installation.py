"""region of this installation

Revision ID: 20230115093000
Revises: 3da0c57f92be
Create Date: 2023-01-15 09:30:00.000000

"""
from __future__ import annotations

import os

from migrations.helpers import put_setting, remove_setting

# revision identifiers, used by Alembic.
revision: str = "20230115093000"
down_revision: str | tuple[str, ...] | None = "3da0c57f92be"
branch_labels = None
depends_on: str | None = None

# Set for the installations outside the EU, everybody else takes the default.
REGION = os.environ.get("CATERING_REGION", "EU")


def upgrade() -> None:
    put_setting("region", REGION, "Region of this installation")
    put_setting("invoice.footer", {"text": "Handelsregister: HRB :number, \"Küche & Keller\"", "lines": 3, "bold": True})


def downgrade() -> None:
    remove_setting("invoice.footer")
    remove_setting("region")
