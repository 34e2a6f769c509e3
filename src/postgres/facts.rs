//! What the catalog says of the columns that hold rows: types, keys, references, and what their defaults
//! make.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use crate::schema::volatile::clock::Window;
use crate::schema::volatile::facts::{Column, Facts, ForeignKey, Name};
use crate::schema::volatile::settle::Sample;

/// One row a column. A domain is followed down to the type it stands for.
const COLUMNS: &str = "
select n.nspname::text, c.relname::text, a.attname::text,
  format_type(base.oid, null), format_type(a.atttypid, a.atttypmod),
  case when base.typname in ('timestamp', 'timestamptz', 'time', 'timetz') and base.typmod >= 0
    then base.typmod end,
  pg_get_expr(d.adbin, d.adrelid)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
cross join lateral (
  with recursive down (oid, typname, typbasetype, typmod) as (
    select t.oid, t.typname, t.typbasetype, a.atttypmod from pg_type t where t.oid = a.atttypid
    union all
    select t.oid, t.typname, t.typbasetype, d.typtypmod
    from down join pg_type d on d.oid = down.oid join pg_type t on t.oid = down.typbasetype)
  select * from down where typbasetype = 0) base
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";

/// Unique keys, the primary one first. A partial or computed one is no key of all rows.
const KEYS: &str = "
select n.nspname::text, c.relname::text, array_agg(a.attname::text order by k.place)
from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
cross join lateral unnest(i.indkey::int2[]) with ordinality as k (number, place)
join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
where i.indisunique and i.indpred is null and i.indexprs is null and k.place <= i.indnkeyatts
  and n.nspname !~ '^pg_'
group by n.nspname, c.relname, i.indexrelid, i.indisprimary
order by i.indisprimary desc, i.indexrelid";

const FOREIGN_KEYS: &str = "
select n.nspname::text, c.relname::text, rn.nspname::text, r.relname::text,
  array_agg(a.attname::text order by k.place), array_agg(ra.attname::text order by k.place)
from pg_constraint f join pg_class c on c.oid = f.conrelid join pg_namespace n on n.oid = c.relnamespace
join pg_class r on r.oid = f.confrelid join pg_namespace rn on rn.oid = r.relnamespace
cross join lateral unnest(f.conkey, f.confkey) with ordinality as k (own, other, place)
join pg_attribute a on a.attrelid = c.oid and a.attnum = k.own
join pg_attribute ra on ra.attrelid = r.oid and ra.attnum = k.other
where f.contype = 'f' group by n.nspname, c.relname, rn.nspname, r.relname, f.oid order by f.oid";

type ColumnRow = (String, String, String, String, String, Option<i32>, Option<String>);
type ForeignKeyRow = (String, String, String, String, Vec<String>, Vec<String>);

/// Reads them. Names are told with their schema.
pub async fn facts(connection: &mut PgConnection) -> Result<Facts, sqlx::Error> {
    sqlx::query("select set_config('search_path', '', false)").execute(&mut *connection).await?;
    let mut facts = Facts::default();
    let columns: Vec<ColumnRow> = sqlx::query_as(COLUMNS).fetch_all(&mut *connection).await?;
    for (schema, table, name, base, declared, digits, default) in columns {
        let column = Column { base, declared, digits, default };
        facts.tables.entry((schema, table)).or_default().columns.insert(name, column);
    }
    let keys: Vec<(String, String, Vec<String>)> =
        sqlx::query_as(KEYS).fetch_all(&mut *connection).await?;
    for (schema, table, columns) in keys {
        facts.tables.entry((schema, table)).or_default().keys.push(columns);
    }
    let keys: Vec<ForeignKeyRow> = sqlx::query_as(FOREIGN_KEYS).fetch_all(&mut *connection).await?;
    for (schema, table, other_schema, other, columns, referenced) in keys {
        let key = ForeignKey { columns, table: (other_schema, other), referenced };
        facts.tables.entry((schema, table)).or_default().foreign_keys.push(key);
    }
    Ok(facts)
}

/// Evaluates the defaults of these columns, twice each, and changes nothing: a default that would draw
/// from a sequence fails, and one that fails makes nothing.
pub async fn samples(
    connection: &mut PgConnection,
    facts: &Facts,
    columns: impl IntoIterator<Item = (Name, String)>,
    zones: &[i32],
) -> Result<BTreeMap<(Name, String), Sample>, sqlx::Error> {
    sqlx::raw_sql("set datestyle = 'ISO'; set statement_timeout = '5s'")
        .execute(&mut *connection)
        .await?;
    let mut samples = BTreeMap::new();
    for (table, name) in columns {
        let Some(column) = facts.column(&table, &name) else { continue };
        let Some(default) = &column.default else { continue };
        let query = format!("select (({default})::{})::text", column.declared);
        let from = clock(&mut *connection).await?;
        let mut values = Vec::new();
        for _ in 0..2 {
            let mut transaction = connection.begin().await?;
            sqlx::raw_sql("set transaction read only").execute(&mut *transaction).await?;
            let query = sqlx::query_scalar::<_, Option<String>>(AssertSqlSafe(query.as_str()));
            if let Ok(Some(value)) = query.fetch_one(&mut *transaction).await {
                values.push(value);
            }
            transaction.rollback().await?;
        }
        let to = clock(&mut *connection).await?;
        if let Ok(values) = <[String; 2]>::try_from(values) {
            let window =
                Window { from: from.naive_utc(), to: to.naive_utc(), zones: zones.to_vec() };
            samples.insert((table, name), Sample { values, window });
        }
    }
    Ok(samples)
}

/// The server's clock.
pub async fn clock(connection: &mut PgConnection) -> Result<DateTime<Utc>, sqlx::Error> {
    let seconds: f64 = sqlx::query_scalar("select extract(epoch from clock_timestamp())::float8")
        .fetch_one(connection)
        .await?;
    #[expect(clippy::cast_possible_truncation, reason = "microseconds since 1970 fit")]
    let micros = (seconds * 1_000_000.0) as i64;
    Ok(DateTime::from_timestamp_micros(micros).unwrap_or_default())
}

/// How far the database's own time zone is from UTC, in seconds.
pub async fn zone(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    // The setting of this session is the driver's.
    sqlx::query_scalar(
        "select extract(epoch from now() at time zone coalesce( \
           (select substr(s, 10) from pg_db_role_setting, unnest(setconfig) s \
            where setrole = 0 and s ilike 'timezone=%' and setdatabase = \
              (select oid from pg_database where datname = current_database())), \
           (select reset_val from pg_settings where name = 'TimeZone' and source <> 'client'), 'UTC') \
         - now() at time zone 'UTC')::int4",
    )
    .fetch_one(connection)
    .await
}
