//! Which databases a command is about, and the same work for each of them, some at a time.
//!
//! Takes the command line's targets; gives one answer per target, in their order. One bad target never
//! stops the others.

pub mod discover;
pub mod journal;
pub mod summary;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};

use crate::cli::Targets;
use crate::config::{self, SettingsError};
use crate::error::{Explain, Kind, Result};
use crate::files;
use crate::postgres::connect::Waiting;
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
    /// A bad line of a file.
    #[error("line {line} of `{}` names no database", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        #[source]
        source: Box<SettingsError>,
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
            _ => "name it: postgresql://USER@HOST/DB, env:NAME of a variable, or --targets FILE",
        };
        vec![hint.to_owned()]
    }
}

/// The databases that a command is about.
#[derive(Debug, Default)]
pub struct Fleet {
    /// Each once, in the order in which they were named.
    pub targets: Vec<Target>,
    /// Those that were named more than once.
    pub repeated: Vec<Target>,
    /// Those that should have told of others, and did not answer.
    pub unknown: Vec<Unknown>,
}

impl Fleet {
    /// The targets that are named, or what their servers tell of others in their place. `table` is the version
    /// table's name.
    pub async fn gather(
        mut named: Vec<Target>,
        arguments: &Targets,
        table: &str,
    ) -> Result<Self, TargetsError> {
        let mut fleet = Self::default();
        let waiting = Waiting { limit: arguments.connect_timeout, retries: arguments.retries };
        if let Some(pattern) = &arguments.databases {
            let [server] = named.as_slice() else {
                return Err(TargetsError::NotOneServer(named.len()));
            };
            let found = discover::databases(server, pattern, waiting).await;
            named = fleet.known([found], "database", pattern)?;
        }
        if let Some(pattern) = &arguments.schemas {
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
        for found in found {
            match found {
                Ok(found) => targets.extend(found),
                Err(unknown) => self.unknown.push(unknown),
            }
        }
        if targets.is_empty() && self.unknown.is_empty() {
            return Err(TargetsError::NoneLike { what, pattern: pattern.to_owned() });
        }
        Ok(targets)
    }
}

/// The targets that the arguments and the files name.
pub fn named(arguments: &Targets) -> Result<Vec<Target>> {
    let mut urls = Vec::new();
    for text in &arguments.urls {
        urls.push(config::database(text)?);
    }
    for file in &arguments.targets {
        let text = files::read_text(file).map_err(SettingsError::from)?;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let url = config::database(line).map_err(|source| TargetsError::Line {
                file: file.clone(),
                line: number + 1,
                source: Box::new(source),
            })?;
            urls.push(url);
        }
    }
    if urls.is_empty() {
        return Err(TargetsError::None.into());
    }
    Ok(urls.into_iter().map(Target::from).collect())
}

/// Does the same for each target, so many at once; `ended` hears of each answer as it is there, and says whether
/// to begin with others. The answers stand in the order of the targets; one that was not begun has none.
pub async fn each<'a, T, F>(
    targets: &'a [Target],
    jobs: usize,
    work: impl Fn(&'a Target) -> F,
    mut ended: impl FnMut(&'a Target, &T) -> Result<bool>,
) -> Result<Vec<Option<T>>>
where
    F: Future<Output = T>,
{
    let stopped = AtomicBool::new(false);
    let numbered = targets.iter().enumerate().map(|(number, target)| {
        let work = &work;
        let stopped = &stopped;
        async move {
            if stopped.load(Ordering::Relaxed) {
                return (number, None);
            }
            (number, Some(work(target).await))
        }
    });
    let mut answers = stream::iter(numbered).buffer_unordered(jobs.max(1));
    let mut told: Vec<_> = targets.iter().map(|_| None).collect();
    while let Some((number, answer)) = answers.next().await {
        if let Some(answer) = &answer
            && !ended(&targets[number], answer)?
        {
            stopped.store(true, Ordering::Relaxed);
        }
        told[number] = answer;
    }
    Ok(told)
}
