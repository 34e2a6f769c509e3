//! The verdict: every difference between what the history made and what the baseline made. Pure.

use std::path::PathBuf;

use crate::postgres::holding::Holding;
use crate::run::channel::Existing;
use crate::schema::Entry;
use crate::schema::compare::{self, Difference};
use crate::schema::existing;
use crate::stages::prove::offline::OfflineRun;
use crate::stages::prove::{Offline, ProveError};

/// Objects whose text holds expressions, which `PostgreSQL` may print differently after a round trip.
const HOLDS_EXPRESSIONS: [&str; 15] = [
    "STATISTICS",
    "TABLE",
    "FOREIGN TABLE",
    "DEFAULT",
    "CONSTRAINT",
    "CHECK CONSTRAINT",
    "INDEX",
    "VIEW",
    "MATERIALIZED VIEW",
    "POLICY",
    "TRIGGER",
    "RULE",
    "FUNCTION",
    "PROCEDURE",
    "DOMAIN",
];

fn holds_expressions(entry: &Entry) -> bool {
    HOLDS_EXPRESSIONS.contains(&entry.object.kind.as_str())
}

/// The objects that differ, and where the whole diff is.
#[derive(Debug, thiserror::Error)]
#[error("{} {}: {}", differences.len(), if differences.len() == 1 { "object differs" } else { "objects differ" }, listed(differences))]
pub struct Differing {
    /// The differences, told by object.
    pub differences: Vec<String>,
    /// All of them as unified diffs.
    pub diff: String,
    /// The file with the diff, once written.
    pub file: Option<PathBuf>,
}

fn listed(differences: &[String]) -> String {
    let shown = 12;
    let mut text = differences.iter().take(shown).cloned().collect::<Vec<_>>().join(", ");
    if differences.len() > shown {
        text.push_str(&format!(", and {} more", differences.len() - shown));
    }
    text
}

/// What has been found so far.
#[derive(Debug, Default)]
pub struct Verdict {
    told: Vec<String>,
    diff: String,
}

impl Verdict {
    /// The baseline's dump must equal the control's.
    pub fn baseline(&mut self, control: &[Entry], baseline: &[Entry]) {
        self.take("", &compare::differences(control, baseline));
    }

    /// So must that of offline mode, where it could be tried.
    pub fn offline(
        &mut self,
        control: &[Entry],
        offline: OfflineRun,
        existing: &Existing,
    ) -> Offline {
        let entries = match offline {
            OfflineRun::Skipped(reason) => return Offline::Skipped(reason),
            OfflineRun::Made(entries, _) => entries,
        };
        // Offline, env.py makes nothing before the first revision.
        let mine = |entries: &[Entry]| -> Vec<Entry> {
            entries.iter().filter(|e| !existing::was_there(e, existing)).cloned().collect()
        };
        self.take("offline: ", &compare::differences(&mine(control), &mine(&entries)));
        Offline::Equal
    }

    /// The control itself must hold the history: what it lost, no baseline can have. Gives the objects
    /// that only print differently after a round trip.
    pub fn round_trip(&mut self, history: &[Entry], control: &[Entry]) -> Vec<String> {
        let (drift, lost): (Vec<Difference>, Vec<Difference>) =
            compare::differences(history, control).into_iter().partition(|difference| {
                let both = difference.expected.is_some() && difference.actual.is_some();
                both && HOLDS_EXPRESSIONS.contains(&difference.object.kind.as_str())
            });
        self.take("restored by psql: ", &lost);
        drift.iter().map(|difference| difference.object.to_string()).collect()
    }

    /// At the heads: what holds no expressions must be equal as it is, all must be equal after one more
    /// round trip.
    pub fn heads(
        &mut self,
        history: &[Entry],
        baseline: &[Entry],
        history_control: &[Entry],
        baseline_control: &[Entry],
    ) {
        let plain = |entries: &[Entry]| -> Vec<Entry> {
            entries.iter().filter(|entry| !holds_expressions(entry)).cloned().collect()
        };
        let mut differences = compare::differences(&plain(history), &plain(baseline));
        let objects: Vec<_> = differences.iter().map(|d| d.object.clone()).collect();
        let after = compare::differences(history_control, baseline_control);
        differences.extend(after.into_iter().filter(|d| !objects.contains(&d.object)));
        self.take("at the heads: ", &differences);
    }

    /// What is not in the dump: the version table's own, roles and settings, members of extensions.
    pub fn beside(&mut self, place: &str, history: &Holding, baseline: &Holding) {
        let on_table = compare::differences(&history.on_version_table, &baseline.on_version_table);
        self.take(&format!("{place}on the version table: "), &on_table);
        let roles = (&history.made.statements, &baseline.made.statements, "role or setting");
        let members = (&history.extension_members, &baseline.extension_members, "extension member");
        for (expected, actual, kind) in [roles, members] {
            let (missing, extra) = compare::row_changes(expected, actual);
            let missing = missing.into_iter().map(|statement| (statement, '-', "missing"));
            let extra = extra.into_iter().map(|statement| (statement, '+', "too much"));
            for (statement, sign, what) in missing.chain(extra) {
                self.told.push(format!("{place}{kind} {what}: `{}`", statement.replace('\n', " ")));
                for line in statement.lines() {
                    self.diff.push_str(&format!("{sign}{line}\n"));
                }
            }
        }
    }

    /// Nothing may differ.
    pub fn conclude(self) -> Result<(), ProveError> {
        if self.told.is_empty() {
            return Ok(());
        }
        let Self { told, diff } = self;
        Err(ProveError::Differs(Differing { differences: told, diff, file: None }))
    }

    fn take(&mut self, place: &str, differences: &[Difference]) {
        for difference in differences {
            self.told.push(format!("{place}{difference}"));
            self.diff.push_str(&difference.unified());
        }
    }
}
