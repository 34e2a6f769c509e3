//! Why Alembic's configuration cannot be used, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::format::alembic::configparser::{IniSyntaxError, InterpolationError};
use crate::format::alembic::printf::PrintfError;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Nowhere to be seen.
    #[error("no Alembic configuration found; looked for {}", list(looked_at))]
    NotFound {
        /// In this order.
        looked_at: Vec<PathBuf>,
    },
    /// It is there.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Not an `.ini` file by Python's rules.
    #[error("`{}` is not a valid configuration file", path.display())]
    Ini {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: IniSyntaxError,
    },
    /// Not TOML.
    #[error("`{}` is not valid TOML", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// `-n` names a section that is not there, and nothing else tells the script location.
    #[error("`{}` has no section `[{section}]`", path.display())]
    UnknownSection {
        /// The file.
        path: PathBuf,
        /// The name.
        section: String,
        /// The sections that are there and have a `script_location`.
        known: Vec<String>,
    },
    /// The section is there.
    #[error("`{}` sets no `script_location` in {place}", path.display())]
    NoScriptLocation {
        /// The file.
        path: PathBuf,
        /// The section or table that should have it.
        place: String,
    },
    /// It is set, and leads nowhere.
    #[error("`script_location` of `{}` does not exist: `{}`", config.display(), script_location.display())]
    ScriptLocationMissing {
        /// The file that sets it.
        config: PathBuf,
        /// Where it leads.
        script_location: PathBuf,
    },
    /// A location such as `myapp:migrations` whose package is not in the project.
    #[error("the package `{package}` of the location `{location}` is not in {}", list(looked_in))]
    PackageNotFound {
        /// As configured.
        location: String,
        /// Its part before the colon.
        package: String,
        /// The folders that were looked in.
        looked_in: Vec<PathBuf>,
    },
    /// A value of the `.ini` file.
    #[error("the value of `{option}` in `{}` cannot be used", path.display())]
    Interpolation {
        /// The option.
        option: String,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: InterpolationError,
    },
    /// A value of `pyproject.toml`; Alembic fills it in with Python's `%`.
    #[error("the value of `{option}` in `{}` cannot be used", path.display())]
    Template {
        /// The option.
        option: String,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: PrintfError,
    },
    /// A value of the wrong kind.
    #[error("`{option} = {value}` is not {expected}")]
    InvalidValue {
        /// The option.
        option: String,
        /// Its value.
        value: String,
        /// What Alembic takes.
        expected: &'static str,
    },
}

impl ConfigError {
    /// What to type or change next, one line each.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NotFound { .. } => {
                "start rebaseline in the project's folder, or name the file: `--config PATH`".into()
            }
            Self::UnknownSection { known, .. } if known.is_empty() => {
                "no section of the file has a `script_location`".into()
            }
            Self::UnknownSection { known, .. } => {
                format!("sections that have a `script_location`: `{}`", known.join("`, `"))
            }
            Self::NoScriptLocation { path, .. } => {
                let value = if is_toml(path) { "\"%(here)s/alembic\"" } else { "%(here)s/alembic" };
                format!("add `script_location = {value}` with the folder of your `env.py`")
            }
            Self::ScriptLocationMissing { .. } => {
                "relative locations begin in the folder that Alembic is started in: start there, \
                 or write `%(here)s/...`"
                    .into()
            }
            Self::PackageNotFound { package, .. } => format!(
                "name the folder that holds `{package}` in `prepend_sys_path`, or write \
                 `script_location` as a path"
            ),
            Self::Interpolation { .. } | Self::Template { .. } => {
                "write a literal `%` as `%%`".into()
            }
            _ => return Vec::new(),
        };
        vec![hint]
    }
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
}
