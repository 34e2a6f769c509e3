"""partitions up to 2026

Revision ID: d37b5f18e0c9
Revises: 90c4a2e7f6bd
Create Date: 2025-06-30 11:11:40.372918

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "d37b5f18e0c9"
down_revision: Union[str, Sequence[str], None] = "90c4a2e7f6bd"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    for year in (2024, 2025):
        op.execute(
            f"CREATE TABLE IF NOT EXISTS delivery_events_{year} PARTITION OF delivery_events "
            f"FOR VALUES FROM ('{year}-01-01') TO ('{year + 1}-01-01')"
        )
    # prepared beforehand, then attached; the extra index stays on this partition only
    op.execute("CREATE TABLE delivery_events_2026 (LIKE delivery_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    op.execute("CREATE INDEX ix_delivery_events_2026_kind ON delivery_events_2026 (kind) WHERE kind <> 'position'")
    op.execute("ALTER TABLE delivery_events ATTACH PARTITION delivery_events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')")
    op.execute("ALTER TABLE delivery_events DETACH PARTITION delivery_events_2022")
    op.execute("ALTER TABLE delivery_events_2022 RENAME TO delivery_events_archive_2022")


def downgrade() -> None:
    op.execute("ALTER TABLE delivery_events_archive_2022 RENAME TO delivery_events_2022")
    op.execute("ALTER TABLE delivery_events ATTACH PARTITION delivery_events_2022 FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')")
    for year in (2026, 2025, 2024):
        op.execute(f"DROP TABLE delivery_events_{year}")
