"""staff users and roles

Revision ID: c5d27e830b14
Revises: 8b04e6f2a91d
Create Date: 2021-03-29 08:05:44.902113

"""
from datetime import datetime, timezone

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = 'c5d27e830b14'
down_revision = '8b04e6f2a91d'
branch_labels = None
depends_on = None

CREATED = datetime(2021, 3, 29, 8, 0, tzinfo=timezone.utc)


def upgrade():
    roles = op.create_table(
        'roles',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('code', sa.String(40), nullable=False, unique=True),
        sa.Column('title', sa.String(120), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.create_table(
        'staff_users',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('login', sa.String(60), nullable=False, unique=True),
        sa.Column('email', sa.String(254), nullable=False),
        sa.Column('password_hash', sa.String(200), nullable=False),
        sa.Column('is_active', sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.create_table(
        'staff_user_roles',
        sa.Column('user_id', sa.Integer(), sa.ForeignKey('staff_users.id', ondelete='CASCADE'), primary_key=True),
        sa.Column('role_id', sa.Integer(), sa.ForeignKey('roles.id'), primary_key=True),
    )
    op.bulk_insert(roles, [
        {'code': 'admin', 'title': 'Administrator', 'created_at': CREATED},
        {'code': 'office', 'title': 'Office', 'created_at': CREATED},
        {'code': 'kitchen', 'title': 'Kitchen', 'created_at': CREATED},
        {'code': 'driver', 'title': 'Driver', 'created_at': CREATED},
        {'code': 'intern', 'title': 'Intern (read only)', 'created_at': CREATED},
    ])


def downgrade():
    op.drop_table('staff_user_roles')
    op.drop_table('staff_users')
    op.drop_table('roles')
