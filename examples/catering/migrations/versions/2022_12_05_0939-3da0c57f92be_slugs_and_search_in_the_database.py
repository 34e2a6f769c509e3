"""slugs and search in the database

Revision ID: 3da0c57f92be
Revises: 6f1d93b8e05c
Create Date: 2022-12-05 09:39:02.851973

"""
from typing import Sequence, Union

from alembic import op

# revision identifiers, used by Alembic.
revision: str = "3da0c57f92be"
down_revision: Union[str, None] = "6f1d93b8e05c"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute(
        r"""
        CREATE FUNCTION slugify(value text) RETURNS text
            LANGUAGE sql IMMUTABLE STRICT
        AS $body$
            -- umlauts first; then everything else that is no letter becomes a dash
            SELECT trim(both '-' from regexp_replace(
                lower(replace(replace(replace(replace(value, 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss')),
                '[^a-z0-9\\/\.]+|\s{2,}', '-', 'g'));
        $body$
        """
    )
    op.execute(
        r"""
        CREATE FUNCTION search_dishes(p_words text, p_category text DEFAULT NULL, p_limit integer DEFAULT 20)
            RETURNS SETOF dishes
            LANGUAGE plpgsql STABLE ROWS 20
        AS $outer$
        DECLARE
            statement text;
            word text;
        BEGIN
            statement := $inner$SELECT d.* FROM dishes d JOIN menu_categories c ON c.id = d.category_id WHERE d.active$inner$;
            FOREACH word IN ARRAY regexp_split_to_array(p_words, E'[\\s;,]+') LOOP
                CONTINUE WHEN word = '';
                statement := statement || format($f$ AND (d.name ILIKE %1$L OR d.description ILIKE %1$L)$f$, '%' || word || '%');
            END LOOP;
            IF p_category IS NOT NULL THEN
                statement := statement || ' AND c.slug = $1';
            END IF;
            -- LIMIT comes last; COMMIT; is not ours to call
            RETURN QUERY EXECUTE statement || ' ORDER BY d.name LIMIT $2' USING p_category, p_limit;
        END;
        $outer$
        """
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION search_dishes(text, text, integer)")
    op.execute("DROP FUNCTION slugify(text)")
