//! Small look-ups in the catalog of a scratch database.

mod reach;

use std::collections::BTreeMap;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row};

use crate::postgres::identifier;
use crate::postgres::programs::Table;
use crate::schema::repair::Facts;
use crate::schema::roles::{self, Snapshot};
pub use reach::out_of_reach;

/// Reads roles, memberships and settings; on a server of our own also what belongs to the whole server.
pub async fn snapshot(
    connection: &mut PgConnection,
    private: bool,
) -> Result<Snapshot, sqlx::Error> {
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
        server: if private && superuser == "on" {
            sqlx::query_as(roles::SERVER).fetch_all(&mut *connection).await?
        } else {
            // Others work on a server that is not ours: what changed there is not the history's.
            Vec::new()
        },
        next_transaction: sqlx::query_scalar(roles::NEXT_TRANSACTION)
            .fetch_one(&mut *connection)
            .await?,
    })
}

/// The names of all roles.
pub async fn role_names(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("select rolname::text from pg_catalog.pg_roles order by 1")
        .fetch_all(connection)
        .await
}

/// The installed extensions.
pub async fn extensions(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("select extname::text from pg_catalog.pg_extension order by 1")
        .fetch_all(connection)
        .await
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

/// Extensions that bring a comment along and have none.
const WITHOUT_COMMENT: &str = "
select extname::text from pg_catalog.pg_extension e
  join pg_catalog.pg_available_extensions a on a.name = e.extname
 where e.oid >= 16384 and a.comment is not null
   and pg_catalog.obj_description(e.oid, 'pg_extension') is null
 order by 1";

/// Which tables (by a check, a domain or a generated column), indexes and materialized views call a function
/// that is not written in C and has no search path of its own.
const CALLERS: &str = "
with function as (
    select p.oid, n.nspname from pg_catalog.pg_proc p
      join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      join pg_catalog.pg_language l on l.oid = p.prolang
     where p.oid >= 16384 and l.lanname not in ('c', 'internal') and not exists (
           select from unnest(p.proconfig) as setting where setting like 'search_path=%')
), uses as (
    select d.classid, d.objid, f.nspname from pg_catalog.pg_depend d
      join function f on d.refclassid = 'pg_catalog.pg_proc'::regclass and d.refobjid = f.oid
), caller as (
    select k.conrelid as relation, u.nspname from uses u join pg_catalog.pg_constraint k
        on u.classid = 'pg_catalog.pg_constraint'::regclass and k.oid = u.objid
    union
    select a.attrelid, u.nspname from uses u join pg_catalog.pg_constraint k
        on u.classid = 'pg_catalog.pg_constraint'::regclass and k.oid = u.objid
      join pg_catalog.pg_attribute a on a.atttypid = k.contypid and k.contypid <> 0
    union
    select v.adrelid, u.nspname from uses u join pg_catalog.pg_attrdef v
        on u.classid = 'pg_catalog.pg_attrdef'::regclass and v.oid = u.objid
      join pg_catalog.pg_attribute a on (a.attrelid, a.attnum) = (v.adrelid, v.adnum)
     where a.attgenerated <> ''
    union
    select u.objid, u.nspname from uses u where u.classid = 'pg_catalog.pg_class'::regclass
    union
    select r.ev_class, u.nspname from uses u join pg_catalog.pg_rewrite r
        on u.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = u.objid
)
select n.nspname::text, c.relname::text, array_agg(distinct caller.nspname::text)
  from caller join pg_catalog.pg_class c on c.oid = caller.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 group by 1, 2";

/// Tables whose replica identity is an index that is gone.
const WITHOUT_IDENTITY: &str = "
select n.nspname::text, c.relname::text from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relreplident = 'i' and c.relkind in ('r', 'p')
   and not exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisreplident)";

/// What a dump does not tell and a baseline needs.
pub async fn facts(connection: &mut PgConnection) -> Result<Facts, sqlx::Error> {
    let without_comment = sqlx::query_scalar(WITHOUT_COMMENT).fetch_all(&mut *connection).await?;
    let rows: Vec<(String, String, Vec<String>)> =
        sqlx::query_as(CALLERS).fetch_all(&mut *connection).await?;
    let callers = rows.into_iter().map(|(schema, name, in_)| ((schema, name), in_)).collect();
    let rows: Vec<(String, String)> =
        sqlx::query_as(WITHOUT_IDENTITY).fetch_all(connection).await?;
    Ok(Facts { without_comment, callers, without_identity: rows.into_iter().collect() })
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
    .persistent(false)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(schema, name)| Table { schema, name }))
}

/// The type of a version table's column.
pub async fn version_column(
    connection: &mut PgConnection,
    table: &Table,
) -> Result<String, sqlx::Error> {
    let name = identifier::qualify(Some(&table.schema), &table.name);
    sqlx::query_scalar(
        "select pg_catalog.format_type(atttypid, atttypmod) from pg_catalog.pg_attribute \
         where attrelid = to_regclass($1) and attname = 'version_num' and not attisdropped",
    )
    .bind(name)
    .persistent(false)
    .fetch_one(connection)
    .await
}

/// The rows of a version table, sorted.
pub async fn version_rows(
    connection: &mut PgConnection,
    table: &Table,
) -> Result<Vec<String>, sqlx::Error> {
    let name = identifier::qualify(Some(&table.schema), &table.name);
    // One message and one answer, where a prepared statement takes two.
    let query = format!("select version_num::text from {name} order by 1");
    let rows = sqlx::raw_sql(AssertSqlSafe(query)).fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}
