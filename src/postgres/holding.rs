//! All that a scratch database holds at one time: what the proof compares.

use std::borrow::Cow;

use arcstr::{ArcStr, Substr};
use sqlx::postgres::PgConnection;

use crate::postgres::programs::{self, ProgramError, Table};
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::postgres::{catalog, identifier, inventory};
use crate::schema::inventory::Inventory;
use crate::schema::repair::{self, Facts};
use crate::schema::roles::{Made, Snapshot};
use crate::schema::toc::{self, TocError};
use crate::schema::{self, Entry, Object};

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
    /// `pg_dump`'s text, from which a control is restored: as it is, unless something in it had to be put
    /// right (see `schema::repair`).
    pub text: ArcStr,
    /// Its entries.
    pub entries: Vec<Entry>,
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

/// Reads what a database holds. `text` is its dump without the version table; `before` tells which roles
/// and settings were there at the beginning.
pub async fn read(
    server: &Server,
    database: &ScratchDb,
    connection: &mut PgConnection,
    version_table: &Table,
    before: &Snapshot,
    text: ArcStr,
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
    let entries = toc::entries(&text)?;
    let alone = repair::version_table(&toc::entries(&on_table)?);
    let mut restored = repair::entries(entries.iter().map(Cow::Borrowed), &facts);
    let names_it = |s: &Substr| s.contains(&version_table.name);
    if entries.iter().any(|e| !e.is_rows() && e.statements.iter().any(names_it)) {
        restored = repair::with_version_table(restored, &alone);
    }
    let text = if repair::is_same(&restored, &entries) {
        text
    } else {
        toc::script(&text, restored.iter().map(AsRef::as_ref))?.into()
    };
    drop(restored);
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
        text,
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
    Some(Entry { object, owner: None, statements: vec![statement.into()] })
}

impl Holding {
    /// The same without its text, and with one text in memory for what both hold: no control is restored from it.
    #[must_use]
    pub fn like(mut self, other: &Self) -> Self {
        self.text = ArcStr::new();
        schema::share(&mut self.entries, &other.entries);
        self
    }

    /// How many characters a revision id may have; `None` for any number.
    pub fn longest_id(&self) -> Option<usize> {
        let length = self.version_column.split_once('(')?.1.strip_suffix(')')?;
        length.parse().ok()
    }
}
