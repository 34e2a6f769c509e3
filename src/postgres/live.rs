//! A database of the user's that is read, and nothing else: its catalog, and a dump by `pg_dump`.
//!
//! Takes a URL and what is asked for; gives what was read. All of it sees one moment: one transaction,
//! REPEATABLE READ and READ ONLY, exports its snapshot, and `pg_dump` works in it. `pg_dump`'s own session is
//! read only by its settings besides. Nothing is written, and no transaction id is taken.

use arcstr::ArcStr;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::error::Explain;
use crate::postgres::binaries::Binaries;
use crate::postgres::connect::{self, ConnectError, Waiting};
use crate::postgres::destination::Destination;
use crate::postgres::inventory::{self, View};
use crate::postgres::programs::Table;
use crate::postgres::url::{Url, UrlError};
use crate::postgres::{catalog, identifier};
use crate::process::{self, Plan, ProcessError};
use crate::schema::inventory::Inventory;

/// How long to wait for a connection, and for the locks that `pg_dump` takes (ACCESS SHARE).
const WAITING: Waiting = Waiting { limit: Duration::from_secs(10), retries: 2 };
const LOCK: &str = "10s";

/// Why a database cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The URL.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A query failed.
    #[error("cannot read its catalog")]
    Sql(#[from] sqlx::Error),
    /// `pg_dump` failed.
    #[error("cannot dump it")]
    Dump(#[from] ProcessError),
    /// Not UTF-8.
    #[error("`pg_dump` did not write UTF-8")]
    NotText,
    /// There is no version table.
    #[error("it has no version table `{table}`")]
    NoVersionTable {
        /// Its name as env.py has it.
        table: String,
    },
}

impl LiveError {
    /// What to do about it, where that does not hang on what was asked for.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Url(error) => error.hints(),
            Self::Connect(error) => vec![error.help()],
            Self::Sql(_) => vec!["the role of the URL must be able to read the catalog".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// A relation of the database, or an index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relation {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// PostgreSQL's `relkind`.
    pub kind: String,
    /// Its owner.
    pub owner: String,
    /// Schema and name of the table that a sequence or an index belongs to.
    pub of: Option<(String, String)>,
    /// Of a partition: the tables that it is a part of, up to the root.
    pub ancestors: Vec<(String, String)>,
    /// Of a sequence: the tables with a default that takes its next value.
    pub used_by: Vec<(String, String)>,
    /// Whether an extension made it, and then whether that has marked it: its rows are the database's own.
    pub member: Option<Marked>,
}

/// What an extension says of a relation that it made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// A part of its configuration (`pg_extension_config_dump`): `pg_dump` dumps its rows.
    Configuration,
    /// Nothing: no dump has its rows.
    No,
}

/// What `pg_dump` is told to leave out.
#[derive(Debug, Clone, Default)]
pub struct Without {
    /// Whole schemas.
    pub schemas: Vec<String>,
    /// Relations.
    pub relations: Vec<(String, String)>,
    /// The rows of these tables.
    pub rows: Vec<(String, String)>,
}

/// What is in a database, before it is dumped.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The server's version.
    pub version: String,
    /// Its version table.
    pub table: Table,
    /// The rows of it.
    pub rows: Vec<String>,
    /// Who runs the migrations: the owner of the version table.
    pub owner: String,
    /// Its schemas with their owners.
    pub schemas: BTreeMap<String, String>,
    /// Its relations and indexes, with those that extensions made.
    pub relations: Vec<Relation>,
    /// What no dump of its objects holds, in words: settings of the database, large objects.
    pub beside: Vec<String>,
    /// The roles that its objects depend on, without the one that runs the migrations.
    pub roles: Vec<String>,
}

/// What was read.
#[derive(Debug)]
pub struct Reading {
    /// What is in it.
    pub facts: Facts,
    /// The text of `pg_dump`, with owners.
    pub text: ArcStr,
    /// Its inventory in the eyes of the role that runs the migrations.
    pub inventory: Inventory,
}

/// The major version of a server.
pub async fn major(url: &Url) -> Result<u32, LiveError> {
    let mut connection = connect::connect(url, WAITING).await?;
    let number: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int")
        .persistent(false)
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(u32::try_from(number / 10_000).unwrap_or_default())
}

/// Where it is, without user and password.
pub fn place(url: &Url) -> Result<String, UrlError> {
    let Destination { address, database, .. } = Destination::of(url)?;
    Ok(format!("{}:{}/{database}", address.host, address.port))
}

/// Reads a database. `choose` says from the facts what is left out, or that nothing is to be read; the
/// version table is the one of this name, and its rows are never dumped.
pub async fn read<E: From<LiveError>>(
    url: &Url,
    binaries: &Binaries,
    version_table: (Option<&str>, &str),
    choose: impl FnOnce(&Facts) -> Result<Without, E>,
) -> Result<Reading, E> {
    let destination = Destination::of(url).map_err(LiveError::from)?;
    let mut connection = connect::connect(url, WAITING).await.map_err(LiveError::from)?;
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
    let mut transaction = connection.begin_with(begin).await.map_err(LiveError::from)?;
    let facts = facts(&mut transaction, version_table).await?;
    let without = choose(&facts)?;
    let snapshot: String = sqlx::query_scalar("select pg_catalog.pg_export_snapshot()")
        .persistent(false)
        .fetch_one(&mut *transaction)
        .await
        .map_err(LiveError::from)?;
    let text = dump(binaries, &destination, &snapshot, &facts.table, &without).await?;
    let view = View { role: Some(&facts.owner), schema: None };
    let inventory = inventory::read_view(&mut transaction, &facts.table, view);
    let inventory = inventory.await.map_err(LiveError::from)?;
    transaction.rollback().await.map_err(LiveError::from)?;
    // What was read is read, whatever becomes of the connection.
    let _ = connection.close().await;
    Ok(Reading { facts, text, inventory })
}

/// Schema, name, kind, owner, schema and name of the table that it belongs to, and whether an extension made it
/// and has marked it.
type RelationRow = (String, String, String, String, Option<String>, Option<String>, Option<bool>);

/// Schema and name of a relation, and of another one that it has to do with.
type PairRow = (String, String, String, String);

/// Partitions with each table that they are a part of. A table that only inherits is none.
const ANCESTORS: &str = "
with recursive above (part, whole) as (
  select i.inhrelid, i.inhparent from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid where c.relispartition and c.relkind <> 'i'
  union
  select a.part, i.inhparent from above a
    join pg_catalog.pg_class c on c.oid = a.whole and c.relispartition
    join pg_catalog.pg_inherits i on i.inhrelid = a.whole)
select pn.nspname::text, p.relname::text, wn.nspname::text, w.relname::text from above a
  join pg_catalog.pg_class p on p.oid = a.part join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
  join pg_catalog.pg_class w on w.oid = a.whole join pg_catalog.pg_namespace wn on wn.oid = w.relnamespace
 order by 1, 2, 3, 4";

/// Sequences with each table that has a default that names them: no need to be owned by its column.
const USES: &str = "
select distinct sn.nspname::text, s.relname::text, tn.nspname::text, t.relname::text
  from pg_catalog.pg_depend d
  join pg_catalog.pg_attrdef a on a.oid = d.objid
  join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind = 'S'
  join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
  join pg_catalog.pg_class t on t.oid = a.adrelid
  join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
 where d.classid = 'pg_catalog.pg_attrdef'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
 order by 1, 2, 3, 4";

const RELATIONS: &str = "
select n.nspname::text, c.relname::text, c.relkind::text,
       pg_catalog.pg_get_userbyid(c.relowner)::text, tn.nspname::text, t.relname::text,
       (select c.oid = any(coalesce(x.extconfig, '{}')) from pg_catalog.pg_depend e
          join pg_catalog.pg_extension x on x.oid = e.refobjid
         where e.classid = 'pg_catalog.pg_class'::regclass and e.objid = c.oid and e.objsubid = 0
           and e.refclassid = 'pg_catalog.pg_extension'::regclass and e.deptype = 'e' limit 1)
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_depend d
    on c.relkind = 'S' and d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
   and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i')
  left join pg_catalog.pg_index i on i.indexrelid = c.oid
  left join pg_catalog.pg_class t on t.oid = coalesce(d.refobjid, i.indrelid)
  left join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
 where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";

/// Settings are told without their values, which may be secrets.
const BESIDE: &str = "
select 'setting `' || split_part(setting, '=', 1) || '` of '
       || case when s.setrole = 0 then 'the database' else 'role `' || s.setrole::regrole || '` in it' end
  from pg_catalog.pg_db_role_setting s cross join unnest(s.setconfig) as setting
 where s.setdatabase = (select oid from pg_catalog.pg_database where datname = current_database())
union all
select count(*) || ' large objects' from pg_catalog.pg_largeobject_metadata having count(*) > 0
union all
select 'comment of the database' from pg_catalog.pg_database d
  join pg_catalog.pg_shdescription c on c.objoid = d.oid and c.classoid = 'pg_catalog.pg_database'::regclass
 where d.datname = current_database()
union all
select 'privileges on the database' from pg_catalog.pg_database
 where datname = current_database() and datacl is not null
order by 1";

async fn facts(
    connection: &mut PgConnection,
    (schema, name): (Option<&str>, &str),
) -> Result<Facts, LiveError> {
    let table = catalog::find_table(connection, schema, name).await?;
    let table = table.ok_or_else(|| LiveError::NoVersionTable {
        table: schema.map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}")),
    })?;
    let rows = catalog::version_rows(connection, &table).await?;
    // Without what a distribution adds.
    let version: String =
        sqlx::query_scalar("select split_part(current_setting('server_version'), ' ', 1)")
            .persistent(false)
            .fetch_one(&mut *connection)
            .await?;
    let schemas: Vec<(String, String)> = sqlx::query_as(
        "select nspname::text, pg_catalog.pg_get_userbyid(nspowner)::text from pg_catalog.pg_namespace \
          where nspname !~ '^pg_' and nspname <> 'information_schema'",
    )
    .persistent(false)
    .fetch_all(&mut *connection)
    .await?;
    let relations = relations(connection).await?;
    let is_table = |r: &&Relation| r.schema == table.schema && r.name == table.name;
    let owner = relations.iter().find(is_table).map(|r| r.owner.clone()).unwrap_or_default();
    let roles: Vec<String> = sqlx::query_scalar(
        "select distinct r.rolname::text from pg_catalog.pg_shdepend d \
           join pg_catalog.pg_roles r on r.oid = d.refobjid \
          where d.refclassid = 'pg_catalog.pg_authid'::regclass and r.rolname !~ '^pg_' \
            and d.dbid = (select oid from pg_catalog.pg_database where datname = current_database()) \
            and r.rolname <> $1 order by 1",
    )
    .bind(&owner)
    .persistent(false)
    .fetch_all(&mut *connection)
    .await?;
    let beside: Vec<String> =
        sqlx::query_scalar(BESIDE).persistent(false).fetch_all(connection).await?;
    let schemas = schemas.into_iter().collect();
    Ok(Facts { version, table, rows, owner, schemas, relations, beside, roles })
}

async fn relations(connection: &mut PgConnection) -> Result<Vec<Relation>, LiveError> {
    let relations: Vec<RelationRow> =
        sqlx::query_as(RELATIONS).persistent(false).fetch_all(&mut *connection).await?;
    let ancestors = pairs(connection, ANCESTORS).await?;
    let uses = pairs(connection, USES).await?;
    let relation = |(schema, name, kind, owner, of_schema, of, marked): RelationRow| {
        let key = (schema, name);
        let ancestors = ancestors.get(&key).cloned().unwrap_or_default();
        let used_by = uses.get(&key).cloned().unwrap_or_default();
        let (schema, name) = key;
        let of = of_schema.zip(of);
        let member = marked.map(|marked| if marked { Marked::Configuration } else { Marked::No });
        Relation { schema, name, kind, owner, of, ancestors, used_by, member }
    };
    Ok(relations.into_iter().map(relation).collect())
}

/// The others of each relation, both by schema and name.
type Pairs = BTreeMap<(String, String), Vec<(String, String)>>;

async fn pairs(connection: &mut PgConnection, query: &'static str) -> Result<Pairs, LiveError> {
    let rows: Vec<PairRow> = sqlx::query_as(query).persistent(false).fetch_all(connection).await?;
    let mut pairs = Pairs::new();
    for (schema, name, of_schema, of) in rows {
        pairs.entry((schema, name)).or_default().push((of_schema, of));
    }
    Ok(pairs)
}

async fn dump(
    binaries: &Binaries,
    destination: &Destination,
    snapshot: &str,
    version_table: &Table,
    without: &Without,
) -> Result<ArcStr, LiveError> {
    let exact = |(schema, name): &(String, String)| identifier::pattern(schema, name);
    let versions = (version_table.schema.clone(), version_table.name.clone());
    let rows = without.rows.iter().chain([&versions]);
    let plan = Plan::new(binaries.program("pg_dump"))
        .arguments(["--no-password", "--column-inserts", "--encoding=UTF8", "--no-blobs"])
        .argument(format!("--snapshot={snapshot}"))
        .argument(format!("--lock-wait-timeout={LOCK}"))
        .arguments(
            without.schemas.iter().map(|s| format!("--exclude-schema={}", identifier::quote(s))),
        )
        .arguments(without.relations.iter().map(|r| format!("--exclude-table={}", exact(r))))
        .arguments(rows.map(|table| format!("--exclude-table-data={}", exact(table))))
        .environment(read_only(destination));
    let text = String::from_utf8(process::run(&plan).await?).map_err(|_| LiveError::NotText)?;
    Ok(text.into())
}

/// The destination for a session that could not write if it wanted to.
fn read_only(destination: &Destination) -> Vec<(OsString, Option<OsString>)> {
    const OPTIONS: &str = "PGOPTIONS";
    let more = destination.more.iter().find(|(name, _)| name == OPTIONS);
    let own = more.map(|(_, value)| format!("{value} ")).unwrap_or_default();
    let options = format!("{own}-c default_transaction_read_only=on");
    let mut environment = destination.environment();
    environment.push((OPTIONS.into(), Some(options.into())));
    environment
}
