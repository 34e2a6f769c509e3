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
        database: sqlx::query_as(roles::DATABASE).fetch_one(&mut *connection).await?,
    })
}

/// The installed extensions.
pub async fn extensions(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("select extname::text from pg_catalog.pg_extension order by 1")
        .fetch_all(connection)
        .await
}

/// What a history can make that neither a dump nor the snapshot tells, by name.
pub async fn out_of_reach(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    // Privileges on settings came with major 15.
    let parameters: bool =
        sqlx::query_scalar("select to_regclass('pg_catalog.pg_parameter_acl') is not null")
            .fetch_one(&mut *connection)
            .await?;
    let parameters = if parameters {
        "union all select 'privileges on the setting ' || parname from pg_catalog.pg_parameter_acl"
    } else {
        ""
    };
    let query = format!(
        "select 'replication slot ' || slot_name::text from pg_catalog.pg_replication_slots \
           where database is null or database = current_database() \
         union all select 'function ' || p.oid::regprocedure::text || ' in pg_catalog' \
           from pg_catalog.pg_proc p where pronamespace = 'pg_catalog'::regnamespace \
           and p.oid >= 16384 and not exists (select from pg_catalog.pg_depend d \
             where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e') \
         union all select 'the missing extension plpgsql' where not exists \
           (select from pg_catalog.pg_extension where extname = 'plpgsql') {parameters}"
    );
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(connection).await
}

/// Each member of each extension, with the extension's version: what `ALTER EXTENSION` can change.
pub async fn extension_members(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select pg_catalog.pg_describe_object(d.classid, d.objid, 0) || ' of extension ' \
           || e.extname || ' ' || e.extversion \
         from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid \
         where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.deptype = 'e' order by 1",
    )
    .fetch_all(connection)
    .await
}

/// The versions of extensions that are not at their default version.
pub async fn extension_versions(
    connection: &mut PgConnection,
) -> Result<BTreeMap<String, String>, sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select name::text, installed_version from pg_catalog.pg_available_extensions \
         where installed_version <> default_version",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
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
