"""dishes belong to a category

Dishes without a category go to "uncategorised".

Revision ID: 1de7b3905c4f
Revises: 94f0d6a2c8eb
Create Date: 2021-07-07 09:41:03.335218

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '1de7b3905c4f'
down_revision = '94f0d6a2c8eb'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('dishes', sa.Column('category_id', sa.Integer(), nullable=True))
    op.execute(
        "UPDATE dishes SET category_id = (SELECT id FROM menu_categories WHERE slug = 'uncategorised') "
        "WHERE category_id IS NULL"
    )
    op.alter_column('dishes', 'category_id', existing_type=sa.Integer(), nullable=False)
    op.create_foreign_key('fk_dishes_category', 'dishes', 'menu_categories', ['category_id'], ['id'])

    conn = op.get_bind()
    insert = sa.text(
        'INSERT INTO dishes (name, description, price, category_id) '
        'SELECT :name, :description, :price, c.id FROM menu_categories c WHERE c.slug = :slug'
    ).bindparams(
        sa.bindparam('name', type_=sa.Text()),
        sa.bindparam('description', type_=sa.Text()),
        sa.bindparam('price', type_=sa.Numeric(10, 2)),
    )
    for name, description, price, slug in (
        ('Kürbissuppe', 'mit Kernöl; auf Wunsch vegan', '6.50', 'soups'),
        ('Caesar Salad', "with the chef's dressing", '9.80', 'salads'),
        ('Gemüse-Curry', 'Schärfe: 0-3 \\ bitte angeben', '13.90', 'vegan'),
        ('Lachs "Müllerin Art"', '', '18.40', 'fish'),
        ('Crème brûlée', '100% Sahne', '5.90', 'desserts'),
        ('Filter coffee', 'per pot', '4.00', 'hot-drinks'),
        ('Sample dish', 'delete me', '0.00', 'uncategorised'),
    ):
        conn.execute(insert, {'name': name, 'description': description, 'price': price, 'slug': slug})


def downgrade():
    op.drop_constraint('fk_dishes_category', 'dishes', type_='foreignkey')
    op.drop_column('dishes', 'category_id')
