"""Small helpers shared by revisions.

Revisions that are merged never change, so what is here must never change its meaning either: add a new function instead.
"""
from __future__ import annotations

import json
from datetime import datetime, timezone

import sqlalchemy as sa
from alembic import op


def utc(text: str) -> datetime:
    """`2021-03-08 09:14` as an aware timestamp."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def qualified(table: str, schema: str | None = None) -> str:
    return f'"{schema}"."{table}"' if schema else f'"{table}"'


def add_updated_at_trigger(table: str, schema: str | None = None) -> None:
    """Keeps `updated_at` of a table current; the function comes from revision 61d0c4b9e2f7."""
    op.execute(
        f"CREATE TRIGGER trg_{table}_updated_at BEFORE UPDATE ON {qualified(table, schema)} "
        "FOR EACH ROW EXECUTE FUNCTION public.set_updated_at()"
    )


def drop_updated_at_trigger(table: str, schema: str | None = None) -> None:
    op.execute(f"DROP TRIGGER IF EXISTS trg_{table}_updated_at ON {qualified(table, schema)}")


def put_setting(key: str, value: object, description: str | None = None) -> None:
    """Inserts a setting, or changes its value when it is already there."""
    op.get_bind().execute(
        sa.text(
            "INSERT INTO app_settings (key, value, description) VALUES (:key, CAST(:value AS jsonb), :description) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value, "
            "description = coalesce(excluded.description, app_settings.description)"
        ),
        {"key": key, "value": json.dumps(value, ensure_ascii=False), "description": description},
    )


def remove_setting(key: str) -> None:
    op.get_bind().execute(sa.text("DELETE FROM app_settings WHERE key = :key"), {"key": key})
