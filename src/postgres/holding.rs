//! All that a scratch database holds at one time: what the proof compares.

use sqlx::postgres::PgConnection;

use crate::postgres::programs::{self, ProgramError, Table};
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::postgres::{catalog, inventory};
use crate::schema::Entry;
use crate::schema::inventory::Inventory;
use crate::schema::roles::{Made, Snapshot};
use crate::schema::toc::{self, TocError};

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
    #[error(transparent)]
    Catalog(#[from] sqlx::Error),
}

/// What a database holds.
#[derive(Debug, Clone)]
pub struct Holding {
    /// `pg_dump`'s text as it is: a control is restored from it.
    pub text: String,
    /// Its entries.
    pub entries: Vec<Entry>,
    /// What is on the version table besides itself: privileges, comments, policies.
    pub on_version_table: Vec<Entry>,
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
    text: String,
) -> Result<Holding, HoldingError> {
    // One connection, so one after the other here; the dump of the table takes longer than both.
    let catalog = async {
        let inventory = inventory::read(connection, version_table).await?;
        let extension_members = catalog::extension_members(connection).await?;
        Ok((inventory, extension_members, catalog::snapshot(connection).await?.made_since(before)))
    };
    let on_table = programs::dump_table(server, database, version_table);
    let on_table = async { Ok::<_, HoldingError>(on_table.await?) };
    let (on_table, (inventory, extension_members, made)) = tokio::try_join!(on_table, catalog)?;
    Ok(Holding {
        entries: toc::entries(&text)?,
        on_version_table: toc::on_table(&on_table, &database.address().user)?,
        inventory,
        extension_members,
        made,
        text,
    })
}
