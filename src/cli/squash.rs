//! `squash`: the cut, the baseline, and how the history is run.
#![expect(clippy::doc_markdown, reason = "these comments are the help pages")]

use std::path::PathBuf;

use chrono::NaiveDateTime;
use clap::{Args, ValueEnum};

use super::{Environment, Otherwise};
use crate::history::created;

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

/// A date, or a date with a time.
fn date(text: &str) -> Result<NaiveDateTime, String> {
    created::parse(text)
        .ok_or_else(|| "not a date such as 2024-12-31 or 2024-12-31T12:00".to_owned())
}
