"""menu categories

Revision ID: 94f0d6a2c8eb
Revises: 7c3d815be4a0
Create Date: 2021-07-06 12:20:18.640077

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '94f0d6a2c8eb'
down_revision = '7c3d815be4a0'
branch_labels = None
depends_on = None

CATEGORIES = [
    # id, parent, slug, name, sort
    (1, None, 'starters', 'Vorspeisen', 10),
    (2, None, 'mains', 'Hauptgänge', 20),
    (3, None, 'desserts', 'Süßes & Käse', 30),
    (4, None, 'drinks', 'Getränke', 40),
    (5, 1, 'soups', 'Suppen', 11),
    (6, 1, 'salads', 'Salate', 12),
    (7, 2, 'vegan', 'Vegan 🌱', 21),
    (8, 2, 'fish', 'Fisch', 22),
    (9, 4, 'hot-drinks', 'Kaffee, Tee; heiße Schokolade', 41),
    (10, None, 'uncategorised', 'Ohne Kategorie', 999),
]


def upgrade():
    table = op.create_table(
        'menu_categories',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('parent_id', sa.Integer(), nullable=True),
        sa.Column('slug', sa.String(length=60), nullable=False),
        sa.Column('name', sa.String(length=120), nullable=False),
        sa.Column('order', sa.Integer(), server_default=sa.text('100'), nullable=False),
        sa.ForeignKeyConstraint(['parent_id'], ['menu_categories.id'], name='fk_menu_categories_parent'),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('slug'),
    )
    op.bulk_insert(
        table,
        [{'id': i, 'parent_id': p, 'slug': s, 'name': n, 'order': o} for i, p, s, n, o in CATEGORIES],
    )
    # ids were given by hand, move the sequence past them
    op.execute("SELECT setval('menu_categories_id_seq', (SELECT max(id) FROM menu_categories))")


def downgrade():
    op.drop_table('menu_categories')
