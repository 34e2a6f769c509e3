"""drop columns nobody fills

Revision ID: b6093da1f24e
Revises: 12f8c0e67d5b
Create Date: 2022-02-21 10:00:41.168205

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = "b6093da1f24e"
down_revision = "12f8c0e67d5b"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_column("customers", "fax")
    op.drop_column("venues", "notes")
    op.execute("DELETE FROM email_templates WHERE code = 'legacy_fax_cover'")


def downgrade():
    # the contents are gone, the columns come back empty
    op.add_column("venues", sa.Column("notes", sa.Text(), nullable=True))
    op.add_column("customers", sa.Column("fax", sa.String(length=40), nullable=True))
