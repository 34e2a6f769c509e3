//! Why a database cannot take the place of a replay, and what to do.

use crate::error::{Explain, Kind};
use crate::files::PathError;
use crate::postgres::live::LiveError;
use crate::postgres::programs::Table;
use crate::postgres::scratch::ScratchError;
use crate::process::ProcessError;
use crate::run::RunError;
use crate::schema::toc::TocError;
use crate::stages::replay::ReplayError;
use crate::stages::replay::choice::AskedError;

/// Why a database cannot take the place of a replay.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// It cannot be read.
    #[error("cannot read the database {place}")]
    Live {
        /// Where it is.
        place: String,
        /// Why.
        #[source]
        source: LiveError,
    },
    /// What is asked for is not there.
    #[error(transparent)]
    Asked(#[from] AskedError),
    /// It does not stand at the cut.
    #[error(
        "the database stands at {}, and the baseline would stand for {}",
        shown(found),
        expected.join(", ")
    )]
    Stands {
        /// The rows of its version table.
        found: Vec<String>,
        /// The heads.
        expected: Vec<String>,
        /// Rows that no revision of the project has.
        unknown: Vec<String>,
    },
    /// env.py keeps its version table elsewhere.
    #[error("its version table is `{}.{}`, and env.py makes `{}.{}`", found.schema, found.name, expected.schema, expected.name)]
    OtherTable {
        /// Where it is there.
        found: Table,
        /// Where env.py makes it.
        expected: Table,
    },
    /// The copy could not be made.
    #[error("its dump cannot be restored")]
    Restore(#[source] ProcessError),
    /// Rows were changed on the way.
    #[error("the copy has other rows than the database: {}", tables.join(", "))]
    Rows {
        /// The tables.
        tables: Vec<String>,
    },
    /// Its dump cannot be read.
    #[error("cannot read its dump")]
    Toc(#[from] TocError),
    /// A statement of its dump.
    #[error("cannot parse a statement of its dump")]
    Parse(#[from] pg_query::Error),
    /// env.py cannot run without revisions.
    #[error("env.py cannot run without revisions")]
    Run(#[from] RunError),
    /// The same, in the words of the replay.
    #[error(transparent)]
    Replay(#[from] Box<ReplayError>),
    /// The scratch database.
    #[error("cannot copy it to a scratch database")]
    Scratch(#[from] ScratchError),
    /// A file of the run folder.
    #[error("cannot copy it to a scratch database")]
    File(#[from] PathError),
    /// The scratch catalog.
    #[error("cannot read the scratch database")]
    Catalog(#[from] sqlx::Error),
}

fn shown(rows: &[String]) -> String {
    if rows.is_empty() { "no revision".to_owned() } else { rows.join(", ") }
}

impl Explain for CopyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Asked(_) => Kind::Usage,
            Self::Stands { .. }
            | Self::OtherTable { .. }
            | Self::Live { source: LiveError::NoVersionTable { .. }, .. } => Kind::Refused,
            _ => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Asked(error) => error.hints(),
            Self::Live { source: LiveError::NoVersionTable { .. }, .. } => vec![
                "is it this project's database? A table elsewhere: put options=-csearch_path%3DSCHEMA \
                 into the URL, or name it by --env builtin --version-table SCHEMA.TABLE"
                    .to_owned(),
            ],
            Self::Live { source: LiveError::Dump(_), .. } => vec![
                "the role of the URL must be able to read all that is dumped (a superuser, or a member of \
                 pg_read_all_data); less of it: --schema NAME, --owner ROLE"
                    .to_owned(),
                "a pooler that knows no options stands in the way: name the server itself".to_owned(),
            ],
            Self::Stands { unknown, .. } if unknown.is_empty() => vec![
                "a database is known good only for what it has: upgrade it first (alembic upgrade heads), or \
                 name one that stands there"
                    .to_owned(),
            ],
            Self::Stands { unknown, .. } => vec![format!(
                "no file of the project has {}: take the version of the project that this database runs, \
                 or repair the history first (rebaseline audit --database URL, rebaseline repair)",
                unknown.join(", ")
            )],
            Self::OtherTable { .. } => vec![
                "the same setting for both: version_table_schema in env.py, or options=-csearch_path%3DSCHEMA in the URL"
                    .to_owned(),
            ],
            Self::Restore(_) => vec![
                "what is taken may need what was left out: take that too (--schema, --owner)".to_owned(),
                "an extension that this PostgreSQL lacks: install it, or pass --pg-bin DIR or \
                 --scratch-url URL of a server that has it"
                    .to_owned(),
            ],
            Self::Run(error) => {
                let builtin = "--env builtin runs a plain env.py in the place of the project's";
                error.hints().into_iter().chain([builtin.to_owned()]).collect()
            }
            Self::Replay(error) => error.hints(),
            Self::Live { source, .. } => source.hints(),
            Self::Scratch(error) => error.hints(),
            _ => Vec::new(),
        }
    }

    fn state(&self) -> String {
        "nothing was changed; the database was only read, the scratch database is removed"
            .to_owned()
    }
}
