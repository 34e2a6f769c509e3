//! The verdict: every difference between what the history made and what the baseline made. Pure.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::postgres::holding::Holding;
use crate::run::channel::Existing;
use crate::schema::compare::{self, Change, Context, Difference, Told, What};
use crate::schema::existing;
use crate::schema::inventory::{self, Inventory, difference, proof};
use crate::schema::volatile::Volatile;
use crate::schema::{Entry, Statements};
use crate::stages::prove::offline::OfflineRun;
use crate::stages::prove::{Drifted, Offline, ProveError};

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

/// What differs, and where the whole diff is.
#[derive(Debug, thiserror::Error)]
#[error("{objects} {}", if *objects == 1 { "object differs" } else { "objects differ" })]
pub struct Differing {
    /// How many objects.
    pub objects: usize,
    /// The differences by object and property.
    pub differences: Vec<Change>,
    /// All of them as unified diffs.
    pub diff: String,
    /// The file with the diff, once written.
    pub file: Option<PathBuf>,
}

impl Differing {
    /// The catalog sees again what the dumps show: it is told where they show nothing.
    fn new(differences: &[Difference], catalog: &[(Context, inventory::Difference)]) -> Self {
        let mut changes = compare::changes(differences);
        if changes.is_empty() {
            changes.extend(
                catalog.iter().flat_map(|(context, difference)| in_catalog(*context, difference)),
            );
        }
        let objects: BTreeSet<_> = changes.iter().map(|c| (c.context, &c.object)).collect();
        Self {
            objects: objects.len(),
            diff: differences
                .iter()
                .map(Difference::unified)
                .chain(catalog.iter().map(|(_, difference)| difference.unified()))
                .collect(),
            differences: changes,
            file: None,
        }
    }
}

/// A difference in the catalog, by property.
fn in_catalog(context: Context, difference: &inventory::Difference) -> Vec<Change> {
    let change =
        |what| Change { context, also: Vec::new(), object: difference.object.clone(), what };
    let whole = |side: &Option<inventory::Definition>| {
        let lines = side.as_ref()?.iter().map(|(name, value)| format!("{name}: {value}"));
        Some(lines.collect::<Vec<_>>().join("\n"))
    };
    if difference.expected.is_none() || difference.actual.is_none() {
        let what = What::absent("", whole(&difference.expected), whole(&difference.actual));
        return vec![change(what)];
    }
    let named = |(name, expected, actual): (&str, Option<&str>, Option<&str>)| What {
        part: String::new(),
        name: name.to_owned(),
        expected: expected.map(str::to_owned),
        actual: actual.map(str::to_owned),
        told: Told::Value,
    };
    difference.changes().into_iter().map(named).map(change).collect()
}

/// What has been found so far.
#[derive(Debug, Default)]
pub struct Verdict {
    differences: Vec<Difference>,
    catalog: Vec<(Context, inventory::Difference)>,
}

impl Verdict {
    /// The baseline's dump must equal the control's.
    pub fn baseline(&mut self, control: &[Entry], baseline: &[Entry]) {
        self.differences.extend(compare::differences(Context::Baseline, control, baseline));
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
        let (control, entries) = (mine(control), mine(&entries));
        self.differences.extend(compare::differences(Context::Offline, &control, &entries));
        Offline::Equal
    }

    /// The control itself must hold the history: what it lost, no baseline can have. Gives the objects
    /// that only print differently after a round trip.
    pub fn round_trip(&mut self, history: &[Entry], control: &[Entry]) -> Vec<Drifted> {
        let (drift, lost): (Vec<Difference>, Vec<Difference>) =
            compare::differences(Context::Restored, history, control).into_iter().partition(
                |difference| {
                    let both = difference.expected.is_some() && difference.actual.is_some();
                    both && HOLDS_EXPRESSIONS.contains(&difference.object.kind.as_str())
                },
            );
        self.differences.extend(lost);
        compare::changes(&drift).into_iter().map(Drifted::from).collect()
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
        let differences =
            compare::differences(Context::Heads, &plain(history), &plain(baseline)).into_iter();
        let mut differences: Vec<_> = differences.map(|d| d.with_key_of(history)).collect();
        let objects: Vec<_> = differences.iter().map(|d| d.object.clone()).collect();
        let after = compare::differences(Context::Heads, history_control, baseline_control);
        differences.extend(after.into_iter().filter(|d| !objects.contains(&d.object)));
        self.differences.extend(differences);
    }

    /// At the heads in one upgrade the baseline and the kept revisions must make what they make in two.
    pub fn in_one_go(
        &mut self,
        steps: &[Entry],
        in_one_go: &[Entry],
        holding: &Holding,
        other: &Holding,
    ) {
        self.differences.extend(compare::differences(Context::OneGo, steps, in_one_go));
        let catalog = difference::differences(&holding.inventory, &other.inventory);
        self.take(Context::CatalogOneGo, catalog);
        self.beside(Context::OneGo, holding, other);
    }

    /// So must the history. Of rows with values that change from run to run only the number is compared, of objects that
    /// change so nothing.
    pub fn history_in_one_go(
        &mut self,
        steps: &Holding,
        in_one_go: &Holding,
        volatile: [&Volatile; 2],
    ) {
        let changes = |entry: &Entry| volatile.iter().any(|v| v.changes(&entry.object));
        let comparable = |holding: &Holding| -> Vec<Entry> {
            let dropped = |entry: &&Entry| volatile.iter().any(|v| v.is_dropped(&entry.object));
            let entries = holding.entries.iter().filter(|entry| !dropped(entry));
            let entries = entries.filter(|entry| entry.is_rows() || !changes(entry));
            let counted = |entry: &Entry| Entry {
                statements: Statements::one(format!("-- {} rows", entry.statements.len())),
                ..entry.clone()
            };
            entries.map(|e| if changes(e) { counted(e) } else { e.clone() }).collect()
        };
        let (steps_only, other) = (comparable(steps), comparable(in_one_go));
        let differences = compare::differences(Context::HistoryOneGo, &steps_only, &other);
        self.differences.extend(differences);
        if volatile.iter().all(|v| v.schema.is_empty()) {
            let catalog = difference::differences(&steps.inventory, &in_one_go.inventory);
            self.take(Context::CatalogHistoryOneGo, catalog);
        }
    }

    /// The baseline's catalog must equal the control's; the control must hold what the history's does.
    pub fn catalog(&mut self, history: &Inventory, control: &Inventory, baseline: &Inventory) {
        self.take(Context::Catalog, proof::baseline(history, control, baseline));
        self.take(Context::CatalogRestored, proof::lost(history, control));
    }

    /// At the heads: as for the dumps. Each pair is the history's and the baseline's.
    pub fn catalog_at_heads(&mut self, both: [&Inventory; 2], controls: [&Inventory; 2]) {
        self.take(Context::CatalogHeads, proof::at_the_heads(both, controls));
    }

    fn take(&mut self, context: Context, differences: Vec<inventory::Difference>) {
        self.catalog.extend(differences.into_iter().map(|difference| (context, difference)));
    }

    /// What is not in the dump: the version table's own, roles and settings, members of extensions.
    pub fn beside(&mut self, context: Context, history: &Holding, baseline: &Holding) {
        let roles = |holding: &Holding| compare::made_entries(&holding.made.statements);
        let members = |holding: &Holding| compare::member_entries(&holding.extension_members);
        let compared = [
            (
                context.on_version_table(),
                history.on_version_table.clone(),
                baseline.on_version_table.clone(),
            ),
            (context, roles(history), roles(baseline)),
            (context, members(history), members(baseline)),
        ];
        for (context, expected, actual) in compared {
            self.differences.extend(compare::differences(context, &expected, &actual));
        }
    }

    /// Nothing may differ.
    pub fn conclude(self) -> Result<(), ProveError> {
        if self.differences.is_empty() && self.catalog.is_empty() {
            return Ok(());
        }
        let differences = compare::folded(self.differences);
        Err(ProveError::Differs(Differing::new(&differences, &self.catalog)))
    }
}
