"""allergens of a dish

Needs set_updated_at(), which lives on the other branch.

Revision ID: b17f5a3ec942
Revises: 4be81d97c03a
Create Date: 2021-10-11 11:02:36.590033

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = 'b17f5a3ec942'
down_revision = '4be81d97c03a'
branch_labels = None
depends_on = '61d0c4b9e2f7'


def upgrade():
    op.create_table(
        'dish_allergens',
        sa.Column('dish_id', sa.Integer(), nullable=False),
        sa.Column('allergen', sa.CHAR(1), nullable=False),
        sa.Column('traces', sa.Boolean(), server_default=sa.text('false'), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['allergen'], ['allergens.code'], onupdate='CASCADE'),
        sa.ForeignKeyConstraint(['dish_id'], ['dishes.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('dish_id', 'allergen'),
    )
    op.execute(
        "INSERT INTO dish_allergens (dish_id, allergen, traces, updated_at) "
        "SELECT d.id, a.code, a.code = 'L', TIMESTAMPTZ '2021-10-11 11:00:00+00' "
        "FROM dishes d JOIN allergens a ON (d.name, a.code) IN "
        "(('Caesar Salad', 'A'), ('Caesar Salad', 'C'), ('Caesar Salad', 'G'), ('Gemüse-Curry', 'L'), "
        "('Lachs \"Müllerin Art\"', 'D'), ('Crème brûlée', 'C'), ('Crème brûlée', 'G')) "
        "ORDER BY d.id, a.code"
    )
    op.execute(
        'CREATE TRIGGER trg_dish_allergens_updated_at BEFORE UPDATE ON dish_allergens '
        'FOR EACH ROW EXECUTE FUNCTION set_updated_at()'
    )


def downgrade():
    op.drop_table('dish_allergens')
