//! Small look-ups in the catalog of a scratch database.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use crate::postgres::identifier;
use crate::postgres::programs::Table;
use crate::schema::roles::{self, Snapshot};

/// Reads roles, memberships and settings.
pub async fn snapshot(connection: &mut PgConnection) -> Result<Snapshot, sqlx::Error> {
    // Only a superuser reads pg_authid; others do not learn whether a role has a password.
    let superuser: String = sqlx::query_scalar("select current_setting('is_superuser')")
        .fetch_one(&mut *connection)
        .await?;
    let query = if superuser == "on" {
        roles::ROLES.to_owned()
    } else {
        roles::ROLES
            .replace("pg_catalog.pg_authid", "pg_catalog.pg_roles")
            .replace("rolpassword is not null", "false")
    };
    Ok(Snapshot {
        roles: sqlx::query_as(AssertSqlSafe(query)).fetch_all(&mut *connection).await?,
        memberships: sqlx::query_as(roles::MEMBERSHIPS).fetch_all(&mut *connection).await?,
        settings: sqlx::query_as(roles::SETTINGS).fetch_all(&mut *connection).await?,
        database_privileges: sqlx::query_as(roles::DATABASE_PRIVILEGES)
            .fetch_all(&mut *connection)
            .await?,
        database_comment: sqlx::query_scalar(roles::DATABASE_COMMENT)
            .fetch_one(&mut *connection)
            .await?,
    })
}

/// The comments that installed extensions bring along by themselves.
pub async fn extension_comments(
    connection: &mut PgConnection,
) -> Result<BTreeMap<String, String>, sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select name::text, comment from pg_catalog.pg_available_extensions \
         where installed_version is not null and comment is not null",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}

/// The roles that objects of this database belong to, or that have privileges on them or are named in
/// their policies, without PostgreSQL's own and without the current user.
pub async fn roles_in_use(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select distinct r.rolname::text from pg_catalog.pg_shdepend d \
         join pg_catalog.pg_roles r on r.oid = d.refobjid \
         where d.refclassid = 'pg_catalog.pg_authid'::regclass and r.rolname !~ '^pg_' \
         and d.dbid = (select oid from pg_catalog.pg_database where datname = current_database()) \
         and r.rolname <> current_user order by 1",
    )
    .fetch_all(connection)
    .await
}

/// Finds a version table: in the named schema, or where the search path leads.
pub async fn find_table(
    connection: &mut PgConnection,
    schema: Option<&str>,
    name: &str,
) -> Result<Option<Table>, sqlx::Error> {
    let qualified = identifier::qualify(schema, name);
    let row: Option<(String, String)> = sqlx::query_as(
        "select n.nspname::text, c.relname::text from pg_catalog.pg_class c \
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass($1)",
    )
    .bind(qualified)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(schema, name)| Table { schema, name }))
}

/// The rows of a version table, sorted.
pub async fn version_rows(
    connection: &mut PgConnection,
    table: &Table,
) -> Result<Vec<String>, sqlx::Error> {
    let name = identifier::qualify(Some(&table.schema), &table.name);
    let query = format!("select version_num::text from {name} order by 1");
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(connection).await
}
