//! Why migrations did not run to their end, and what to do about it.

use crate::error::{Explain, Kind};
use crate::files::PathError;
use crate::postgres::scratch::ScratchError;
use crate::postgres::stall::Stall;
use crate::process::{ProcessError, last_lines};
use crate::run::channel::{Failure, Told};

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
        /// The revisions that had been applied before.
        applied: Vec<String>,
        /// What stands behind it, where it is only the consequence of an earlier error.
        #[source]
        cause: Option<Swallowed>,
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
    #[error("{}", stalled(revision.as_deref(), stall))]
    Stalled {
        /// The running revision; none between two of them.
        revision: Option<String>,
        /// How many migration contexts had begun to run their migrations.
        begun: usize,
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

/// The error that aborted a transaction, and that the revision did not let pass on.
#[derive(Debug, thiserror::Error)]
#[error("the transaction was aborted{} by an error that was swallowed: {}", at(told.line), told.message.as_deref().unwrap_or("?"))]
pub struct Swallowed {
    /// What PostgreSQL said.
    pub told: Box<Told>,
}

fn at(line: Option<u32>) -> String {
    line.map(|line| format!(" in line {line}")).unwrap_or_default()
}

impl RunError {
    /// A revision, or what is around the revisions, raised.
    pub fn revision(failure: Failure, applied: Vec<String>) -> Self {
        let cause = failure.swallowed.clone().map(|told| Swallowed { told: Box::new(told) });
        Self::Revision { failure: Box::new(failure), applied, cause }
    }
}

impl Failure {
    /// Whether it is known what the history expects to be there beforehand.
    pub fn is_known(&self) -> bool {
        self.first().and_then(|told| told.message.as_deref()).and_then(missing_hint).is_some()
    }

    /// PostgreSQL's error that all began with: the swallowed one, or the one that was raised.
    pub fn first(&self) -> Option<&Told> {
        self.swallowed.as_ref().or(self.told.as_ref())
    }
}

/// What is known of the failure beyond its first line.
fn hints(failure: &Failure, applied: usize) -> Vec<String> {
    let mut hints = Vec::new();
    let first = failure.first();
    if let Some(statement) = first.and_then(|told| told.statement.as_deref()) {
        hints.push(format!("the statement:\n{}", shortened(statement)));
    }
    let words = |word: &str, text: &Option<String>| Some(format!("{word}: {}", text.as_deref()?));
    let more = first.map(|told| [words("DETAIL", &told.detail), words("HINT", &told.hint)]);
    let more: Vec<_> = more.into_iter().flatten().flatten().collect();
    let message = first.and_then(|told| told.message.as_deref()).unwrap_or(&failure.message);
    let missing = missing_hint(message);
    // Where we know what is missing, PostgreSQL's own advice says the same once more.
    if !more.is_empty() && missing.is_none() {
        hints.push(format!("PostgreSQL adds:\n{}", more.join("\n")));
    }
    hints.extend(missing);
    if failure.swallowed.is_some() {
        hints.push(
            "a revision must not go on after an error of PostgreSQL: let it ask first \
             (IF EXISTS, IF NOT EXISTS), or put the attempt between `with op.get_bind().begin_nested():`"
                .to_owned(),
        );
    }
    // The end of an SQL error's traceback is all SQLAlchemy: the file's line says more.
    let has_line = failure.line.is_some() || first.is_some_and(|told| told.line.is_some());
    let is_placed = has_line && first.is_some_and(|told| told.statement.is_some());
    if !is_placed && !failure.traceback.is_empty() {
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

/// The beginning of a statement: as much of it as people read.
fn shortened(statement: &str) -> String {
    const LINES: usize = 12;
    const LETTERS: usize = 1_500;
    let text = statement.trim();
    let lines: Vec<&str> = text.lines().take(LINES).collect();
    let mut short: String = lines.join("\n").chars().take(LETTERS).collect();
    if short.len() < text.len() {
        short.push_str(" [...]");
    }
    short
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
            Self::OtherDatabase { why, .. } if why.contains(IN_A_REVISION) => vec![
                "a revision may use SQLite in memory, and PostgreSQL; where it only keeps something of its own there \
                 (a cache, an index), let it leave that out when it is replayed, or leave the revision out: --skip REV"
                    .to_owned(),
            ],
            Self::OtherDatabase { .. } => vec![
                "rebaseline works on PostgreSQL; set the environment that makes env.py choose it"
                    .to_owned(),
            ],
            Self::Revision { failure, applied, .. } => hints(failure, applied.len()),
            Self::Stalled { revision: None, begun: 2.., .. } => vec![
                "env.py migrates several databases in one run (`alembic init -t multidb`), each with a schema of its own: \
                 that is not supported; squash one database at a time, by an env.py that migrates this one alone"
                    .to_owned(),
            ],
            Self::Stalled { revision: None, .. } => vec![
                "let env.py run the migrations on the only connection that it opens".to_owned(),
            ],
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

/// What the shim says of a connection that is not made by env.py.
const IN_A_REVISION: &str = "; it is in revision ";

fn stalled(revision: Option<&str>, stall: &Stall) -> String {
    let who = match revision {
        Some(revision) => format!("revision `{revision}` waits for itself"),
        None => "env.py waits for itself".to_owned(),
    };
    let in_a_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!(
        "{who}: `{}` is blocked by a session that is {} after `{}`",
        in_a_line(&stall.statement),
        stall.blocker_state,
        in_a_line(&stall.blocker)
    )
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
fn missing_hint(text: &str) -> Option<String> {
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
        missing_hint(message)
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
