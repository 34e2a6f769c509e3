"""dishes become menu items

Sequence, primary key and foreign keys keep their old names.

Revision ID: cd52e7104b9f
Revises: 06d3b7fa9e84
Create Date: 2024-03-11 15:14:02.593381

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "cd52e7104b9f"
down_revision: Union[str, None] = "06d3b7fa9e84"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None

FUNCTION = r"""
CREATE FUNCTION search_{table}(p_words text, p_limit integer DEFAULT 20) RETURNS SETOF {table}
    LANGUAGE plpgsql STABLE ROWS 20
AS $outer$
DECLARE
	-- indented with tabs: pasted from the query tool
	statement text := $inner$SELECT d.* FROM {table} d WHERE d.active$inner$;
	word text;
BEGIN
	FOREACH word IN ARRAY regexp_split_to_array(p_words, E'[\\s;,]+') LOOP
		CONTINUE WHEN word = '';
		statement := statement || format($f$ AND (d.name ILIKE %1$L OR d.description ILIKE %1$L)$f$, '%' || word || '%');
	END LOOP;
	RETURN QUERY EXECUTE statement || ' ORDER BY d.name LIMIT $1' USING p_limit;
END;
$outer$
"""


def upgrade() -> None:
    op.execute("DROP FUNCTION search_dishes(text, text, integer)")
    op.rename_table("dishes", "menu_items")
    op.alter_column("order_items", "dish_id", new_column_name="menu_item_id", existing_type=sa.Integer())
    op.rename_table("dish_allergens", "menu_item_allergens")
    op.execute("ALTER INDEX ix_dishes_fulltext RENAME TO ix_menu_items_fulltext")
    op.execute(FUNCTION.format(table="menu_items"))


def downgrade() -> None:
    raise NotImplementedError("the old search function is gone; restore a backup instead")
