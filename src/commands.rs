//! One verb of the command line, one file, one function. Only here the order of the stages is known.

pub mod archive;
pub mod archives;
pub mod audit;
pub mod bridge;
pub mod fleet;
pub mod generations;
pub mod health;
pub mod index;
pub mod rebase;
pub mod repair;
pub mod resume;
pub mod squash;
pub mod stamp;
pub mod undo;

use std::path::PathBuf;

use crate::cli::{Cli, Command, Format, Global, Running};
use crate::config::Settings;
use crate::error::{Explain, Kind, Result};
use crate::interruption::Interruption;
use crate::journal::Journal;
use crate::report::Report;

/// Runs the command and gives the exit code.
pub async fn run(cli: &Cli, report: &Report, interruption: &Interruption) -> Result<u8> {
    let global = &cli.global;
    if matches!(global.format, Format::Sarif | Format::Github)
        && !matches!(cli.command, Command::Audit(_))
    {
        return Err(
            UnknownFormat(if global.format == Format::Sarif { "sarif" } else { "github" }).into()
        );
    }
    match &cli.command {
        Command::Squash(arguments) => Box::pin(squash::squash(global, arguments, report)).await,
        Command::Audit(arguments) => audit::audit(global, arguments, report).await,
        Command::Repair(arguments) => Box::pin(repair::repair(global, arguments, report)).await,
        Command::Stamp(arguments) => {
            Box::pin(stamp::stamp(global, arguments, report, interruption)).await
        }
        Command::Status(arguments) if arguments.health => {
            health::once(global, arguments, report).await
        }
        Command::Status(arguments) => {
            Box::pin(stamp::status(global, arguments, report, interruption)).await
        }
        Command::Health(arguments) => health::serve(global, arguments, report).await,
        Command::Rebase(arguments) => rebase::rebase(global, arguments, report),
        Command::Index(arguments) => Box::pin(index::index(global, arguments, report)).await,
        Command::Resume => resume::resume(global, report),
        Command::Undo(arguments) => undo::undo(global, arguments, report),
        Command::Bridge(arguments) => bridge::bridge(global, arguments, report),
        Command::Archive(arguments) => archive::archive(global, arguments, report),
    }
}

/// The journal of an unfinished swap of this project, if there is one.
pub fn unfinished_journal(global: &Global) -> Option<PathBuf> {
    let settings = Settings::load(global, &Running::default()).ok()?;
    let path = Journal::path(&settings.root);
    path.exists().then_some(path)
}

/// A format that only `audit` has.
#[derive(Debug, thiserror::Error)]
#[error("only audit can answer in the format {0}")]
pub struct UnknownFormat(&'static str);

impl Explain for UnknownFormat {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        vec!["--format text, json or jsonl".to_owned()]
    }
}

/// The runtime for waiting could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the runtime")]
pub struct RuntimeError(#[source] pub std::io::Error);

impl Explain for RuntimeError {
    fn kind(&self) -> Kind {
        Kind::Bug
    }
}
