//! How the schema of a squash was come by, where the history was not simply replayed as it is.

use serde::{Deserialize, Serialize};

/// What was different from a plain replay. All of it is empty after one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Origin {
    /// Squashed revisions that were passed without being run; what they do is not in the baseline.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
    /// The environment that ran the migrations, if it was not the project's own `env.py`: `builtin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The database whose schema was taken instead of a replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseRecord>,
}

impl Origin {
    /// Whether the history was replayed as it is.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// A database whose schema became the baseline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatabaseRecord {
    /// Host, port and name; no user and no password.
    pub place: String,
    /// The server's version.
    pub server: String,
    /// The tables whose rows were taken.
    pub seed_tables: Vec<String>,
    /// The schemas that were taken; all if there are none.
    pub schemas: Vec<String>,
    /// The owners whose objects were taken; all if there are none.
    pub owners: Vec<String>,
    /// The objects that were left out, by kind and name.
    pub left_out: Vec<String>,
    /// The roles that are taken as existing wherever the baseline runs.
    pub roles: Vec<String>,
}
