//! Which environment runs the migrations, and what takes the place of a history that cannot be replayed.
#![expect(clippy::doc_markdown, reason = "these comments are the help pages")]

use clap::{Args, ValueEnum};
use serde::Deserialize;

/// Whose `env.py` runs the migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Env {
    /// The project's own.
    #[default]
    Project,
    /// A plain one of ours, where the project's can no longer be imported.
    Builtin,
}

/// The environment of the migrations.
#[derive(Debug, Clone, Default, Args)]
pub struct Environment {
    /// Whose env.py runs the migrations: the project's, or a plain one where that can't be imported any more
    #[arg(long, value_name = "project|builtin", help_heading = "Running the history")]
    pub env: Option<Env>,
    /// The version table that --env builtin uses [default: alembic_version, where the search path leads]
    #[arg(
        long,
        value_name = "[SCHEMA.]TABLE",
        help_heading = "Running the history",
        requires = "env"
    )]
    pub version_table: Option<String>,
}

/// The heading of what takes the place of a replay.
const OTHERWISE: &str = "Where the history cannot be replayed";

/// What `--skip` and `--from-database` say: where the schema comes from, if not from the whole history.
#[derive(Debug, Clone, Default, Args)]
pub struct Otherwise {
    /// Do not run this squashed revision; it is passed as if it had been (several: one flag each)
    #[arg(long, value_name = "REV", help_heading = OTHERWISE, conflicts_with = "from_database")]
    pub skip: Vec<String>,
    /// Take the schema of this database, which is known good and is only read, instead of a replay (or env:NAME)
    #[arg(long, value_name = "URL", help_heading = OTHERWISE, conflicts_with_all = ["upto", "keep", "before", "per_branch"])]
    pub from_database: Option<String>,
    /// The tables whose rows belong to the baseline: names or patterns, with their schema, separated by commas
    #[arg(long, value_name = "LIST", help_heading = OTHERWISE, value_delimiter = ',', requires = "from_database")]
    pub seed_tables: Vec<String>,
    /// Take only what is in this schema (several: one flag each)
    #[arg(long, value_name = "NAME", help_heading = OTHERWISE, requires = "from_database")]
    pub schema: Vec<String>,
    /// Take only what belongs to this role (several: one flag each)
    #[arg(long, value_name = "ROLE", help_heading = OTHERWISE, requires = "from_database")]
    pub owner: Vec<String>,
}
