"""comments for the data catalogue

Revision ID: f2a96d81c70e
Revises: 85b0d2f7e4c1
Create Date: 2023-02-27 08:56:11.098457

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "f2a96d81c70e"
down_revision: Union[str, None] = "85b0d2f7e4c1"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None

COMMENTS = {
    "TABLE bookings": "One row per event; an event over several days is several bookings",
    "COLUMN bookings.guests": "Guests who eat (children count as 0.5, rounded up)",
    "COLUMN billing.invoice_lines.net": "quantity * unit_price, 100% computed; see 'gross' for VAT",
    "TABLE email_templates": "Bodies use {name}, %(name)s or the old :name form\nTabs:\tkept as they are",
    "TYPE booking_status": "Life of a booking: draft -> requested -> confirmed -> delivered",
    "DOMAIN postal_code": "Upper case, \"DE-12345\" is not allowed",
    "FUNCTION slugify(text)": "slugify('Süßes & Käse') = 'suesses-kaese'",
    "CONSTRAINT ck_bookings_guests ON bookings": "A booking without guests is a draft in somebody's head",
    "INDEX ix_bookings_open": "Used by the start page",
    "SCHEMA billing": "Invoices and everything about money €",
    "SEQUENCE billing.invoice_number_seq": "Gaps are explained in the tax folder",
    "VIEW open_bookings": "What is still to do",
    "TRIGGER trg_bookings_audit ON bookings": "GoBD",
    "POLICY audit_read ON audit_log": "admins, and everybody's own rows",
}


def upgrade() -> None:
    for target, text in COMMENTS.items():
        literal = text.replace("'", "''")
        # a bind parameter is not possible here, so the colons are escaped
        op.execute(f"COMMENT ON {target} IS '{literal}'".replace(":name", r"\:name"))


def downgrade() -> None:
    for target in COMMENTS:
        op.execute(f"COMMENT ON {target} IS NULL")
