"""staff logs in with single sign on

Revision ID: 5d27c0f4e9ab
Revises: b8e142f0d7c6
Create Date: 2026-02-16 12:07:52.880326

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "5d27c0f4e9ab"
down_revision: Union[str, Sequence[str], None] = "b8e142f0d7c6"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.drop_column("staff_users", "password_hash")
    op.add_column("staff_users", sa.Column("subject", sa.Text(), nullable=True))
    op.execute("ALTER TABLE staff_users ADD CONSTRAINT uq_staff_users_subject UNIQUE (subject) INCLUDE (login) DEFERRABLE")
    op.execute("ALTER TABLE staff_users ALTER COLUMN subject SET COMPRESSION pglz")
    op.alter_column("team_members", "display_name", existing_type=sa.String(80), type_=sa.String(120), existing_nullable=False)
    op.execute("ALTER TABLE team_members CLUSTER ON team_members_pkey")


def downgrade() -> None:
    op.execute("ALTER TABLE team_members SET WITHOUT CLUSTER")
    op.alter_column("team_members", "display_name", existing_type=sa.String(120), type_=sa.String(80), existing_nullable=False)
    op.drop_column("staff_users", "subject")
    op.add_column("staff_users", sa.Column("password_hash", sa.String(200), server_default="!", nullable=False))
