//! A configuration that cannot be used, and what to do.

use std::path::PathBuf;

use super::FILE;
use crate::error::{Explain, Kind};
use crate::files::PathError;
use crate::format::alembic::ini::ConfigError;
use crate::postgres::url::UrlError;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Alembic's.
    #[error(transparent)]
    Alembic(#[from] ConfigError),
    /// Ours.
    #[error("`{}` cannot be used", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A file that is named does not open.
    #[error(transparent)]
    File(#[from] PathError),
    /// No such history.
    #[error("there is no [history.{name}] in {FILE}")]
    UnknownHistory {
        /// The name.
        name: String,
    },
    /// `env:NAME` and no such variable.
    #[error("the environment variable `{name}` is not set")]
    NoVariable {
        /// The variable.
        name: String,
    },
    /// A URL.
    #[error("{origin} cannot be used")]
    Url {
        /// Where the URL comes from.
        origin: String,
        /// What is wrong with it.
        #[source]
        source: UrlError,
    },
    /// A command that cannot be split into words.
    #[error("the command `{command}` cannot be split into words")]
    Command {
        /// The command.
        command: String,
    },
    /// A command that runs elsewhere.
    #[error("the command `{command}` runs its work outside of this machine's Python")]
    Elsewhere {
        /// The command.
        command: String,
    },
    /// A pattern under `[stamp] ignore`.
    #[error("`{pattern}` under [stamp] ignore is no pattern")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        #[source]
        source: glob::PatternError,
    },
    /// `SOURCE_DATE_EPOCH` is no number.
    #[error("SOURCE_DATE_EPOCH is `{text}`, which is no time in seconds")]
    Epoch {
        /// Its value.
        text: String,
    },
}

impl Explain for SettingsError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Alembic(error) => error.hints(),
            Self::Url { source, .. } => source.hints(),
            Self::Elsewhere { .. } => vec![
                "a container or another host could not be kept away from real databases: run the \
                 migrations by a local Python"
                    .to_owned(),
            ],
            _ => Vec::new(),
        }
    }
}
