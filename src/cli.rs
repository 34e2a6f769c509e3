//! The command line: clap types only. What they mean together is worked out in `config`.

mod archive;
pub mod audit;
mod env;
mod fleet;
mod repair;
mod squash;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use archive::{Archive, ArchiveFile, Bridge, BridgeInstall, BridgeRemove, Restore};
pub use audit::Audit;
pub use env::{Env, Environment, Otherwise};
pub use fleet::{Behind, Drift, Health, Stamp, Status, Targets};
pub use repair::Repair;
pub use squash::{Running, Squash, Style};

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
