//! Why migrations did not run to their end, and what to do about it.

use crate::error::{Explain, Kind};
use crate::files::PathError;
use crate::postgres::scratch::ScratchError;
use crate::postgres::stall::Stall;
use crate::process::{ProcessError, last_lines};
use crate::run::channel::Failure;

/// Why the migrations did not run to their end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No candidate could import Alembic.
    #[error("Alembic cannot be imported")]
    NoAlembic {
        /// What was tried: command and where it came from.
        tried: Vec<String>,
    },
    /// The command did not load the shim: it was not under our control.
    #[error("`{command}` did not load rebaseline's shim, so its connections were not redirected")]
    NotShimmed {
        /// The command.
        command: String,
    },
    /// env.py or a revision wants another kind of database.
    #[error("a connection through `{dialect}` was refused: {why}")]
    OtherDatabase {
        /// SQLAlchemy's name of the dialect, or the driver.
        dialect: String,
        /// What the shim said.
        why: String,
    },
    /// A revision raised.
    #[error("{}", failed(failure))]
    Revision {
        /// What it raised.
        failure: Box<Failure>,
        /// How many revisions had been applied before.
        applied: usize,
    },
    /// The command failed outside a revision.
    #[error("the migrations could not be run: {}", last_lines(words, 1))]
    Command {
        /// The command.
        command: String,
        /// The last lines that it wrote.
        words: String,
    },
    /// The replay waits on itself.
    #[error("revision `{revision}` waits for itself: `{}` is blocked by a session that is {} after `{}`", stall.statement, stall.blocker_state, stall.blocker)]
    Stalled {
        /// The running revision.
        revision: String,
        /// Who waits for whom.
        stall: Box<Stall>,
    },
    /// The child could not be started.
    #[error("cannot start the migrations")]
    Process(#[from] ProcessError),
    /// Our files for the child could not be written.
    #[error("cannot prepare the migrations")]
    File(#[from] PathError),
    /// The channel to the child could not be opened.
    #[error("cannot open the channel to the migrations")]
    Channel(#[source] std::io::Error),
    /// The scratch database.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
}

impl Explain for RunError {
    fn kind(&self) -> Kind {
        Kind::Tool
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoAlembic { tried } => vec![
                "activate the project's environment, or pass \
                 --python PATH of the interpreter that has its packages"
                    .to_owned(),
                format!("tried: {}", tried.join("; ")),
            ],
            Self::NotShimmed { .. } => vec![
                "the command must run Python on this machine with PYTHONPATH kept (no `python -I`, \
                 no container); whatever it connected to was its own choice"
                    .to_owned(),
            ],
            Self::OtherDatabase { .. } => vec![
                "rebaseline works on PostgreSQL; set the environment that makes env.py choose it"
                    .to_owned(),
            ],
            Self::Revision { failure, applied } => {
                let mut hints = Vec::new();
                if let Some(hint) = missing_hint(failure) {
                    hints.push(hint);
                }
                if !failure.traceback.is_empty() {
                    let tail = last_lines(&failure.traceback.join("\n"), 12);
                    hints.push(format!("its traceback ends with:\n{tail}"));
                }
                hints.push(match applied {
                    0 => "no revision had been applied before it".to_owned(),
                    1 => "1 revision had been applied before it".to_owned(),
                    applied => format!("{applied} revisions had been applied before it"),
                });
                hints
            }
            Self::Stalled { .. } => vec![
                "let the revision use op.get_bind() instead of a connection of its own".to_owned(),
            ],
            Self::Command { command, words } => vec![format!(
                "`{command}` said:
{words}"
            )],
            Self::Process(_) | Self::File(_) | Self::Channel(_) => Vec::new(),
            Self::Scratch(error) => error.hints(),
        }
    }

    fn state(&self) -> String {
        "nothing was changed; the scratch database is removed".to_owned()
    }
}

/// `revision `a` failed in line 12: (psycopg2.errors.UndefinedTable) relation "t" does not exist`
fn failed(failure: &Failure) -> String {
    let line = failure.line.map(|line| format!(" in line {line}")).unwrap_or_default();
    let what = match &failure.revision {
        Some(revision) => format!("revision `{revision}` failed{line}"),
        None => format!("the migrations failed{line}"),
    };
    // SQLAlchemy wraps the driver's error and names its class in the message.
    let message = failure.message.lines().next().unwrap_or_default();
    if failure.class.starts_with("sqlalchemy.") {
        format!("{what}: {message}")
    } else {
        format!("{what}: {}: {message}", failure.class)
    }
}

/// What to declare when a history expects something that a fresh server does not have.
fn missing_hint(failure: &Failure) -> Option<String> {
    let text = &failure.message;
    let quoted_after = |marker: &str| {
        let rest = &text[text.find(marker)? + marker.len()..];
        let rest = rest.trim_start_matches(' ').strip_prefix('"')?;
        rest.split('"').next().map(str::to_owned)
    };
    if text.contains("does not exist")
        && let Some(role) = quoted_after("role")
    {
        return Some(format!(
            "the history expects this role: add to rebaseline.toml   [scratch] roles = [\"{role}\"]   \
             (or pass --scratch-role {role})"
        ));
    }
    if let Some(extension) = quoted_after("extension")
        && text.contains("is not available")
    {
        return Some(format!(
            "extension {extension} is not installed for this PostgreSQL: install it, or pass \
             --pg-bin DIR or --scratch-url URL of a server that has it"
        ));
    }
    let unknown_type = text.contains("type \"") && text.contains("does not exist");
    let unknown_function = text.contains("function ") && text.contains("does not exist");
    (unknown_type || unknown_function).then(|| {
        "if an extension or a script provides it beforehand, declare it in rebaseline.toml   \
         [scratch] extensions = [...]   or   init_sql = [...]   (or pass --scratch-extension NAME)"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(message: &str) -> Option<String> {
        missing_hint(&Failure { message: message.to_owned(), ..Failure::default() })
    }

    #[test]
    fn what_a_history_expects_is_named_with_the_line_to_add() {
        assert!(
            hint("role \"app_user\" does not exist").unwrap().contains("roles = [\"app_user\"]")
        );
        assert!(
            hint("extension \"vector\" is not available").unwrap().contains("extension vector")
        );
        assert!(hint("type \"geometry\" does not exist").unwrap().contains("[scratch]"));
        assert_eq!(hint("syntax error at or near \"x\""), None);
    }
}
