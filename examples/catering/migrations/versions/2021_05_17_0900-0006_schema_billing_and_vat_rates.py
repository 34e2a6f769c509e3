"""Schema billing and VAT rates

Revision ID: 0006
Revises: 0005
Create Date: 2021-05-17 09:00:00

"""
from datetime import date
from decimal import Decimal

from alembic import op
import sqlalchemy as sa

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade():
    op.execute('CREATE SCHEMA IF NOT EXISTS billing')
    vat_rates = op.create_table(
        'vat_rates',
        sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('country', sa.CHAR(2), nullable=False),
        sa.Column('kind', sa.String(20), nullable=False),
        sa.Column('rate', sa.Numeric(5, 2), nullable=False),
        sa.Column('valid_from', sa.Date, nullable=False),
        sa.Column('valid_to', sa.Date),
        sa.UniqueConstraint('country', 'kind', 'valid_from', name='uq_vat_rates'),
        sa.CheckConstraint('rate >= 0 AND rate < 100', name='ck_vat_rates_rate'),
        schema='billing',
    )
    op.bulk_insert(vat_rates, [
        {'country': 'DE', 'kind': 'standard', 'rate': Decimal('19.00'), 'valid_from': date(2021, 1, 1), 'valid_to': None},
        {'country': 'DE', 'kind': 'reduced', 'rate': Decimal('7.00'), 'valid_from': date(2021, 1, 1), 'valid_to': None},
        {'country': 'AT', 'kind': 'standard', 'rate': Decimal('20.00'), 'valid_from': date(2016, 1, 1), 'valid_to': None},
        {'country': 'AT', 'kind': 'reduced', 'rate': Decimal('10.00'), 'valid_from': date(2016, 1, 1), 'valid_to': None},
        {'country': 'AT', 'kind': 'covid', 'rate': Decimal('5.00'), 'valid_from': date(2020, 7, 1), 'valid_to': date(2021, 12, 31)},
    ])


def downgrade():
    op.drop_table('vat_rates', schema='billing')
    op.execute('DROP SCHEMA billing')
