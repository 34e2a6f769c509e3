"""E-mail templates

Revision ID: 0005
Revises: 0a9e61b7f3c8
Create Date: 2021-05-03 10:31:00

"""
from datetime import datetime

from alembic import op
import sqlalchemy as sa

revision = '0005'
down_revision = '0a9e61b7f3c8'
branch_labels = None
depends_on = None

# This came over from the old admin tool, which is why the id is a plain number.

templates = sa.table(
    'email_templates',
    sa.column('code', sa.String),
    sa.column('language', sa.String),
    sa.column('subject', sa.String),
    sa.column('body', sa.Text),
    sa.column('updated_at', sa.DateTime),
)

CHANGED = datetime(2021, 5, 3, 12, 0, 0)


def upgrade():
    op.create_table(
        'email_templates',
        sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('code', sa.String(60), nullable=False),
        sa.Column('language', sa.CHAR(2), nullable=False, server_default='de'),
        sa.Column('subject', sa.String(200), nullable=False),
        sa.Column('body', sa.Text, nullable=False),
        sa.Column('updated_at', sa.DateTime, nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint('code', 'language'),
    )
    op.bulk_insert(templates, [
        {
            'code': 'booking_received', 'language': 'de', 'subject': 'Ihre Anfrage für den :event_date',
            'body': 'Guten Tag :name,\n\nvielen Dank für Ihre Anfrage über %(guests)s Gäste.\n'
                    'Wir melden uns in spätestens zwei Werktagen.\n\n\tSchöne Grüße\n\tIhr Küchenteam\n',
            'updated_at': CHANGED,
        },
        {
            'code': 'booking_received', 'language': 'en', 'subject': 'Your request for :event_date',
            'body': 'Dear :name,\n\nthank you for your request for %(guests)s guests.\n'
                    "We'll answer within two working days.\n\n\tKind regards,\n\tyour kitchen team\n",
            'updated_at': CHANGED,
        },
        {
            'code': 'offer', 'language': 'de', 'subject': 'Unser Angebot {reference} 🍽️',
            'body': 'Hallo {customer[name]},\r\nanbei das Angebot über %s EUR (inkl. 19 % MwSt.).\r\n'
                    'Ablage: \\\\server\\angebote\\{reference}.pdf\r\n',
            'updated_at': CHANGED,
        },
        {
            'code': 'offer', 'language': 'en', 'subject': 'Our offer {reference} 🍽️',
            'body': 'Hello {customer[name]},\r\nattached is our offer of %s EUR (VAT included).\r\n',
            'updated_at': CHANGED,
        },
        {
            'code': 'legacy_fax_cover', 'language': 'de', 'subject': 'Fax',
            'body': 'Seite 1 von $1; Empfänger: ${recipient}',
            'updated_at': CHANGED,
        },
        {
            'code': 'reminder', 'language': 'de', 'subject': 'Erinnerung: "Menü" bis :deadline',
            'body': '<p class=\'lead\'>Bitte wählen Sie Ihr Menü.</p>\n<a href="https://booking.example.org/m?id=%(id)s&lang=de">Zur Auswahl</a>\n-- \nKüche; Büro',
            'updated_at': CHANGED,
        },
    ])


def downgrade():
    op.drop_table('email_templates')
