"""partitioned delivery events

Revision ID: d4b71ea05c93
Revises: 96a8d3f04b7e
Create Date: 2022-08-02 12:46:30.275531

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "d4b71ea05c93"
down_revision: Union[str, None] = "96a8d3f04b7e"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None

YEARS = (2022, 2023)


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE delivery_events (
            id bigint GENERATED ALWAYS AS IDENTITY,
            happened_on date NOT NULL,
            run_id integer NOT NULL REFERENCES delivery_runs (id) ON DELETE CASCADE,
            kind text NOT NULL DEFAULT 'position',
            payload jsonb NOT NULL DEFAULT '{"source": "driver-app", "tags": []}',
            CONSTRAINT delivery_events_pk PRIMARY KEY (happened_on, id),
            CONSTRAINT delivery_events_kind CHECK (length(kind) BETWEEN 1 AND 40)
        ) PARTITION BY RANGE (happened_on)
        """
    )
    for year in YEARS:
        op.execute(
            f"CREATE TABLE delivery_events_{year} PARTITION OF delivery_events "
            f"FOR VALUES FROM ('{year}-01-01') TO ('{year + 1}-01-01')"
        )
    op.execute("CREATE TABLE delivery_events_default PARTITION OF delivery_events DEFAULT")
    op.execute("CREATE INDEX ix_delivery_events_run ON delivery_events (run_id, happened_on DESC)")


def downgrade() -> None:
    op.execute("DROP TABLE delivery_events")
