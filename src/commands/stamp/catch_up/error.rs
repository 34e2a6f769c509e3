//! Why a catch-up does not begin.

use std::path::PathBuf;

use crate::error::{Explain, Kind};
use crate::files::PathError;

/// Why no database was touched.
#[derive(Debug, thiserror::Error)]
pub enum RefusedError {
    /// Nobody can be asked.
    #[error("revisions are run on a real database only after a yes, and there is nobody to ask")]
    NoYes,
    /// The answer was no.
    #[error("not confirmed")]
    NotConfirmed,
    /// The revisions would run by another env.py than the squash was proved with, and nobody asked for that.
    #[error("{} was proved with {proved}, and the revisions would run by the other one", archive.display())]
    OtherEnv {
        /// The archive.
        archive: PathBuf,
        /// Whose `env.py`.
        proved: &'static str,
        /// The flag that asks for it.
        flag: &'static str,
    },
    /// The run folder.
    #[error("cannot prepare the run")]
    File(#[from] PathError),
}

impl Explain for RefusedError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoYes => Kind::Usage,
            Self::NotConfirmed | Self::OtherEnv { .. } => Kind::Refused,
            Self::File(_) => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoYes => vec![
                "look first: rebaseline stamp --catch-up --dry-run URL... (or --sql)".to_owned(),
                "then pass --yes".to_owned(),
            ],
            Self::OtherEnv { flag, .. } => vec![format!(
                "pass {flag}; with the other one constraints may get other names and objects other owners"
            )],
            _ => Vec::new(),
        }
    }

    fn state(&self) -> String {
        "no database was written to".to_owned()
    }
}
