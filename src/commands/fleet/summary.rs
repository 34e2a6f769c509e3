//! What became of a fleet, in a few lines: how many of each outcome, and which databases took longest. Pure.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::report::count;

/// How many of the slowest are named.
const SLOWEST: usize = 3;

/// One of the slowest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slow {
    /// The database.
    pub target: String,
    /// How long it took.
    pub seconds: f64,
}

/// The last line of a report.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// How many databases were to be done, each counted once.
    pub targets: usize,
    /// How many had which outcome.
    pub outcomes: BTreeMap<String, usize>,
    /// How many an earlier run had done, by the journal.
    pub earlier: usize,
    /// How many were named again.
    pub repeated: usize,
    /// The signal that ended the run before its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<&'static str>,
    /// Accepted names that mean nothing on any database that was compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmatched: Vec<String>,
    /// How long all of it took.
    pub seconds: f64,
    /// The slowest, the worst first.
    pub slowest: Vec<Slow>,
}

impl Summary {
    /// Counts one answer.
    pub fn add(&mut self, target: &str, outcome: &str, seconds: f64) {
        self.targets += 1;
        *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
        let at = self.slowest.partition_point(|slow| slow.seconds >= seconds);
        if at < SLOWEST && seconds > 0.0 {
            let seconds = (seconds * 1000.0).round() / 1000.0;
            self.slowest.insert(at, Slow { target: target.to_owned(), seconds });
            self.slowest.truncate(SLOWEST);
        }
    }

    /// The counts in one line: `12 stamped, 3 refused`.
    pub fn counts(&self) -> String {
        let words = self.outcomes.iter().map(|(word, n)| format!("{n} {}", word.replace('_', " ")));
        words.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = count((self.targets + self.earlier) as u64, "database", "databases");
        write!(f, "{all} in {:.2} s: {}", self.seconds, self.counts())?;
        if self.earlier > 0 {
            write!(
                f,
                "{}{} done by an earlier run",
                if self.targets > 0 { ", " } else { "" },
                self.earlier
            )?;
        }
        for slow in &self.slowest {
            write!(f, "\n  {:>8.3} s  {}", slow.seconds, slow.target)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_the_slowest() {
        let mut summary = Summary::default();
        for (target, outcome, seconds) in [
            ("a", "stamped", 0.1),
            ("b", "refused", 3.0),
            ("c", "stamped", 0.2),
            ("d", "already_there", 0.3),
            ("e", "not_tried", 0.0),
        ] {
            summary.add(target, outcome, seconds);
        }
        summary.earlier = 2;
        summary.seconds = 3.5;
        assert_eq!(summary.counts(), "1 already there, 1 not tried, 1 refused, 2 stamped");
        let slowest: Vec<_> = summary.slowest.iter().map(|slow| slow.target.as_str()).collect();
        assert_eq!(slowest, ["b", "d", "c"]);
        assert!(summary.to_string().starts_with("7 databases in 3.50 s: 1 already there"));
    }
}
