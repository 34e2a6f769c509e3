//! Why there is no baseline.

use crate::error::{Explain, Kind};
use crate::history::IllegalRevisionId;

/// Why there is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The template is wrong.
    #[error("template `{name}` cannot be rendered: {why}")]
    Template {
        /// Where the template comes from.
        name: String,
        /// The engine's words, with the line.
        why: String,
    },
    /// The id cannot be one.
    #[error("`{id}` cannot be the baseline's revision id")]
    IllegalId {
        /// The id.
        id: String,
        /// What is wrong with it.
        #[source]
        source: IllegalRevisionId,
    },
    /// The id means something else to Alembic.
    #[error("the revision id `{id}` is a word of Alembic's")]
    ReservedId {
        /// The id.
        id: String,
    },
    /// The id does not fit the version table.
    #[error("the revision id `{id}` has {length} characters; the version table holds {longest}")]
    LongId {
        /// The id.
        id: String,
        /// Its length.
        length: usize,
        /// How many characters the version table holds.
        longest: usize,
    },
    /// The id belongs to a revision that is not the cut.
    #[error("the revision id `{id}` is taken by a revision of this history")]
    TakenId {
        /// The id.
        id: String,
    },
}

impl Explain for RenderError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Template { .. } => {
                vec!["leave --templates out to use the built-in template".to_owned()]
            }
            Self::IllegalId { .. }
            | Self::ReservedId { .. }
            | Self::LongId { .. }
            | Self::TakenId { .. } => {
                vec!["--revision-id new lets rebaseline choose one".to_owned()]
            }
        }
    }
}
