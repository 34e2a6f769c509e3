//! All that a scratch database holds at one time: what the proof compares.

use std::borrow::Cow;

use arcstr::Substr;
use sqlx::postgres::PgConnection;

use crate::postgres::programs::{self, ProgramError, Table};
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::postgres::{catalog, identifier, inventory};
use crate::schema::inventory::Inventory;
use crate::schema::repair::{self, Facts};
use crate::schema::roles::{Made, Snapshot};
use crate::schema::toc::{self, Dump, TocError};
use crate::schema::{self, Entry, Object, Statements};

/// Why it cannot be told what a database holds.
#[derive(Debug, thiserror::Error)]
pub enum HoldingError {
    /// A client program failed.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// Its text cannot be cut into statements.
    #[error(transparent)]
    Toc(#[from] TocError),
    /// The catalog cannot be read.
    #[error("cannot read the catalog")]
    Catalog(#[from] sqlx::Error),
}

/// The type that Alembic gives the version table's column.
const ALEMBICS_COLUMN: &str = "character varying(32)";

/// What a database holds.
#[derive(Debug, Clone)]
pub struct Holding {
    /// What `pg_dump` sets for the whole of its text.
    pub settings: Vec<Substr>,
    /// The entries of that text.
    pub entries: Vec<Entry>,
    /// Those from which a control is restored, if something in the text had to be put right (see `schema::repair`).
    pub repaired: Option<Vec<Entry>>,
    /// What the dump does not tell.
    pub facts: Facts,
    /// The version table itself.
    pub version_table: Vec<Entry>,
    /// What is on the version table besides itself: privileges, comments, policies.
    pub on_version_table: Vec<Entry>,
    /// The type of the version table's column, as PostgreSQL prints it.
    pub version_column: String,
    /// What the catalog tells of the same objects.
    pub inventory: Inventory,
    /// The members of all extensions, with the extensions' versions.
    pub extension_members: Vec<String>,
    /// Roles and settings.
    pub made: Made,
}

/// Reads what a database holds. `dump` is without the version table; `before` tells which roles
/// and settings were there at the beginning.
pub async fn read(
    server: &Server,
    database: &ScratchDb,
    connection: &mut PgConnection,
    version_table: &Table,
    before: &Snapshot,
    dump: Dump,
) -> Result<Holding, HoldingError> {
    // One connection, so one after the other here; the dump of the table takes longer than all of it.
    let on_table = async {
        Ok::<_, HoldingError>(programs::dump_table(server, database, version_table).await?)
    };
    let from_catalog = async {
        let inventory = inventory::read(connection, version_table).await?;
        let facts = catalog::facts(connection).await?;
        let members = catalog::extension_members(connection).await?;
        let now = catalog::snapshot(connection, database.is_private()).await?;
        let column = catalog::version_column(connection, version_table).await?;
        Ok((inventory, facts, members, now, column))
    };
    let (on_table, (inventory, facts, extension_members, now, version_column)) =
        tokio::try_join!(on_table, from_catalog)?;
    let Dump { settings, entries } = dump;
    let alone = repair::version_table(&Dump::cut(&on_table)?.entries);
    let mut restored = repair::entries(entries.iter().map(Cow::Borrowed), &facts);
    let names_it = |s: &Substr| s.contains(&version_table.name);
    if entries.iter().any(|e| !e.is_rows() && e.statements.iter().any(names_it)) {
        restored = repair::with_version_table(restored, &alone);
    }
    let is_same = repair::is_same(&restored, &entries);
    let repaired = (!is_same).then(|| restored.into_iter().map(Cow::into_owned).collect());
    let mut on_version_table = toc::on_table(&on_table, &database.address().user)?;
    on_version_table.extend(widened(version_table, &version_column));
    Ok(Holding {
        entries,
        facts,
        version_table: alone,
        on_version_table,
        version_column,
        inventory,
        extension_members,
        made: now.made_since(before),
        settings,
        repaired,
    })
}

/// Alembic makes the column `VARCHAR(32)`. A history with longer ids widens it in one of its revisions (or in
/// `env.py`, where saying it again changes nothing): later revisions need that.
fn widened(table: &Table, column: &str) -> Option<Entry> {
    if column == ALEMBICS_COLUMN {
        return None;
    }
    let object = Object {
        kind: "VERSION COLUMN".to_owned(),
        schema: Some(table.schema.clone()),
        name: format!("{}.version_num", table.name),
    };
    let name = identifier::qualify(Some(&table.schema), &table.name);
    let statement = format!("ALTER TABLE {name} ALTER COLUMN version_num TYPE {column}");
    Some(Entry { object, owner: None, statements: Statements::one(statement) })
}

impl Holding {
    /// The same with one text in memory for what both hold. No control is restored from it.
    #[must_use]
    pub fn like(mut self, other: &Self) -> Self {
        self.repaired = None;
        schema::share(&mut self.entries, &other.entries);
        self
    }

    /// The script for psql that a control is restored from, piece by piece.
    pub fn script(&self) -> impl Iterator<Item = &str> {
        toc::script(&self.settings, self.repaired.as_ref().unwrap_or(&self.entries))
    }

    /// How many characters a revision id may have; `None` for any number.
    pub fn longest_id(&self) -> Option<usize> {
        let length = self.version_column.split_once('(')?.1.strip_suffix(')')?;
        length.parse().ok()
    }
}
