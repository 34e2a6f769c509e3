//! What `stamp --catch-up` tells of each database.

use serde::Serialize;

use crate::postgres::target::Target;
use crate::report::{Printable, count, redact};
use crate::stages::stamp::{Outcome, Told};

/// One line of the report.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Line {
    /// The stamp told it.
    Stamped {
        /// What it told.
        #[serde(flatten)]
        told: Told,
        /// The revisions that were run before.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        applied: Vec<String>,
        /// The backup's file.
        #[serde(skip_serializing_if = "Option::is_none")]
        backup: Option<String>,
    },
    /// It did not get as far as the stamp.
    Own(Own),
}

/// A database that did not get as far as the stamp: refused before, or only looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Own {
    /// The database, without its password.
    pub target: String,
    /// `refused` or `would_catch_up`.
    pub outcome: &'static str,
    /// The rows of its version table.
    pub found: Option<Vec<String>>,
    /// The id that it should have.
    pub expected: String,
    /// Why it was refused.
    pub why: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// The revisions that it lacks.
    pub missing: Vec<String>,
    /// The revisions that were applied; if one failed, env.py's transaction decides whether they stay.
    pub applied: Vec<String>,
    /// The backup's file.
    pub backup: Option<String>,
    /// What would be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// How long it took.
    pub seconds: f64,
}

impl Own {
    /// A database of which nothing is known yet.
    pub fn new(target: &Target, expected: &str) -> Self {
        Self {
            target: target.to_string(),
            outcome: "would_catch_up",
            found: None,
            expected: expected.to_owned(),
            why: None,
            help: None,
            missing: Vec::new(),
            applied: Vec::new(),
            backup: None,
            sql: None,
            seconds: 0.0,
        }
    }

    /// The line of a database that is refused. What a project's code says may hold a password.
    pub fn refuse(self, why: &str, help: &str) -> Line {
        let (why, help) = (Some(redact(why)), Some(redact(help)));
        Line::Own(Self { outcome: "refused", why, help, ..self })
    }
}

impl Line {
    /// What the stamp told of a database, with what was done before.
    pub fn of(told: Told, own: Own) -> Self {
        let Own { found, applied, backup, seconds, .. } = own;
        let refused = told.outcome == Outcome::Refused;
        let told = match applied.is_empty() {
            true => told,
            // Where it stood at first says more than that it stood at the cut.
            false if refused => Told { seconds, ..told },
            false => Told { outcome: Outcome::CaughtUp, found, seconds, ..told },
        };
        Self::Stamped { told, applied, backup }
    }

    /// Whether it was refused.
    pub fn is_refused(&self) -> bool {
        match self {
            Self::Stamped { told, .. } => told.outcome == Outcome::Refused,
            Self::Own(own) => own.outcome == "refused",
        }
    }

    fn text(&self) -> String {
        let revisions = |applied: &[String]| count(applied.len() as u64, "revision", "revisions");
        let backed_up = |backup: &Option<String>| {
            backup.as_ref().map_or_else(String::new, |file| format!("\n  backup: {file}"))
        };
        match self {
            Self::Stamped { told, applied, backup } if applied.is_empty() => {
                super::super::line(told) + &backed_up(backup)
            }
            Self::Stamped { told, applied, backup } => {
                let run = format!("\n  run: {} ({})", revisions(applied), applied.join(", "));
                super::super::line(told) + &run + &backed_up(backup)
            }
            Self::Own(own) => {
                let word = if own.outcome == "refused" { "refused" } else { "can be caught up" };
                let found = own.found.iter().map(|rows| format!(" (found {})", rows.join(", ")));
                let mut text = format!("{word:<14} {}{}", own.target, found.collect::<String>());
                if own.outcome != "refused" {
                    text += &format!(
                        "\n  would run: {} ({})",
                        revisions(&own.missing),
                        own.missing.join(", ")
                    );
                }
                text += &backed_up(&own.backup);
                text.extend(own.why.iter().map(|why| format!("\n  why: {why}")));
                text.extend(own.help.iter().map(|help| format!("\n  help: {help}")));
                text
            }
        }
    }
}

/// The report.
#[derive(Debug, Serialize)]
pub struct Lines {
    /// One line for each target.
    pub targets: Vec<Line>,
    /// Whether it is SQL that is wanted.
    #[serde(skip)]
    pub sql: bool,
}

impl Printable for Lines {
    fn text(&self) -> String {
        let texts = self.targets.iter().map(|line| match line {
            Line::Own(Own { sql: Some(sql), .. }) => sql.trim_end().to_owned(),
            // The output is a script.
            line if self.sql => format!("-- {}", line.text().replace('\n', "\n-- ")),
            line => line.text(),
        });
        texts.collect::<Vec<_>>().join(if self.sql { "\n\n" } else { "\n" })
    }
}
