"""new e-mail texts

Revision ID: e5d8107bc3f4
Revises: 4c0f96a8e1d2
Create Date: 2025-09-22 09:33:20.957011

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "e5d8107bc3f4"
down_revision: Union[str, Sequence[str], None] = "4c0f96a8e1d2"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute(
        r"""
        INSERT INTO email_templates (code, language, subject, body, updated_at) VALUES
            ('cancelled', 'de', 'Storno \:reference', 'Ihre Buchung wurde storniert.' || chr(10) || 'Gebühr: {fee} € (50 %)', '2025-09-22 09:30:00'),
            ('cancelled', 'en', 'Cancelled \:reference', E'Your booking was cancelled.\nFee:\t{fee} EUR; path C\\\\out', '2025-09-22 09:30:00'),
            ('reminder', 'de', 'Frist läuft', '', '2025-09-22 09:30:00')
        ON CONFLICT (code, language) DO UPDATE SET subject = excluded.subject || ': ' || email_templates.subject
        """
    )
    conn = op.get_bind()
    bodies = conn.execute(sa.text("SELECT id, body FROM email_templates WHERE body LIKE '%\r\n%' ORDER BY id")).all()
    for template_id, body in bodies:
        conn.execute(
            sa.text("UPDATE email_templates SET body = :body, updated_at = '2025-09-22 09:31:00' WHERE id = :id"),
            {"id": template_id, "body": body.replace("\r\n", "\n").replace(":name", "{name}")},
        )


def downgrade() -> None:
    op.execute("DELETE FROM email_templates WHERE code = 'cancelled'")
