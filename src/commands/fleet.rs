//! Which databases a command is about, and the same work for each of them, some at a time.
//!
//! Takes the command line's targets; gives one answer per target, in their order. One bad target never
//! stops the others.

pub mod discover;
pub mod journal;
pub mod summary;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::Path;
use std::pin::pin;

use futures_util::{StreamExt, stream};

use crate::cli::Targets;
use crate::config::{self, SettingsError};
use crate::error::{Error, Explain, Kind, Result};
use crate::files;
use crate::postgres::connect::Waiting;
use crate::postgres::scratch;
use crate::postgres::target::Target;
use discover::Unknown;

/// No databases were named.
#[derive(Debug, thiserror::Error)]
pub enum TargetsError {
    /// None at all.
    #[error("no database was named")]
    None,
    /// `--databases` is about one server.
    #[error("--databases takes one URL, of a server, and {0} were named")]
    NotOneServer(usize),
    /// A pattern that nothing is like.
    #[error("no {what} is LIKE '{pattern}'")]
    NoneLike {
        /// Databases or schemas.
        what: &'static str,
        /// The pattern.
        pattern: String,
    },
}

impl Explain for TargetsError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NoneLike { .. } => "the pattern is SQL's: % is any text, _ is any character",
            Self::NotOneServer(_) => {
                "name one database of the server, to ask it for the others: postgresql://USER@HOST/postgres"
            }
            Self::None => {
                "name it: postgresql://USER@HOST/DB, env:NAME of a variable, or --targets FILE"
            }
        };
        vec![hint.to_owned()]
    }
}

/// What the command line and its files name.
#[derive(Debug, Default)]
pub struct Named {
    /// In the order in which they were named.
    pub targets: Vec<Target>,
    /// Lines of files that name no database.
    pub bad: Vec<Unknown>,
}

/// The databases that a command is about.
#[derive(Debug, Default)]
pub struct Fleet {
    /// Each once, in the order in which they were named.
    pub targets: Vec<Target>,
    /// Those that were named more than once.
    pub repeated: Vec<Target>,
    /// Those that should have told of others, and did not answer; lines that name none.
    pub unknown: Vec<Unknown>,
}

impl Fleet {
    /// The targets that are named, or what their servers tell of others in their place. `table` is the version
    /// table's name.
    pub async fn gather(
        named: Named,
        arguments: &Targets,
        table: &str,
    ) -> Result<Self, TargetsError> {
        let Named { targets, bad } = named;
        let mut fleet = Self { unknown: bad, ..Self::default() };
        let (scratch, mut named): (Vec<_>, Vec<_>) = targets.into_iter().partition(is_scratch);
        fleet.unknown.extend(scratch.iter().map(not_yours));
        if named.is_empty() {
            // Nobody to ask for others.
            return Ok(fleet);
        }
        let waiting = Waiting { limit: arguments.connect_timeout, retries: arguments.retries };
        if let Some(pattern) = &arguments.databases {
            let [server] = named.as_slice() else {
                return Err(TargetsError::NotOneServer(named.len()));
            };
            let found = discover::databases(server, pattern, waiting).await;
            named = fleet.known([found], "database", pattern)?;
        }
        if let Some(pattern) = arguments.schemas.as_ref().filter(|_| !named.is_empty()) {
            let asked = named.iter().map(|one| discover::schemas(one, pattern, table, waiting));
            let found: Vec<_> = stream::iter(asked).buffered(arguments.jobs.max(1)).collect().await;
            named = fleet.known(found, "schema with a version table", pattern)?;
        }
        let mut seen = BTreeSet::new();
        (fleet.targets, fleet.repeated) =
            named.into_iter().partition(|target| seen.insert(target.identity()));
        Ok(fleet)
    }

    /// The targets that were found; those that did not answer are noted.
    fn known(
        &mut self,
        found: impl IntoIterator<Item = Result<Vec<Target>, Unknown>>,
        what: &'static str,
        pattern: &str,
    ) -> Result<Vec<Target>, TargetsError> {
        let mut targets = Vec::new();
        let known = self.unknown.len();
        for found in found {
            match found {
                Ok(found) => targets.extend(found),
                Err(unknown) => self.unknown.push(unknown),
            }
        }
        if targets.is_empty() && self.unknown.len() == known {
            return Err(TargetsError::NoneLike { what, pattern: pattern.to_owned() });
        }
        Ok(targets)
    }
}

/// Whether it is a database of ours, on a server that somebody gave as `--scratch-url`.
fn is_scratch(target: &Target) -> bool {
    target.url.get("dbname").is_some_and(|name| name.starts_with(scratch::PREFIX))
}

fn not_yours(target: &Target) -> Unknown {
    Unknown {
        target: target.to_string(),
        why: "it is a scratch database of rebaseline's own, which goes away by itself".to_owned(),
        help: "name the database that is meant".to_owned(),
    }
}

/// The targets that the arguments and the files name. A bad argument is an error; a bad line of a file is told like a
/// target that does not answer, and stops no other.
pub fn named(arguments: &Targets) -> Result<Named> {
    let mut urls = Vec::new();
    let mut bad = Vec::new();
    for text in &arguments.urls {
        urls.push(config::database(text)?);
    }
    for file in &arguments.targets {
        let text = files::read_text(file).map_err(SettingsError::from)?;
        // An editor's mark of UTF-8 is no part of the first line.
        let text = text.trim_start_matches('\u{feff}');
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match config::database(line) {
                Ok(url) => urls.push(url),
                Err(error) => bad.push(bad_line(file, number + 1, error)),
            }
        }
    }
    if urls.is_empty() && bad.is_empty() {
        return Err(TargetsError::None.into());
    }
    Ok(Named { targets: urls.into_iter().map(Target::from).collect(), bad })
}

/// A line that names no database. What it says is not shown: it may hold a password.
fn bad_line(file: &Path, line: usize, error: SettingsError) -> Unknown {
    let error = Error::from(error);
    let target = format!("line {line} of {}", file.display());
    let why = format!("it names no database: {}", error.in_a_line());
    let hint = "one URL a line: postgresql://USER@HOST/DB, or env:NAME of a variable".to_owned();
    let hints: Vec<String> = error.hints().into_iter().chain([hint]).collect();
    Unknown { target, why, help: hints.join("; ") }
}

/// How far the work on a target came.
#[derive(Debug)]
pub enum Progress<T> {
    /// It was not begun.
    Waiting,
    /// It was begun, and dropped before its end.
    Begun,
    /// Its answer.
    Ended(T),
}

/// Does the same for each target, so many at once; `ended` hears of each answer as it is there, and says whether
/// to begin with others. When `stop` is there, what is not done is dropped. Gives how far each target came, in their
/// order, and what stopped it.
pub async fn each<'a, T, F, S>(
    targets: &'a [Target],
    jobs: usize,
    work: impl Fn(&'a Target) -> F,
    mut ended: impl FnMut(&'a Target, &T) -> Result<bool>,
    stop: impl Future<Output = S>,
) -> Result<(Vec<Progress<T>>, Option<S>)>
where
    F: Future<Output = T>,
{
    let stopped = Cell::new(false);
    let begun: Vec<Cell<bool>> = targets.iter().map(|_| Cell::new(false)).collect();
    let numbered = targets.iter().enumerate().map(|(number, target)| {
        let work = &work;
        let (stopped, begun) = (&stopped, &begun);
        async move {
            if stopped.get() {
                return (number, None);
            }
            begun[number].set(true);
            (number, Some(work(target).await))
        }
    });
    let mut answers = stream::iter(numbered).buffer_unordered(jobs.max(1));
    let mut told: Vec<_> = targets.iter().map(|_| None).collect();
    let mut stop = pin!(stop);
    let by = loop {
        let next = tokio::select! {
            biased;
            by = &mut stop => break Some(by),
            next = answers.next() => next,
        };
        let Some((number, answer)) = next else { break None };
        if let Some(answer) = &answer
            && !ended(&targets[number], answer)?
        {
            stopped.set(true);
        }
        told[number] = answer;
    };
    // Whatever still runs ends here: connections are closed, processes stopped.
    drop(answers);
    let progress = told.into_iter().zip(&begun).map(|(answer, begun)| match answer {
        Some(answer) => Progress::Ended(answer),
        None if begun.get() => Progress::Begun,
        None => Progress::Waiting,
    });
    Ok((progress.collect(), by))
}
