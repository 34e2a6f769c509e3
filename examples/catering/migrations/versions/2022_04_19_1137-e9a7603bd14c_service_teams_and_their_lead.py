"""service teams and their lead

A team has a lead, a member has a team: the second key is added after both tables exist.

Revision ID: e9a7603bd14c
Revises: 20f4b9d7c618
Create Date: 2022-04-19 11:37:48.802361

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = 'e9a7603bd14c'
down_revision = '20f4b9d7c618'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'service_teams',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('name', sa.String(80), nullable=False, unique=True),
        sa.Column('lead_id', sa.Integer(), nullable=True),
    )
    op.create_table(
        'team_members',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('team_id', sa.Integer(), sa.ForeignKey('service_teams.id', name='fk_team_members_team'), nullable=False),
        sa.Column('staff_user_id', sa.Integer(), sa.ForeignKey('staff_users.id'), nullable=True),
        sa.Column('display_name', sa.String(80), nullable=False),
        sa.Column('mentor_id', sa.Integer(), sa.ForeignKey('team_members.id', ondelete='SET NULL'), nullable=True),
    )
    op.create_foreign_key(
        'fk_service_teams_lead', 'service_teams', 'team_members', ['lead_id'], ['id'],
        use_alter=True, deferrable=True, initially='DEFERRED',
    )
    # the two house teams
    op.execute("INSERT INTO service_teams (id, name) VALUES (1, 'Frühschicht'), (2, 'Spätschicht')")
    op.execute(
        "INSERT INTO team_members (id, team_id, display_name, mentor_id) "
        "VALUES (1, 1, 'Lead early', NULL), (2, 2, 'Lead late', 1), (3, 2, 'Stand-in', 2)"
    )
    op.execute('UPDATE service_teams SET lead_id = id')
    op.execute("SELECT setval('service_teams_id_seq', 2, true)")
    op.execute("SELECT setval('team_members_id_seq', 4, false)")


def downgrade():
    op.drop_constraint('fk_service_teams_lead', 'service_teams', type_='foreignkey')
    op.drop_table('team_members')
    op.drop_table('service_teams')
