"""stock movements by kind

Revision ID: 573e9cf18d2a
Revises: d4b71ea05c93
Create Date: 2022-08-16 10:21:09.916248

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "573e9cf18d2a"
down_revision: Union[str, None] = "d4b71ea05c93"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE stock_movements (
            id bigserial,
            kind varchar(12) NOT NULL,
            article varchar(80) COLLATE "C" NOT NULL,
            amount numeric(12, 3) NOT NULL,
            moved_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (kind, id)
        ) PARTITION BY LIST (kind)
        """
    )
    op.execute("CREATE TABLE stock_movements_in PARTITION OF stock_movements FOR VALUES IN ('purchase', 'return')")
    op.execute("CREATE TABLE stock_movements_out PARTITION OF stock_movements FOR VALUES IN ('usage', 'waste', 'loss')")
    op.execute(
        "INSERT INTO stock_movements (kind, article, amount, moved_at) VALUES "
        "('purchase', 'Mehl 405', 250.000, '2022-08-15 05:30:00+00'), "
        "('purchase', 'Öl; kaltgepresst', 40.5, '2022-08-15 05:31:00+00'), "
        "('waste', 'Mehl 405', -1.250, '2022-08-15 19:02:00+00')"
    )


def downgrade() -> None:
    op.execute("DROP TABLE stock_movements")
