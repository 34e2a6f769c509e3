//! What a history can make that neither a dump nor a snapshot of the roles tells.
//!
//! `pg_dump` leaves out whatever `initdb` made, and what lives in PostgreSQL's own schemas: a comment on a
//! built-in function, a privilege on `information_schema`. An object of this kind that changed has a row
//! in the catalog that is younger than the first revision.

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

/// One column, a name for a reader. `{since}` is the first transaction that may be the history's.
const QUERY: &str = "
with mine as (
    select n.oid, nspname from pg_catalog.pg_namespace n
     where nspname in ('pg_catalog', 'information_schema')
), member as (
    select classid, objid from pg_catalog.pg_depend where deptype in ('e', 'i')
), made as (
    select 'pg_catalog.pg_proc'::regclass as class, p.oid, pronamespace as schema, p.xmin from pg_catalog.pg_proc p
    union all
    select 'pg_catalog.pg_class'::regclass, c.oid, relnamespace, c.xmin from pg_catalog.pg_class c
     where relkind in ('r', 'p', 'v', 'm', 'S', 'f')
    union all
    select 'pg_catalog.pg_type'::regclass, t.oid, typnamespace, t.xmin from pg_catalog.pg_type t
     where not exists (select from pg_catalog.pg_type e where e.typarray = t.oid)
)
select 'replication slot ' || slot_name::text from pg_catalog.pg_replication_slots
 where database is null or database = current_database()
union all
select pg_catalog.pg_describe_object(class, made.oid, 0) || ' in ' || nspname
  from made join mine on mine.oid = made.schema
 where (made.oid >= 16384 or nspname = 'information_schema' and made.xmin::text::int8 >= {since})
   and not exists (select from member where classid = class and objid = made.oid)
union all
select 'comment on ' || pg_catalog.pg_describe_object(classoid, objoid, objsubid)
  from pg_catalog.pg_description
 where objoid < 16384 and classoid <> 'pg_catalog.pg_largeobject'::regclass
   and xmin::text::int8 >= {since} and not (
       classoid = 'pg_catalog.pg_namespace'::regclass and objoid = coalesce(to_regnamespace('public'), 0))
union all
-- A unique index that could not be built; pg_dump passes over it.
select 'invalid index ' || i.indexrelid::regclass::text
  from pg_catalog.pg_index i
  join pg_catalog.pg_class x on x.oid = i.indexrelid
  join pg_catalog.pg_class t on t.oid = i.indrelid
 where i.indexrelid >= 16384 and x.relkind = 'i' and t.relkind <> 'p' and t.relpersistence <> 't'
   and not (i.indisvalid and i.indisready)
union all
select 'security label of ' || provider || ' on ' ||
       pg_catalog.pg_describe_object(classoid, objoid, 0)
  from pg_catalog.pg_shseclabel
 where classoid <> 'pg_catalog.pg_database'::regclass
    or objoid = (select oid from pg_catalog.pg_database where datname = current_database())
union all
select 'the missing extension plpgsql'
 where not exists (select from pg_catalog.pg_extension where extname = 'plpgsql')";

/// Privileges on settings came with major 15.
const PARAMETERS: &str = "
union all
select 'privileges on the setting ' || parname from pg_catalog.pg_parameter_acl";

/// Everything of this kind, by name. `since` is the snapshot's `next_transaction` before the history.
pub async fn out_of_reach(
    connection: &mut PgConnection,
    since: i64,
) -> Result<Vec<String>, sqlx::Error> {
    let parameters: bool =
        sqlx::query_scalar("select to_regclass('pg_catalog.pg_parameter_acl') is not null")
            .fetch_one(&mut *connection)
            .await?;
    let query = QUERY.replace("{since}", &since.to_string());
    let query = query + if parameters { PARAMETERS } else { "" };
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(connection).await
}
