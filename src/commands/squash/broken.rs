//! A history that cannot be replayed: what else is known about the revision that failed, and the ways out.
//!
//! Takes the error of a replay and the history; gives the same error with the revisions that touched the
//! same object, and with the hints that fit. Reads the revision files, and nothing else.

use std::error::Error as StdError;
use std::fmt;

use serde_json::{Value, json};

use crate::config::Settings;
use crate::error::{Error, Explain, Kind};
use crate::files;
use crate::history::mention::{self, Mention};
use crate::history::{Cut, History, Revision, RevisionId};
use crate::run::RunError;
use crate::run::channel::Failure;
use crate::stages::replay::ReplayError;

/// How many revisions are told.
const MANY: usize = 5;

/// An error of a replay, with all that is known about it.
#[derive(Debug)]
pub struct Broken {
    error: Error,
    /// Before those of the error itself: where to look.
    place: Option<String>,
    /// After them: what came before, and the ways out.
    hints: Vec<String>,
    failure: Value,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for Broken {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

impl Explain for Broken {
    fn kind(&self) -> Kind {
        self.error.kind()
    }

    fn hints(&self) -> Vec<String> {
        let place = self.place.iter().cloned().collect();
        [place, self.error.hints(), self.hints.clone()].concat()
    }

    fn failure(&self) -> Option<Value> {
        Some(self.failure.clone())
    }

    fn state(&self) -> String {
        self.error.state()
    }
}

/// The error with what is known about it, if it is one of a replay; else as it is.
pub fn explained(error: Error, settings: &Settings, history: &History, cut: &Cut) -> Error {
    if error.find::<ReplayError>().is_none() {
        return error;
    }
    let mut place = None;
    let (hints, failure) = match error.find::<RunError>() {
        Some(RunError::Revision { failure, applied, .. }) => {
            let applied = before_it(cut, failure, applied);
            let story = Story::of(settings, history, failure, &applied);
            place = story.place_of_it();
            (story.hints(settings, cut), story.json())
        }
        // Alembic's own words: it could not even begin.
        Some(RunError::Command { .. }) if settings.command.is_none() => {
            (vec![AUDIT.to_owned(), way_by_database()], Value::Null)
        }
        Some(RunError::Stalled { revision, .. }) => {
            let skip = revision.as_ref().and_then(|revision| way_by_skip(settings, cut, revision));
            let mut hints: Vec<String> = skip.into_iter().collect();
            hints.push(way_by_database());
            (hints, Value::Null)
        }
        _ => return error,
    };
    Broken { error, place, hints, failure }.into()
}

/// What had run when a revision failed: one that is kept runs in a second upgrade, after the squashed ones.
fn before_it(cut: &Cut, failure: &Failure, applied: &[String]) -> Vec<String> {
    let squashed = || cut.squashed().iter().map(ToString::to_string);
    let is_kept =
        failure.revision.as_ref().is_some_and(|revision| !squashed().any(|id| id == *revision));
    let first = squashed().filter(|id| is_kept && !applied.contains(id));
    first.chain(applied.iter().cloned()).collect()
}

const AUDIT: &str = "if a revision file is missing, doubled or out of order: rebaseline audit, then rebaseline repair";

fn way_by_database() -> String {
    "or make the baseline of a database that is known good: rebaseline squash --from-database URL"
        .to_owned()
}

/// Only what is squashed can be skipped.
fn way_by_skip(settings: &Settings, cut: &Cut, revision: &str) -> Option<String> {
    cut.squashed().iter().any(|id| id.as_str() == revision).then(|| {
        let skipped = settings.origin.skipped.iter().map(String::as_str);
        let flags: Vec<String> =
            skipped.chain([revision]).map(|id| format!("--skip {id}")).collect();
        format!(
            "if what it does is not wanted in the baseline: rebaseline squash {}",
            flags.join(" ")
        )
    })
}

/// What happened, and what came before.
struct Story<'a> {
    history: &'a History,
    failure: &'a Failure,
    applied: &'a [String],
    /// The names in PostgreSQL's message.
    names: Vec<String>,
    before: Vec<Mention>,
    /// Whether those name all of it, the part and the whole.
    name_all: bool,
    later: Vec<Mention>,
    file: Option<String>,
}

impl<'a> Story<'a> {
    fn of(
        settings: &Settings,
        history: &'a History,
        failure: &'a Failure,
        applied: &'a [String],
    ) -> Self {
        let names = names(failure);
        let texts = texts(settings, history);
        // A skipped one has passed, and has made nothing.
        let skipped = &settings.origin.skipped;
        let is_applied = |id: &RevisionId| {
            let is = |other: &String| other == id.as_str();
            applied.iter().any(is) && !skipped.iter().any(is)
        };
        let is_failing = |id: &RevisionId| failure.revision.as_deref() == Some(id.as_str());
        let find = |wanted: &dyn Fn(&RevisionId) -> bool| {
            let texts = || texts.iter().filter(|(id, _)| wanted(id)).map(|(id, t)| (*id, &**t));
            let all = mention::mentions(texts(), &names);
            match names.last() {
                // Who made the whole may not have known of the part.
                Some(whole) if all.is_empty() => {
                    (mention::mentions(texts(), std::slice::from_ref(whole)), false)
                }
                _ => (all, true),
            }
        };
        let (before, name_all) = find(&|id| is_applied(id));
        let (later, _) = find(&|id| !is_applied(id) && !is_failing(id));
        let file = failure.revision.as_ref().and_then(|revision| {
            let revision = history.iter().find(|r| r.id.as_str() == revision)?;
            Some(file_of(revision))
        });
        Self { history, failure, applied, names, before, name_all, later, file }
    }

    fn hints(&self, settings: &Settings, cut: &Cut) -> Vec<String> {
        let failure = self.failure;
        let mut hints = Vec::new();
        let Some(revision) = &failure.revision else {
            // Nothing of the history ran: env.py itself failed.
            if self.applied.is_empty() && settings.command.is_none() {
                hints.push(
                    "if env.py cannot be repaired, run the revisions by a plain one: --env builtin"
                        .to_owned(),
                );
            }
            hints.push(way_by_database());
            return hints;
        };
        let name = self.names.last();
        if let Some(name) = name {
            hints.extend(self.told(name));
        }
        let is_known = failure.is_known();
        if self.is_about_structure(name) && !is_known {
            hints.push(AUDIT.to_owned());
        }
        if !is_known && self.lacks() && self.before.is_empty() {
            hints.push(
                "if it must be there before the history begins, declare it in rebaseline.toml   \
                 [scratch] init_sql = [\"before.sql\"]   (or pass --scratch-sql FILE)"
                    .to_owned(),
            );
        }
        hints.extend(way_by_skip(settings, cut, revision));
        hints.push(way_by_database());
        hints
    }

    /// The file, at the line where it began.
    fn place_of_it(&self) -> Option<String> {
        let failure = self.failure;
        let line = failure.swallowed.as_ref().and_then(|told| told.line).or(failure.line);
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        self.file.as_ref().map(|file| format!("its file is {file}{line}"))
    }

    /// Who names the same object.
    fn told(&self, name: &str) -> Vec<String> {
        let lines = |mentions: &[Mention]| -> String {
            let skipped = mentions.len().saturating_sub(MANY);
            let more = (skipped > 0).then(|| format!("\n({skipped} older ones besides)"));
            let lines: Vec<String> =
                mentions[skipped..].iter().map(|m| format!("\n{}", self.place(m))).collect();
            lines.concat() + &more.unwrap_or_default()
        };
        if !self.before.is_empty() {
            let all: Vec<String> = self.names.iter().map(|name| format!("`{name}`")).collect();
            let names = if self.name_all { all.join(" and ") } else { format!("`{name}`") };
            return vec![format!("revisions before it that name {names}:{}", lines(&self.before))];
        }
        if self.later.is_empty() {
            let is_news = self.lacks() && !self.failure.is_known();
            return is_news
                .then(|| format!("no other revision names `{name}`"))
                .into_iter()
                .collect();
        }
        let first = &self.later[..self.later.len().min(MANY)];
        vec![format!(
            "no revision that ran before it names `{name}`; these have not run yet:{}",
            lines(first)
        )]
    }

    /// `r1 (migrations/versions/r1_.py:18): op.execute(...)`
    fn place(&self, mention: &Mention) -> String {
        let file = self.history.get(&mention.revision).map(file_of).unwrap_or_default();
        let text: String = mention.text.chars().take(100).collect();
        format!("{} ({file}:{}): {text}", mention.revision, mention.line)
    }

    /// Whether PostgreSQL missed something: undefined column, object, table, function, schema.
    fn lacks(&self) -> bool {
        const UNDEFINED: [&str; 5] = ["42703", "42704", "42P01", "42883", "3F000"];
        self.code().is_some_and(|code| UNDEFINED.contains(&code))
    }

    /// Whether files may be missing, doubled or in the wrong order.
    fn is_about_structure(&self, name: Option<&String>) -> bool {
        // Duplicate column, object, table, function, schema.
        const DUPLICATE: [&str; 5] = ["42701", "42710", "42P07", "42723", "42P06"];
        let is_double = self.code().is_some_and(|code| DUPLICATE.contains(&code));
        name.is_some() && (is_double || self.lacks() && self.before.is_empty())
    }

    fn code(&self) -> Option<&str> {
        self.failure.first()?.sqlstate.as_deref()
    }

    fn json(&self) -> Value {
        let mentions = |mentions: &[Mention]| -> Vec<Value> {
            let each = mentions.iter().map(|m| {
                let file = self.history.get(&m.revision).map(file_of);
                json!({ "revision": m.revision.as_str(), "file": file, "line": m.line, "text": m.text })
            });
            each.collect()
        };
        let failure = self.failure;
        json!({
            "revision": failure.revision,
            "file": self.file,
            "line": failure.line,
            "exception": failure.class,
            "postgres": failure.told,
            "swallowed": failure.swallowed,
            "applied_before": self.applied.len(),
            "names": self.names,
            "named_before": mentions(&self.before),
            "named_later": mentions(&self.later),
            "traceback": failure.traceback,
        })
    }
}

/// The names that the error is about; none for an error that is about no object (syntax, a division).
fn names(failure: &Failure) -> Vec<String> {
    let Some(first) = failure.first() else { return Vec::new() };
    let code = first.sqlstate.as_deref().unwrap_or_default();
    // 42 undefined, double or wrong (not 42601, syntax), 23 constraints, 2B dependents, 3F schemas.
    let is_about_one =
        ["42", "23", "2B", "3F"].iter().any(|class| code.starts_with(class)) && code != "42601";
    first.message.as_deref().filter(|_| is_about_one).map(mention::names).unwrap_or_default()
}

/// Each revision with its text, in running order.
fn texts<'a>(settings: &Settings, history: &'a History) -> Vec<(&'a RevisionId, String)> {
    let text = |revision: &'a Revision| {
        let file = revision.files.first()?;
        Some((&revision.id, files::read_text(&settings.alembic.project.join(&file.path)).ok()?))
    };
    history.iter().filter_map(text).collect()
}

fn file_of(revision: &Revision) -> String {
    revision.files.first().map(|file| file.path.display().to_string()).unwrap_or_default()
}
