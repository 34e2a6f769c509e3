//! How the inventories of a proof must agree.
//!
//! Takes those of the history, of the control (the history's dump, restored by psql) and of the
//! baseline; gives what differs. Pure.
//!
//! The baseline must equal the control exactly, as its dump must. The control in turn must be the
//! history but for expressions, which `PostgreSQL` may print differently after a round trip: what else it
//! lacks is what `pg_dump` has no words for, and no baseline can have it. Two things are not in
//! the dump and yet in the baseline, the version of an extension and the settings of the database: there the
//! history is the measure.

use crate::schema::inventory::difference::{self, Difference};
use crate::schema::inventory::{DATABASE_SETTING, Inventory};

/// Properties that hold expressions.
const EXPRESSIONS: [&str; 8] =
    ["bound", "check", "default", "definition", "generated", "partitioned by", "using", "where"];

/// What the baseline makes differently.
pub fn baseline(history: &Inventory, control: &Inventory, baseline: &Inventory) -> Vec<Difference> {
    let differ = |expected, beside: bool| {
        let differences = difference::differences(expected, baseline).into_iter();
        differences.filter(move |d| is_beside_the_dump(d) == beside)
    };
    differ(control, false).chain(differ(history, true)).collect()
}

/// What is lost on the way through a dump.
pub fn lost(history: &Inventory, control: &Inventory) -> Vec<Difference> {
    let differences = difference::differences(history, control).into_iter();
    differences.filter(|d| !is_beside_the_dump(d) && !is_drift(d)).collect()
}

/// What differs where revisions ran on top of the cut: what holds no expressions as it is, all after one
/// more round trip. Each pair is the history's and the baseline's.
pub fn at_the_heads(both: [&Inventory; 2], controls: [&Inventory; 2]) -> Vec<Difference> {
    let mut differences = difference::differences(both[0], both[1]);
    differences.retain(|d| !is_drift(d));
    let objects: Vec<_> = differences.iter().map(|d| d.object.clone()).collect();
    let after = difference::differences(controls[0], controls[1]);
    differences.extend(after.into_iter().filter(|d| !objects.contains(&d.object)));
    differences
}

fn is_beside_the_dump(difference: &Difference) -> bool {
    difference.object.kind == DATABASE_SETTING || is_version(difference)
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
        assert_eq!(lost(&history, &control), []);
        assert_eq!(baseline(&history, &control, &control), []);
        assert_eq!(baseline(&history, &control, &history).len(), 2);
        assert_eq!(
            told(&lost(&history, &of("ANY", "bigint"))),
            ["column `s.t.c`: default `IN` -> `ANY`, type `integer` -> `bigint`"]
        );
        assert_eq!(lost(&history, &inventory(15, &[])).len(), 2);
        let without_default = inventory(
            15,
            &[
                ("constraint", "s.t.k", &[("definition", "ANY")]),
                ("column", "s.t.c", &[("type", "integer")]),
            ],
        );
        assert_eq!(
            told(&lost(&history, &without_default)),
            ["column `s.t.c`: default `IN` -> none"]
        );
    }

    #[test]
    fn the_version_of_an_extension_is_the_history_s() {
        let of = |version| inventory(15, &[("extension", "x", &[("version", version)])]);
        assert_eq!(lost(&of("1.1"), &of("1.2")), []);
        assert_eq!(baseline(&of("1.1"), &of("1.2"), &of("1.1")), []);
        let wrong = baseline(&of("1.1"), &of("1.2"), &of("1.2"));
        assert_eq!(told(&wrong), ["extension `x`: version `1.1` -> `1.2`"]);
        let controls = [&of("1.2"), &of("1.2")];
        assert_eq!(told(&at_the_heads([&of("1.1"), &of("1.2")], controls)), told(&wrong));
        assert_eq!(at_the_heads([&of("1.1"), &of("1.1")], controls), []);
    }

    #[test]
    fn at_the_heads_an_expression_is_judged_after_one_more_round_trip() {
        let of = |check| inventory(15, &[("constraint", "s.t.k", &[("definition", check)])]);
        let both = [&of("IN"), &of("ANY")];
        assert_eq!(at_the_heads(both, [&of("ANY"), &of("ANY")]), []);
        assert_eq!(at_the_heads(both, [&of("ANY"), &of("SOME")]).len(), 1);
    }
}
