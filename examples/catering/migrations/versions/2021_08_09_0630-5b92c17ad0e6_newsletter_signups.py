"""newsletter signups

Revision ID: 5b92c17ad0e6
Revises: a6480f2e9bd3
Create Date: 2021-08-09 06:30:12.771402

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '5b92c17ad0e6'
down_revision = 'a6480f2e9bd3'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'newsletter_signups',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('email', sa.String(254), nullable=False, unique=True),
        sa.Column('token', sa.String(64), nullable=False),
        sa.Column('confirmed', sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute(
        "INSERT INTO newsletter_signups (email, token, confirmed) "
        "VALUES ('office@example.org', 'internal', true), ('test@example.org', 'internal', false)"
    )


def downgrade():
    op.drop_table('newsletter_signups')
