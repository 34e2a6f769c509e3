//! What is around us: variables, the clock, folders. The only reader of the environment and of the clock.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset, Local, Utc};

use super::SettingsError;
use crate::postgres::run_folder::{self, Places};

/// Where clusters live and are cached: `REBASELINE_CACHE`, else the user's cache folder.
pub(super) fn places() -> Places {
    let temporary = std::env::temp_dir();
    let cache = variable("REBASELINE_CACHE")
        .map(PathBuf::from)
        .or_else(|| variable("XDG_CACHE_HOME").map(|dir| Path::new(&dir).join("rebaseline")))
        .or_else(|| variable("HOME").map(|dir| Path::new(&dir).join(".cache/rebaseline")))
        .unwrap_or_else(|| temporary.join("rebaseline-cache"));
    let runs = variable("REBASELINE_SCRATCH_DIR").map(PathBuf::from);
    Places { runs: runs.unwrap_or_else(|| run_folder::default_runs(&temporary)), cache }
}

/// The time, which `SOURCE_DATE_EPOCH` can fix (reproducible-builds.org).
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    fixed: Option<DateTime<Utc>>,
}

impl Clock {
    pub(super) fn from_environment() -> Result<Self, SettingsError> {
        let Some(text) = variable("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) else {
            return Ok(Self { fixed: None });
        };
        let time = text.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        match time {
            Some(time) => Ok(Self { fixed: Some(time) }),
            None => Err(SettingsError::Epoch { text }),
        }
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        self.fixed.unwrap_or_else(Utc::now)
    }

    /// Whether the time is fixed: then the machine's time zone must not show either.
    pub fn is_fixed(&self) -> bool {
        self.fixed.is_some()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one reader of the environment")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What this machine's clock shows, in its zone, whatever `SOURCE_DATE_EPOCH` says: the revisions that
/// are replayed read it too.
pub fn machine_time() -> DateTime<FixedOffset> {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    Local::now().fixed_offset()
}

/// A variable that a child inherits unless we say otherwise.
#[expect(clippy::disallowed_methods, reason = "this is the one reader of the environment")]
pub fn inherited_variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// The environment that the project's revisions read.
pub fn inherited() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

/// The active virtual environment and where uv keeps one, as far as the environment tells.
pub fn virtual_environments() -> Vec<(PathBuf, &'static str)> {
    [("VIRTUAL_ENV", "$VIRTUAL_ENV"), ("UV_PROJECT_ENVIRONMENT", "$UV_PROJECT_ENVIRONMENT")]
        .into_iter()
        .filter_map(|(name, shown)| Some((PathBuf::from(variable(name)?), shown)))
        .collect()
}

/// What `tracing` shows, by `-v` or `REBASELINE_LOG`.
pub fn log_filter(verbose: u8) -> String {
    variable("REBASELINE_LOG").unwrap_or_else(|| {
        match verbose {
            0 => "off",
            1 => "rebaseline=debug",
            _ => "trace",
        }
        .to_owned()
    })
}

/// Whether colours are unwanted (no-color.org).
pub fn no_color() -> bool {
    variable("NO_COLOR").is_some_and(|value| !value.is_empty())
}
