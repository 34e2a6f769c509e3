//! A database that is not ours, as the user names it.
//!
//! Only `stamp` and `catch-up` may write to one.

use std::fmt;

use crate::postgres::url::Url;

/// One database, or one schema of it with a version table of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The database.
    pub url: Url,
    /// The schema whose version table is meant; none means the one that the project's own `env.py` uses.
    pub schema: Option<String>,
}

impl Target {
    /// What makes two targets the same, as far as can be told without asking. It holds no password.
    pub fn identity(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{} {schema}", self.url.identity()),
            None => self.url.identity(),
        }
    }
}

impl From<Url> for Target {
    fn from(url: Url) -> Self {
        Self { url, schema: None }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{} schema {schema}", self.url),
            None => self.url.fmt(f),
        }
    }
}
