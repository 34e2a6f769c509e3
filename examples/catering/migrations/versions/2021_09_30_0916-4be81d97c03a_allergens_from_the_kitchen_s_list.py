"""allergens from the kitchen's list

The list is kept as a CSV file by the kitchen (letters as on the menu card).

Revision ID: 4be81d97c03a
Revises: 29ac7d05e8f1
Create Date: 2021-09-30 09:16:48.247109

"""
import csv
from pathlib import Path

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '4be81d97c03a'
down_revision = '29ac7d05e8f1'
branch_labels = None
depends_on = None

DATA = Path(__file__).resolve().parent / 'data' / 'allergens.csv'


def upgrade():
    allergens = op.create_table(
        'allergens',
        sa.Column('code', sa.CHAR(1), primary_key=True),
        sa.Column('name_en', sa.String(100), nullable=False),
        sa.Column('name_de', sa.String(100), nullable=False),
        sa.Column('traces_possible', sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    with DATA.open(newline='', encoding='utf-8') as file:
        rows = [dict(row, traces_possible=row['traces_possible'] == 'true') for row in csv.DictReader(file)]
    op.bulk_insert(allergens, rows)


def downgrade():
    op.drop_table('allergens')
