//! A database that is known good, in the place of a replay: its schema, and rows of named tables, are copied
//! to the scratch database.
//!
//! Takes a URL and what is asked for; gives a [`Replayed`] history that stands at the cut, and what the
//! database itself tells, for the proof. The database is only read. `env.py` runs once without any revision, on a
//! scratch database, to learn of the version table and of what is there beforehand.

mod error;

use arcstr::Substr;
use std::collections::BTreeSet;

use rebaseline_archive::DatabaseRecord;

use crate::files::{self};
use crate::history::RevisionId;
use crate::postgres::live::{self, Facts, LiveError, Reading};
use crate::postgres::programs::{self, Table};
use crate::postgres::scratch::{Prelude, ScratchDb};
use crate::postgres::server::Server;
use crate::postgres::stopwatch::Stopwatch;
use crate::postgres::url::Url;
use crate::postgres::{catalog, identifier};
use crate::run::channel::Existing;
use crate::run::{Goal, Interpreter, Job, Scripts};
use crate::schema::inventory::Inventory;
use crate::schema::toc::{self, Dump};
use crate::schema::{Entry, portable};
use crate::stages::replay::choice::{Asked, Choice, Taken};
use crate::stages::replay::{ReplayError, Replayed, Request, before, version_table};

pub use error::CopyError;

/// A copy that stands at the cut.
#[derive(Debug)]
pub struct Copied {
    /// Where it comes from, and what of it was taken.
    pub record: DatabaseRecord,
    /// What the database itself tells of what was taken: the archive keeps it, with owners.
    pub found: Inventory,
    /// The same without owners, as the baseline must make it.
    pub inventory: Inventory,
    /// Roles that must be there wherever the baseline runs.
    pub roles: Vec<String>,
    /// The rows as the database told them.
    rows: Vec<Entry>,
}

/// The database, and what it must be.
#[derive(Debug)]
pub struct Source<'a> {
    /// Where it is.
    pub url: &'a Url,
    /// What of it is taken.
    pub asked: &'a Asked,
    /// The rows that its version table must have.
    pub heads: &'a [RevisionId],
    /// All revisions of the project.
    pub history: &'a BTreeSet<String>,
}

/// Copies a database to the request's scratch database: then it is as a replay would have left it.
pub async fn copied(
    request: &Request<'_>,
    source: &Source<'_>,
    server: &Server,
    interpreter: &mut Interpreter,
) -> Result<(Replayed, Copied), CopyError> {
    let Source { url, asked, heads, history } = source;
    let ran = without_revisions(request, server, interpreter).await?;
    let (table, named) = (&ran.table, (ran.schema.as_deref(), ran.name.as_str()));
    let place = live::place(url).unwrap_or_default();
    let expected: BTreeSet<&str> = heads.iter().map(RevisionId::as_str).collect();
    let reading = live::read(url, server.binaries(), named, |facts| {
        if facts.rows.iter().map(String::as_str).collect::<BTreeSet<_>>() != expected {
            let is_unknown = |row: &&String| !history.contains(*row);
            return Err(Failed::Copy(CopyError::Stands {
                found: facts.rows.clone(),
                expected: heads.iter().map(ToString::to_string).collect(),
                unknown: facts.rows.iter().filter(is_unknown).cloned().collect(),
            }));
        }
        if let Some(expected) = table.clone().filter(|table| facts.table != *table) {
            let found = facts.table.clone();
            return Err(Failed::Copy(CopyError::OtherTable { found, expected }));
        }
        Ok(Choice::new(asked, facts).map_err(CopyError::from)?.without())
    });
    let Reading { facts, text, inventory } = reading.await.map_err(|failed| match failed {
        Failed::Copy(error) => error,
        Failed::Live(source) => CopyError::Live { place: place.clone(), source },
    })?;
    let choice = Choice::new(asked, &facts)?;
    let Dump { settings, entries: all } = Dump::cut(&text)?;
    drop(text);
    let taken = entries(all, &choice, &facts)?;
    let roles = roles(&taken, &facts);
    let Taken { found, without_owners, mut left_out } = choice.inventory(&inventory);
    left_out.extend(choice.untaken_rows(&taken));
    left_out.extend(facts.beside.iter().cloned());
    let record = DatabaseRecord {
        place,
        server: facts.version.clone(),
        seed_tables: choice.seeded(),
        schemas: asked.schemas.clone(),
        owners: asked.owners.clone(),
        left_out,
        roles: roles.clone(),
    };
    let mut replayed = restore(request, (&settings, &taken), &facts, &roles, ran, server).await?;
    replayed.origin.database = Some(record.clone());
    let beforehand = before(server, &replayed, request, interpreter).await?;
    replayed.dump_before = beforehand;
    let rows = taken.into_iter().filter(|entry| is_data(entry) && !is_of(entry, &facts.table));
    let (inventory, rows) = (without_owners, rows.collect());
    let copied = Copied { record, found, inventory, roles, rows };
    Ok((replayed, copied))
}

/// What reading a database can end in.
enum Failed {
    Copy(CopyError),
    Live(LiveError),
}

impl From<LiveError> for Failed {
    fn from(error: LiveError) -> Self {
        Self::Live(error)
    }
}

impl From<CopyError> for Failed {
    fn from(error: CopyError) -> Self {
        Self::Copy(error)
    }
}

/// What `env.py` tells when no revision runs.
struct Alone {
    /// The version table, if it is there: some environments only make it with the first revision.
    table: Option<Table>,
    /// Its schema and its name, as `env.py` has them.
    schema: Option<String>,
    name: String,
    existing: Existing,
    versions: crate::run::Versions,
}

async fn without_revisions(
    request: &Request<'_>,
    server: &Server,
    interpreter: &mut Interpreter,
) -> Result<Alone, CopyError> {
    let database = ScratchDb::create(server, "env").await?;
    let result = async {
        database.prepare(request.prelude).await?;
        let mut connection = database.connect().await?;
        let extensions = catalog::extensions(&mut connection).await?;
        let scripts = Scripts { only: Some(BTreeSet::new()), ..Scripts::default() };
        let environment = request.environment.clone();
        let job = Job { goal: Goal::Upgrade, database: &database, scripts: &scripts, environment };
        let ran = interpreter.run(job, &|_| {}).await?;
        let table = match version_table(&mut connection, &ran).await {
            Ok((table, _)) => Some(table),
            Err(ReplayError::NoVersionTable { .. }) => None,
            Err(error) => return Err(Box::new(error).into()),
        };
        let context = ran.contexts.first().cloned().unwrap_or_default();
        let (schema, name) = (context.version_table_schema, context.version_table);
        let existing = Existing { extensions, ..ran.existing() };
        Ok(Alone { table, schema, name, existing, versions: ran.versions })
    }
    .await;
    database.drop_scratch().await?;
    result
}

/// The entries that are taken, independent of who owns what.
fn entries(all: Vec<Entry>, choice: &Choice<'_>, facts: &Facts) -> Result<Vec<Entry>, CopyError> {
    let mut taken = Vec::new();
    for entry in all.into_iter().filter(|entry| choice.takes_entry(entry)) {
        let owner = entry.owner.as_deref().unwrap_or_default();
        let mut entry = entry.clone();
        // Privileges that another than the owner gave are given in his name: a superuser may.
        let in_anothers_name =
            entry.statements.iter().any(|s| s.starts_with("SET SESSION AUTHORIZATION "));
        let is_large = entry.object.kind == "BLOBS";
        if !in_anothers_name && !is_large {
            entry.statements = portable::statements(&entry, &facts.owner, |_| None)?;
        }
        let gives = |s: &Substr| gives_ownership(s, owner);
        if entry.statements.iter().any(gives) {
            entry.statements.to_mut().retain(|statement| !gives(statement));
        }
        if !entry.statements.is_empty() {
            taken.push(entry);
        }
    }
    Ok(taken)
}

/// `ALTER ... OWNER TO` the owner that stands above: owners are left out, as in every baseline.
fn gives_ownership(statement: &str, owner: &str) -> bool {
    let to = |name: &str| statement.ends_with(&format!(" OWNER TO {name}"));
    statement.starts_with("ALTER ") && (to(owner) || to(&identifier::quote(owner)))
}

/// The roles that what is taken names.
fn roles(taken: &[Entry], facts: &Facts) -> Vec<String> {
    let names = |role: &&String| {
        let kinds = ["ACL", "DEFAULT ACL", "POLICY", "USER MAPPING"];
        let statements = taken
            .iter()
            .filter(|entry| kinds.contains(&entry.object.kind.as_str()))
            .flat_map(|entry| &entry.statements);
        let words = |s: &Substr| {
            s.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).any(|w| w == *role)
                || s.contains(&identifier::quote(role))
        };
        statements.into_iter().any(words)
    };
    facts.roles.iter().filter(names).cloned().collect()
}

async fn restore(
    request: &Request<'_>,
    (settings, taken): (&[Substr], &[Entry]),
    facts: &Facts,
    roles: &[String],
    alone: Alone,
    server: &Server,
) -> Result<Replayed, CopyError> {
    let database = request.database;
    // What scripts make beforehand is in the dump as well.
    let Prelude { roles: own, extensions, .. } = request.prelude;
    let roles = [own.as_slice(), roles].concat();
    let prelude = Prelude { roles, extensions: extensions.clone(), scripts: Vec::new() };
    database.prepare(&prelude).await?;
    let mut connection = database.connect().await?;
    let before = catalog::snapshot(&mut connection, database.is_private()).await?;
    let watch = Stopwatch::start(&mut connection).await?;
    let has_public = facts.schemas.contains_key("public");
    if !has_public {
        sqlx::raw_sql("DROP SCHEMA IF EXISTS public").execute(&mut connection).await?;
    }
    let mut script: String = toc::script(settings, taken).collect();
    let table = identifier::qualify(Some(&facts.table.schema), &facts.table.name);
    for row in &facts.rows {
        let row = identifier::literal(row);
        script.push_str(&format!("INSERT INTO {table} (version_num) VALUES ({row});\n"));
    }
    let file = server.folder().path().join("copy.sql");
    files::write_scratch(&file, script.as_bytes())?;
    programs::psql(server, database, &file).await.map_err(CopyError::Restore)?;
    let window = watch.stop(&mut connection).await?;
    Ok(Replayed {
        applied: Vec::new(),
        version_table: facts.table.clone(),
        version_table_schema: alone.schema,
        existing: alone.existing,
        dump_before: None,
        before,
        makes_roles: false,
        window,
        watch,
        versions: alone.versions,
        origin: request.origin.clone(),
    })
}

impl Copied {
    /// Whether the copy has the rows and positions that the database told.
    ///
    /// # Errors
    /// [`CopyError::Rows`] with the tables whose rows differ.
    pub fn check_rows(&self, entries: &[Entry]) -> Result<(), CopyError> {
        let sorted = |entry: &Entry| {
            let mut statements = entry.statements.to_vec();
            statements.sort_unstable();
            statements
        };
        let mut tables: Vec<String> = Vec::new();
        for expected in &self.rows {
            let found = entries.iter().find(|entry| entry.object == expected.object);
            if found.map(&sorted) != Some(sorted(expected)) {
                tables.push(expected.object.to_string());
            }
        }
        if tables.is_empty() { Ok(()) } else { Err(CopyError::Rows { tables }) }
    }
}

fn is_data(entry: &Entry) -> bool {
    matches!(entry.object.kind.as_str(), "TABLE DATA" | "SEQUENCE SET")
}

fn is_of(entry: &Entry, table: &Table) -> bool {
    entry.object.schema.as_deref() == Some(&table.schema) && entry.object.name == table.name
}
