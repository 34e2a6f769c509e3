//! Whether the inventories of a proof agree.
//!
//! Takes those of the history, of the control (the history's dump, restored by psql) and of the
//! baseline; gives what differs. Pure.
//!
//! The baseline must equal the control exactly, as its dump must. The control in turn must be the
//! history but for expressions, which `PostgreSQL` may print differently after a round trip: what else it
//! lacks is what `pg_dump` has no words for, and no baseline can have it. One thing is not in
//! the dump and yet in the baseline, the version of an extension: there the history is the measure.

use crate::schema::inventory::Inventory;
use crate::schema::inventory::difference::{self, Difference};

/// Properties that hold expressions.
const EXPRESSIONS: [&str; 8] =
    ["bound", "check", "default", "definition", "generated", "partitioned by", "using", "where"];

/// What differs, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What the baseline makes differently.
    pub baseline: Vec<Difference>,
    /// What the dump loses.
    pub lost: Vec<Difference>,
}

/// Compares the three.
pub fn verdict(history: &Inventory, control: &Inventory, baseline: &Inventory) -> Verdict {
    let differ = |expected, actual, version: bool| {
        let differences = difference::differences(expected, actual).into_iter();
        differences.filter(move |d| is_version(d) == version)
    };
    Verdict {
        baseline: differ(control, baseline, false).chain(differ(history, baseline, true)).collect(),
        lost: differ(history, control, false).filter(|d| !is_drift(d)).collect(),
    }
}

fn is_version(difference: &Difference) -> bool {
    let changes = difference.changes();
    difference.object.kind == "extension" && matches!(changes[..], [("version", ..)])
}

/// Whether only expressions differ.
fn is_drift(difference: &Difference) -> bool {
    let changes = difference.changes();
    let expression = |(name, expected, actual): &difference::Change<'_>| {
        EXPRESSIONS.contains(name) && expected.is_some() && actual.is_some()
    };
    !changes.is_empty() && changes.iter().all(expression)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::inventory::tests::inventory;

    fn told(differences: &[Difference]) -> Vec<String> {
        differences.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_expressions_may_change_on_the_way_through_the_dump() {
        let of = |check: &str, ty: &str| {
            let check = [("definition", check)];
            let column = [("type", ty), ("default", check[0].1)];
            inventory(15, &[("constraint", "s.t.k", &check), ("column", "s.t.c", &column)])
        };
        let (history, control) = (of("IN", "integer"), of("ANY", "integer"));
        assert_eq!(verdict(&history, &control, &control), Verdict::default());
        let same_as_history = verdict(&history, &control, &history);
        assert_eq!(same_as_history.baseline.len(), 2);
        let lost = verdict(&history, &of("ANY", "bigint"), &of("ANY", "bigint")).lost;
        assert_eq!(
            told(&lost),
            ["column `s.t.c`: default `IN` -> `ANY`, type `integer` -> `bigint`"]
        );
        let lost = verdict(&history, &inventory(15, &[]), &inventory(15, &[])).lost;
        assert_eq!(lost.len(), 2);
    }

    #[test]
    fn the_version_of_an_extension_is_the_history_s() {
        let of = |version| inventory(15, &[("extension", "x", &[("version", version)])]);
        assert_eq!(verdict(&of("1.1"), &of("1.2"), &of("1.1")), Verdict::default());
        let wrong = verdict(&of("1.1"), &of("1.2"), &of("1.2"));
        assert_eq!(told(&wrong.baseline), ["extension `x`: version `1.1` -> `1.2`"]);
    }
}
