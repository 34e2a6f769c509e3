"""merge heads

Revision ID: 70e3ac5d19f8
Revises: e6b8f3902c5a, 9b20d8f46ec3
Create Date: 2023-07-17 08:02:19.005526

"""
from typing import Sequence, Union

# revision identifiers, used by Alembic.
revision: str = "70e3ac5d19f8"
down_revision: Union[str, None] = ("e6b8f3902c5a", "9b20d8f46ec3")
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
