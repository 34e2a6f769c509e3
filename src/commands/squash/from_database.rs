//! `--from-database URL`: a database that is known good takes the place of a replay.
//!
//! Takes what the user says; gives the database and what is asked of it, and the settings with a scratch server
//! of the same major version. The database is only asked for its version here.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cli::Squash;
use crate::config::{self, Settings};
use crate::error::{Explain, Kind, Result};
use crate::history::{Cut, History};
use crate::postgres::binaries::Binaries;
use crate::postgres::holding::Holding;
use crate::postgres::live::{self, LiveError};
use crate::postgres::server::Source as Scratch;
use crate::postgres::url::Url;
use crate::report::count;
use crate::stages::dump::SchemaDump;
use crate::stages::replay::choice::Asked;
use crate::stages::replay::copied::{Copied, Source};

/// A database that cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum FromDatabaseError {
    /// It cannot be reached.
    #[error("cannot read the database {place}")]
    Unreachable {
        /// Where it is.
        place: String,
        /// Why.
        #[source]
        source: LiveError,
    },
    /// Two majors print things in different words.
    #[error(
        "the database runs on PostgreSQL {server}, and the scratch server is PostgreSQL {scratch}"
    )]
    Major {
        /// The database's.
        server: u32,
        /// The scratch server's.
        scratch: u32,
    },
    /// No programs of that major.
    #[error("the database runs on PostgreSQL {server}, and its programs are not on this machine")]
    NoBinaries {
        /// The database's.
        server: u32,
    },
    /// A pattern that is none.
    #[error("`{pattern}` is no pattern")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        #[source]
        source: glob::PatternError,
    },
}

impl Explain for FromDatabaseError {
    fn kind(&self) -> Kind {
        match self {
            Self::Pattern { .. } => Kind::Usage,
            _ => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Unreachable { source, .. } => source.hints(),
            Self::Pattern { .. } => {
                vec!["it is a glob, as in --seed-tables 'app.country*'".to_owned()]
            }
            Self::Major { server, .. } | Self::NoBinaries { server } => vec![format!(
                "pass --pg-bin DIR with the programs of PostgreSQL {server} (Debian: apt install postgresql-{server}), \
                 or --scratch-url URL of a server of that major"
            )],
        }
    }
}

/// The database, and what is asked of it.
#[derive(Debug)]
pub struct FromDatabase {
    url: Url,
    asked: Asked,
    history: BTreeSet<String>,
}

/// What the command line says, with a scratch server that fits.
pub async fn asked(
    settings: Settings,
    arguments: &Squash,
    history: &History,
) -> Result<(Settings, Option<FromDatabase>)> {
    let otherwise = &arguments.otherwise;
    let Some(url) = &otherwise.from_database else { return Ok((settings, None)) };
    let url = config::database(url)?;
    let pattern = |text: &String| {
        glob::Pattern::new(text.trim())
            .map_err(|source| FromDatabaseError::Pattern { pattern: text.clone(), source })
    };
    let asked = Asked {
        schemas: otherwise.schema.clone(),
        owners: otherwise.owner.clone(),
        seed_tables: otherwise.seed_tables.iter().map(pattern).collect::<Result<_, _>>()?,
        ignore: settings.ignore.clone(),
    };
    let place = live::place(&url).unwrap_or_default();
    let major = live::major(&url).await;
    let server = major.map_err(|source| FromDatabaseError::Unreachable { place, source })?;
    let settings = fitting(settings, server)?;
    let history = history.iter().map(|revision| revision.id.to_string()).collect();
    Ok((settings, Some(FromDatabase { url, asked, history })))
}

/// Where nobody names the programs, those of the database's major are taken.
fn fitting(settings: Settings, server: u32) -> Result<Settings> {
    let Scratch::Private { folder: None, settings: extra } = &settings.source else {
        return Ok(settings);
    };
    let found = Binaries::find_for_server(server, None, &settings.path);
    let binaries = found.ok().filter(|binaries| binaries.major == server);
    let binaries = binaries.ok_or(FromDatabaseError::NoBinaries { server })?;
    let source = Scratch::Private { folder: Some(binaries.folder), settings: extra.clone() };
    Ok(Settings { source, ..settings })
}

impl FromDatabase {
    /// What the copy needs to know.
    pub fn source<'a>(&'a self, cut: &'a Cut) -> Source<'a> {
        let Self { url, asked, history } = self;
        Source { url, asked, heads: cut.version_rows(), history }
    }

    /// Checks the scratch server that was started.
    pub async fn fits(&self, scratch: u32) -> Result<()> {
        let place = live::place(&self.url).unwrap_or_default();
        let server = live::major(&self.url)
            .await
            .map_err(|source| FromDatabaseError::Unreachable { place, source })?;
        if server == scratch {
            return Ok(());
        }
        Err(FromDatabaseError::Major { server, scratch }.into())
    }
}

/// The dump of the copy, checked against what the database itself told: rows here, and the catalog in the
/// proof, which takes the database's inventory for the history's.
pub fn held_to(copied: &Copied, dump: SchemaDump) -> Result<SchemaDump> {
    copied.check_rows(&dump.holding.entries)?;
    let inventory = copied.inventory.clone();
    let holding = Holding { inventory, ..Holding::clone(&dump.holding) };
    Ok(SchemaDump { holding: Arc::new(holding), ..dump })
}

/// The line of the copy.
pub fn told(copied: &Copied) -> String {
    let database = &copied.record;
    let left = match database.left_out.len() {
        0 => String::new(),
        number => format!(", {} left out", count(number as u64, "object", "objects")),
    };
    format!("the schema of {} (PostgreSQL {}){left}", database.place, database.server)
}

/// What a user must know of it.
pub fn notes(copied: &Copied) -> Vec<String> {
    let database = &copied.record;
    let mut notes = Vec::new();
    if !database.left_out.is_empty() {
        notes.push(format!("left out: {}", database.left_out.join(", ")));
    }
    if !database.roles.is_empty() {
        notes.push(format!(
            "these roles are taken as there wherever the baseline runs: {}",
            database.roles.join(", ")
        ));
    }
    if database.seed_tables.is_empty() {
        notes.push(
            "no rows were taken; --seed-tables LIST names tables whose rows belong to the schema"
                .to_owned(),
        );
    }
    notes
}
