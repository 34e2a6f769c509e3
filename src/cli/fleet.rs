//! What has to do with databases that are there: `stamp`, `status`, `health`.
#![expect(clippy::doc_markdown, reason = "these comments are the help pages")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::Env;

/// Which databases.
#[derive(Debug, Clone, Args)]
pub struct Targets {
    /// postgresql://USER@HOST/DB, "host=... dbname=...", or env:NAME of a variable that holds one
    #[arg(value_name = "URL")]
    pub urls: Vec<String>,
    /// File with one URL a line
    #[arg(long, value_name = "FILE")]
    pub targets: Vec<PathBuf>,
    /// All databases of the one server whose name is LIKE this, e.g. 'tenant_%'
    #[arg(long, value_name = "PATTERN", help_heading = "Many databases")]
    pub databases: Option<String>,
    /// All schemas LIKE this that hold a version table, in each database
    #[arg(long, value_name = "PATTERN", help_heading = "Many databases")]
    pub schemas: Option<String>,
    /// The archive to go by [default: the newest of the project]
    #[arg(long, value_name = "FILE")]
    pub archive: Option<PathBuf>,
    /// How many databases at once
    #[arg(long, default_value_t = 16, value_parser = at_least_one(), value_name = "N", help_heading = "Many databases")]
    pub jobs: usize,
    /// How long one database may take in all, in seconds [default: 60; with --catch-up as long as it takes]
    #[arg(long, value_parser = seconds, value_name = "SECONDS", help_heading = "Many databases")]
    pub timeout: Option<Duration>,
    /// How often to try again when a connection fails (not when it is refused)
    #[arg(long, default_value_t = 2, value_name = "N", help_heading = "Many databases")]
    pub retries: u32,
    /// Begin with no other database once one was refused
    #[arg(long, help_heading = "Many databases")]
    pub fail_fast: bool,
    /// How long to wait for a lock on the version table, in seconds
    #[arg(long, default_value = "5", value_parser = seconds, value_name = "SECONDS")]
    pub lock_timeout: Duration,
    /// How long to wait for a connection, in seconds
    #[arg(long, default_value = "10", value_parser = seconds, value_name = "SECONDS")]
    pub connect_timeout: Duration,
    /// How the catalog is compared.
    #[command(flatten)]
    pub drift: Drift,
}

/// What is said to a database whose catalog is not what the history builds.
#[derive(Debug, Clone, Default, Args)]
pub struct Drift {
    /// Accept that this object differs, by the name that was printed (several: one flag each)
    #[arg(long, value_name = "OBJECT", help_heading = "Drift")]
    pub accept_drift: Vec<String>,
    /// Accept that the objects named in FILE differ, one a line
    #[arg(long, value_name = "FILE", help_heading = "Drift")]
    pub accept_drift_file: Vec<PathBuf>,
    /// Do not compare the catalog at all
    #[arg(long, help_heading = "Drift")]
    pub no_drift_check: bool,
}

/// `rebaseline stamp`
#[derive(Debug, Clone, Args)]
pub struct Stamp {
    /// Which databases.
    #[command(flatten)]
    pub targets: Targets,
    /// Say what would be done and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Note here which databases are done, and leave out those that an earlier run has noted
    #[arg(long, value_name = "FILE", help_heading = "Many databases", conflicts_with = "dry_run")]
    pub journal: Option<PathBuf>,
    /// Stamp databases without a version table, or at an unknown id, if their catalog is that of the cut
    #[arg(long, conflicts_with = "no_drift_check")]
    pub adopt: bool,
    /// Remove rows of the version table that are unknown or implied, beside one that is good
    #[arg(long)]
    pub purge: bool,
    /// Databases behind the cut.
    #[command(flatten)]
    pub behind: Behind,
}

/// `rebaseline status`
#[derive(Debug, Clone, Args)]
pub struct Status {
    /// Which databases.
    #[command(flatten)]
    pub targets: Targets,
    /// Answer a probe about one database: a line of JSON, and 0 or 1
    #[arg(long, help_heading = "Health", conflicts_with_all = ["databases", "schemas", "archive"])]
    pub health: bool,
    /// The version table for --health [default: alembic_version, where the search path leads]
    #[arg(long, value_name = "[SCHEMA.]TABLE", help_heading = "Health", requires = "health")]
    pub version_table: Option<String>,
}

/// `rebaseline health`
#[derive(Debug, Clone, Args)]
pub struct Health {
    /// postgresql://USER@HOST/DB, "host=... dbname=...", or env:NAME of a variable that holds one
    #[arg(value_name = "URL")]
    pub url: String,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8089", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// How long to wait after each check, in seconds
    #[arg(long, default_value = "5", value_parser = seconds, value_name = "SECONDS")]
    pub interval: Duration,
    /// How long to wait for a connection, and for an answer, in seconds
    #[arg(long, default_value = "2", value_parser = seconds, value_name = "SECONDS")]
    pub connect_timeout: Duration,
    /// The version table [default: alembic_version, where the search path leads]
    #[arg(long, value_name = "[SCHEMA.]TABLE")]
    pub version_table: Option<String>,
}

/// What becomes of databases that stand behind the cut.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Databases behind the cut")]
pub struct Behind {
    /// Run the archived revisions that a database lacks, by the project's own Alembic, then stamp it
    #[arg(long)]
    pub catch_up: bool,
    /// Print the SQL that would run, and run nothing
    #[arg(long, requires = "catch_up", conflicts_with = "dry_run")]
    pub sql: bool,
    /// Take a pg_dump (custom format) of each of these databases into DIR first
    #[arg(long, value_name = "DIR", requires = "catch_up", conflicts_with_all = ["sql", "dry_run"])]
    pub backup: Option<PathBuf>,
    /// Do not ask before revisions run (needed where nobody can be asked)
    #[arg(short, long)]
    pub yes: bool,
    /// The Python that has the project's packages [default: $VIRTUAL_ENV, .venv, python3]
    #[arg(long, value_name = "PATH", requires = "catch_up")]
    pub python: Option<PathBuf>,
    /// Run the revisions by this command instead of Alembic's own, e.g. "flask db upgrade"
    #[arg(long, value_name = "COMMAND", requires = "catch_up")]
    pub command: Option<String>,
    /// Argument for env.py, as in `alembic -x`
    #[arg(short = 'x', value_name = "KEY=VALUE", requires = "catch_up")]
    pub x: Vec<String>,
    /// Whose env.py runs the revisions: the project's, or a plain one where that can't be imported any more
    #[arg(long, value_name = "project|builtin", requires = "catch_up", conflicts_with = "command")]
    pub env: Option<Env>,
    /// Folder with PostgreSQL's programs, for pg_dump
    #[arg(long, value_name = "DIR", requires = "backup")]
    pub pg_bin: Option<PathBuf>,
}

/// A number of things at once.
fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

/// A time limit in seconds, at most a day.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if number > 0.0 && number <= 86_400.0 {
        Ok(Duration::from_secs_f64(number))
    } else {
        Err("seconds must be more than 0 and at most 86400".to_owned())
    }
}
