"""delivery runs

Revision ID: 43c1e85d7fa9
Revises: e9a7603bd14c
Create Date: 2022-05-09 07:12:05.314850

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '43c1e85d7fa9'
down_revision = 'e9a7603bd14c'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'delivery_runs',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('booking_id', sa.Integer(), sa.ForeignKey('bookings.id', ondelete='CASCADE'), nullable=False),
        sa.Column('team_id', sa.Integer(), sa.ForeignKey('service_teams.id'), nullable=True),
        sa.Column('status', sa.String(20), nullable=False, server_default='planned'),
        sa.Column('leaves_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('takes', sa.Interval(), nullable=False, server_default=sa.text("'00\\:45\\:00'::interval")),
        sa.Column('vehicle', sa.String(20), nullable=True),
        sa.CheckConstraint("status IN ('planned', 'loading', 'on_the_road', 'done', 'failed')", name='ck_delivery_runs_status'),
        sa.CheckConstraint("vehicle <> ''", name='ck_delivery_runs_vehicle'),
    )
    op.create_index('ix_delivery_runs_leaves_at', 'delivery_runs', [sa.text('leaves_at DESC NULLS LAST')])


def downgrade():
    op.drop_table('delivery_runs')
