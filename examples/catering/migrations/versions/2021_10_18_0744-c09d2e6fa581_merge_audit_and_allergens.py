"""merge audit and allergens

Revision ID: c09d2e6fa581
Revises: fb3e8205d9c7, b17f5a3ec942
Create Date: 2021-10-18 07:44:59.318275

"""
# revision identifiers, used by Alembic.
revision = 'c09d2e6fa581'
down_revision = ('fb3e8205d9c7', 'b17f5a3ec942')
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    pass
