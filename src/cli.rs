//! The command line: clap types only. What they mean together is worked out in `config`.
#![expect(clippy::doc_markdown, reason = "these comments are the help pages")]

pub mod audit;
mod env;
mod repair;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::NaiveDateTime;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::history::created;
pub use audit::Audit;
pub use env::{Env, Environment, Otherwise};
pub use repair::Repair;

/// Squash a PostgreSQL migration history into one proved baseline revision.
#[derive(Debug, Parser)]
#[command(name = "rebaseline", version, about, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done, 1 refused, 2 usage, 3 a tool is missing or failed, \
    4 the proof failed, 5 stopped inside the swap, 70 a bug, 130 interrupted (docs/EXIT_CODES.md).")]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The heading of the options that every command has.
const EVERY: &str = "Every command";

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// alembic.ini, pyproject.toml or rebaseline.toml [default: the ones in this folder]
    #[arg(short, long, global = true, help_heading = EVERY, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Section of alembic.ini, as in `alembic -n`
    #[arg(
        short = 'n',
        long = "section",
        visible_alias = "name",
        global = true, help_heading = EVERY,
        value_name = "NAME"
    )]
    pub section: Option<String>,
    /// Take the settings under [history.NAME] of rebaseline.toml
    #[arg(long, global = true, help_heading = EVERY, value_name = "NAME")]
    pub history: Option<String>,
    /// What stdout is for
    #[arg(long, global = true, help_heading = EVERY, value_enum, default_value_t)]
    pub format: Format,
    /// Say more on stderr (-vv: everything)
    #[arg(short, long, global = true, help_heading = EVERY, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Colours on stderr
    #[arg(long, global = true, help_heading = EVERY, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

/// The form of stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// The same, but stamp and status tell each database as it ends, one JSON object a line.
    Jsonl,
    /// `audit` only: SARIF 2.1.0. Its help page tells of it, the others need not.
    #[value(hide = true)]
    Sarif,
    /// `audit` only: annotations of GitHub's workflows.
    #[value(hide = true)]
    Github,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Squash the history into one proved baseline and archive the old revisions
    Squash(Box<Squash>),
    /// Check the revision files without running them
    Audit(Audit),
    /// Mend a history that does not hold together
    Repair(Repair),
    /// Bring databases that stand at the squashed head onto the baseline
    Stamp(Stamp),
    /// Say where databases stand
    Status(Status),
    /// Answer readiness probes over HTTP: is a database where the project is?
    Health(Health),
    /// Point the revisions of an open branch to the baseline
    Rebase(Rebase),
    /// Learn the catalog after each archived revision, so that status finds databases by it
    Index(Index),
    /// Finish an interrupted squash or repair (or an interrupted undo)
    Resume,
    /// Put the old revisions back and take the baseline out, or take a repair back
    Undo(Undo),
    /// Let `alembic upgrade` take databases behind the baseline through the archived revisions
    #[command(subcommand)]
    Bridge(Bridge),
    /// Look into archives of squashed revisions
    #[command(subcommand)]
    Archive(Archive),
}

/// How the history is run, and where.
#[derive(Debug, Clone, Default, Args)]
pub struct Running {
    /// The Python that has the project's packages [default: $VIRTUAL_ENV, .venv, python3]
    #[arg(long, value_name = "PATH", help_heading = "Running the history")]
    pub python: Option<PathBuf>,
    /// Run the history by this command instead of Alembic's own, e.g. "flask db upgrade"
    #[arg(long, value_name = "COMMAND", help_heading = "Running the history")]
    pub command: Option<String>,
    /// Argument for env.py, as in `alembic -x`
    #[arg(short = 'x', value_name = "KEY=VALUE", help_heading = "Running the history")]
    pub x: Vec<String>,
    /// Whose env.py.
    #[command(flatten)]
    pub environment: Environment,
    /// Folder with a PostgreSQL server's programs
    #[arg(long, value_name = "DIR", help_heading = "Scratch server")]
    pub pg_bin: Option<PathBuf>,
    /// A server to make scratch databases on, instead of a private one (or env:NAME)
    #[arg(long, value_name = "URL", help_heading = "Scratch server")]
    pub scratch_url: Option<String>,
    /// A role that the history expects to exist
    #[arg(long, value_name = "NAME", help_heading = "Scratch server")]
    pub scratch_role: Vec<String>,
    /// An extension that the history expects to exist
    #[arg(long, value_name = "NAME", help_heading = "Scratch server")]
    pub scratch_extension: Vec<String>,
    /// An SQL script to run before the history
    #[arg(long, value_name = "FILE", help_heading = "Scratch server")]
    pub scratch_sql: Vec<PathBuf>,
    /// An extra setting of the private server, NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Scratch server")]
    pub scratch_setting: Vec<String>,
}

/// How a baseline is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Style {
    /// One `execute` a statement.
    #[default]
    Sql,
    /// `op.create_table` and its kin.
    Ops,
}

/// `rebaseline squash`
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Squash {
    /// Squash this revision and all that must run before it; the rest stays (several: one of each branch)
    #[arg(long, value_name = "REV", help_heading = "The cut", conflicts_with_all = ["keep", "before"])]
    pub upto: Vec<String>,
    /// Leave the newest N revisions as they are (or some more, where branches would be cut in two)
    #[arg(long, value_name = "N", help_heading = "The cut", conflicts_with = "before")]
    pub keep: Option<usize>,
    /// Squash what was created before this date (2024-12-31, or with a time: 2024-12-31T12:00)
    #[arg(long, value_name = "DATE", help_heading = "The cut", value_parser = date)]
    pub before: Option<NaiveDateTime>,
    /// One baseline for each base, with its branch label, instead of one for everything
    #[arg(long, help_heading = "The cut", conflicts_with_all = ["upto", "keep", "before"])]
    pub per_branch: bool,
    /// What takes the place of a replay.
    #[command(flatten)]
    pub otherwise: Otherwise,
    /// Replay the history once only: values that change from run to run are not looked for, and frozen
    #[arg(long, help_heading = "Seed data")]
    pub once: bool,
    /// Keep the random values of this column as this run made them, in clear
    #[arg(long, value_name = "TABLE.COLUMN", help_heading = "Seed data")]
    pub freeze: Vec<String>,
    /// Leave the rows of this table out of the baseline
    #[arg(long, value_name = "TABLE", help_heading = "Seed data")]
    pub drop_seed: Vec<String>,
    /// Keep random uuid keys as this run made them, instead of new ones in each install
    #[arg(long, help_heading = "Seed data")]
    pub frozen_keys: bool,
    /// Do everything up to the proof and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The baseline's id: keep (the head's own, where there is one head), new, or an id
    #[arg(long, default_value = "keep", value_name = "keep|new|ID")]
    pub revision_id: String,
    /// The baseline's message; its file is named after it
    #[arg(short, long, default_value = "baseline", value_name = "TEXT")]
    pub message: String,
    /// Write what there is to know about the baseline into FILE, between two markers
    #[arg(long, value_name = "FILE")]
    pub readme: Option<PathBuf>,
    /// How the baseline is written: as SQL, or as Alembic operations where SQLAlchemy can say it
    #[arg(long, value_enum, default_value_t)]
    pub style: Style,
    /// Folder with templates of your own (baseline.py.tera, README.md.tera)
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// How many rows the history may have inserted in all [default: 200000]
    #[arg(long, value_name = "N")]
    pub max_seed_rows: Option<u64>,
    /// From how many bytes of SQL on it gets a file of its own, beside the baseline [default: 1000000]
    #[arg(long, value_name = "BYTES")]
    pub sql_file_above: Option<usize>,
    /// Folder for the archive [default: archive/ beside the versions folder]
    #[arg(long, value_name = "DIR")]
    pub archive_dir: Option<PathBuf>,
    /// Go on though git knows of uncommitted changes in the versions folder
    #[arg(long)]
    pub allow_dirty: bool,
    /// Do not ask before files are replaced
    #[arg(short, long)]
    pub yes: bool,
    /// How the history is run.
    #[command(flatten)]
    pub running: Running,
}

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
    #[arg(long, default_value_t = 16, value_name = "N", help_heading = "Many databases")]
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

/// `rebaseline rebase`
#[derive(Debug, Clone, Default, Args)]
pub struct Rebase {
    /// Revision files of a branch that was begun before the squash
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Show the changes and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `rebaseline index`
#[derive(Debug, Clone, Default, Args)]
pub struct Index {
    /// The archive to index [default: all of the project]
    #[arg(long, value_name = "FILE")]
    pub archive: Option<PathBuf>,
    /// Make it again, though there is one
    #[arg(long)]
    pub again: bool,
    /// How the history is run.
    #[command(flatten)]
    pub running: Running,
}

/// `rebaseline undo`
#[derive(Debug, Clone, Default, Args)]
pub struct Undo {
    /// The archive whose squash or repair is undone [default: that of the newest one in the project]
    #[arg(long, value_name = "FILE")]
    pub archive: Option<PathBuf>,
    /// Do not ask before files are replaced
    #[arg(short, long)]
    pub yes: bool,
}

/// `rebaseline bridge`
#[derive(Debug, Clone, Subcommand)]
pub enum Bridge {
    /// Put the bridge beside env.py, and a call of it into env.py
    Install(BridgeInstall),
    /// Take the bridge out again
    Remove(BridgeRemove),
}

/// `rebaseline bridge install`
#[derive(Debug, Clone, Args)]
pub struct BridgeInstall {
    /// Folder of the archives [default: archive/ beside the versions folder]
    #[arg(long, value_name = "DIR")]
    pub archive_dir: Option<PathBuf>,
    /// Say what would be written and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before env.py is changed
    #[arg(short, long)]
    pub yes: bool,
}

/// `rebaseline bridge remove`
#[derive(Debug, Clone, Args)]
pub struct BridgeRemove {
    /// Say what would be written and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before env.py is changed
    #[arg(short, long)]
    pub yes: bool,
}

/// `rebaseline archive`
#[derive(Debug, Clone, Subcommand)]
pub enum Archive {
    /// List the project's archives
    List,
    /// Show what is in an archive
    Show(ArchiveFile),
    /// Check an archive: every file, every checksum
    Verify(ArchiveFile),
    /// Write the archived files into a folder
    Restore(Restore),
}

/// One archive.
#[derive(Debug, Clone, Args)]
pub struct ArchiveFile {
    /// The archive [default: the newest of the project]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// `rebaseline archive restore`
#[derive(Debug, Clone, Args)]
pub struct Restore {
    /// The archive [default: the newest of the project]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The folder to write into; nothing that is there is overwritten
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
}

/// A date, or a date with a time.
fn date(text: &str) -> Result<NaiveDateTime, String> {
    created::parse(text)
        .ok_or_else(|| "not a date such as 2024-12-31 or 2024-12-31T12:00".to_owned())
}

/// A time limit in seconds, at most a day.
fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if number > 0.0 && number <= 86_400.0 {
        Ok(Duration::from_secs_f64(number))
    } else {
        Err("seconds must be more than 0 and at most 86400".to_owned())
    }
}
