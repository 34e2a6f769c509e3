"""validate the booking dates

Revision ID: 1f8e3b60d7a5
Revises: ab04f7d9c5e1
Create Date: 2025-03-24 10:17:31.846605

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "1f8e3b60d7a5"
down_revision: Union[str, Sequence[str], None] = "ab04f7d9c5e1"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    # the other two are not clean yet
    op.execute("ALTER TABLE bookings VALIDATE CONSTRAINT ck_bookings_future")
    op.execute(
        """
        CREATE FUNCTION check_capacity() RETURNS trigger LANGUAGE plpgsql STABLE AS $fn$
        DECLARE
        	free integer; -- tabs again
        BEGIN
        	SELECT v.seats - NEW.guests INTO free FROM venues v WHERE v.id = NEW.venue_id;
        	IF free < 0 THEN
        		RAISE EXCEPTION USING MESSAGE = format('%s seats too few in venue %s', -free, NEW.venue_id), ERRCODE = 'check_violation';
        	END IF;
        	RETURN NULL;
        END;
        $fn$
        """
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER bookings_capacity AFTER INSERT OR UPDATE OF guests, venue_id ON bookings "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.venue_id IS NOT NULL AND NEW.status <> 'cancelled') "
        "EXECUTE FUNCTION check_capacity()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER bookings_capacity ON bookings")
    op.execute("DROP FUNCTION check_capacity()")
