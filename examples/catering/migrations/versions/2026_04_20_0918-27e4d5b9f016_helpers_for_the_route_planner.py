"""helpers for the route planner

Revision ID: 27e4d5b9f016
Revises: c6f91d83a0e7
Create Date: 2026-04-20 09:18:44.015882

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "27e4d5b9f016"
down_revision: Union[str, Sequence[str], None] = "c6f91d83a0e7"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute("CREATE TYPE day_part AS RANGE (subtype = numeric, multirange_type_name = day_parts)")
    op.execute(
        r"""
        CREATE OR REPLACE FUNCTION route_label(p_run delivery_runs, VARIADIC p_tags text[] DEFAULT '{}') RETURNS text
            LANGUAGE plpgsql IMMUTABLE COST 20
        AS $label$
        DECLARE
            result text := '';
            tag text;
        BEGIN
            <<tags>>
            FOREACH tag IN ARRAY p_tags LOOP
                EXIT tags WHEN tag = ';';
                result := result || '\' || tag || E'\t';
            END LOOP;
            RETURN coalesce(nullif(result, ''), 'run ' || p_run.id || ' "' || $q$it's$q$ || '" -- no comment');
        END
        $label$
        """
    )
    op.execute("CREATE AGGREGATE longest_text (text) (SFUNC = text_larger, STYPE = text)")
    op.add_column("delivery_runs", sa.Column("part", sa.Text(), nullable=True))
    op.execute("ALTER TABLE delivery_runs ALTER COLUMN part TYPE day_part USING part::day_part, ALTER COLUMN part SET DEFAULT '[6,12)'")


def downgrade() -> None:
    op.drop_column("delivery_runs", "part")
    op.execute("DROP AGGREGATE longest_text (text)")
    op.execute("DROP FUNCTION route_label(delivery_runs, text[])")
    op.execute("DROP TYPE day_part")
