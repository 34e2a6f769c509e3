"""Alembic environment of the catering backend.

The URL comes from DATABASE_URL, by way of the settings object. The API talks to the database through asyncpg, the
deployment job through psycopg; both kinds of URL work here.
"""
import asyncio
from logging.config import fileConfig

from alembic import context
from sqlalchemy import engine_from_config, pool
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.ext.asyncio import async_engine_from_config

from app.settings import settings

config = context.config

if config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)

# Revisions are written by hand in this project: there is nothing to compare with.
target_metadata = None


def engine_options() -> dict:
    """The ini section, with the URL of the settings (not set_main_option: a `%` in a password would be interpolated)."""
    options = config.get_section(config.config_ini_section, {})
    options["sqlalchemy.url"] = settings.database_url
    return options


def run_migrations_offline() -> None:
    """Write the SQL to stdout instead of running it."""
    context.configure(
        url=settings.database_url,
        target_metadata=target_metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
    )
    with context.begin_transaction():
        context.run_migrations()


def do_run_migrations(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=target_metadata,
        # some revisions leave the transaction (concurrent indexes, new enum values)
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_async_migrations() -> None:
    connectable = async_engine_from_config(engine_options(), prefix="sqlalchemy.", poolclass=pool.NullPool)
    async with connectable.connect() as connection:
        await connection.run_sync(do_run_migrations)
    await connectable.dispose()


def run_migrations_online() -> None:
    if make_url(settings.database_url).get_dialect().is_async:
        asyncio.run(run_async_migrations())
        return

    connectable = engine_from_config(engine_options(), prefix="sqlalchemy.", poolclass=pool.NullPool)
    with connectable.connect() as connection:
        do_run_migrations(connection)


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
