"""keep unsent messages

Revision ID: ab04f7d9c5e1
Revises: 6e92b8d30fc4
Create Date: 2025-02-17 13:40:49.533184

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "ab04f7d9c5e1"
down_revision: Union[str, Sequence[str], None] = "6e92b8d30fc4"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute("CREATE RULE outbox_keep_unsent AS ON DELETE TO outbox WHERE NOT old.sent DO INSTEAD NOTHING")
    op.execute(
        """
        CREATE FUNCTION count_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE n bigint;
        BEGIN
            SELECT count(*) INTO n FROM fresh;
            PERFORM pg_notify('outbox', n || '');
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER outbox_notify AFTER INSERT ON outbox REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION count_outbox()"
    )
    op.execute("ALTER TABLE outbox ENABLE ALWAYS TRIGGER outbox_notify")


def downgrade() -> None:
    op.execute("DROP TRIGGER outbox_notify ON outbox")
    op.execute("DROP FUNCTION count_outbox()")
    op.execute("DROP RULE outbox_keep_unsent ON outbox")
