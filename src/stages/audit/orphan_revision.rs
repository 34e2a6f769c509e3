//! `orphan-revision`: which revisions hang on a missing parent or a cycle, or lead into one. It says how far the damage
//! goes; the cause has a finding of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::Known;
use super::rule::{Group, Rule};
use crate::history::{Finding, RevisionId, Severity, StructureError};

pub(super) const RULE: Rule = Rule {
    code: "orphan-revision",
    group: Group::Structure,
    severity: Severity::Warning,
    fixed: false,
    summary: "revisions that no base leads to, or that lead to no head",
    why: "They come after a missing parent or a cycle, or lead only into a cycle: no upgrade reaches them. What \
          they hang on has a finding of its own.",
    mend: "Mend what they hang on.",
};

/// How many are named.
const NAMED: usize = 5;

type Edges<'a> = BTreeMap<&'a RevisionId, Vec<&'a RevisionId>>;

/// Those that hang on an error of the structure. One finding for those without a base, one for those without a head.
pub(super) fn findings(errors: &[StructureError], known: &Known) -> Vec<Finding> {
    let mut broken = BTreeSet::new();
    let mut circles = BTreeSet::new();
    for error in errors {
        match error {
            StructureError::MissingParent { id, .. } => {
                broken.insert(id);
            }
            StructureError::Cycle { ids } => circles.extend(ids),
            _ => {}
        }
    }
    let (children, parents) = edges(known);
    let behind = closure(broken.iter().chain(&circles).copied(), &children);
    // What leads into a circle, and to nothing else.
    let heads = known.declared.keys().filter(|id| !children.contains_key(id));
    let led = closure(heads.filter(|id| !circles.contains(id)), &parents);
    let without_base: Vec<&RevisionId> = behind
        .iter()
        .filter(|id| !broken.contains(*id) && !circles.contains(*id))
        .copied()
        .collect();
    let without_head: Vec<&RevisionId> = known
        .declared
        .keys()
        .filter(|id| !led.contains(id) && !circles.contains(id) && !behind.contains(id))
        .collect();
    let tell = |ids: &[&RevisionId], one: &str, many: &str| {
        let first = ids.first()?;
        let place = known.source(first).map(|source| source.down_revision.range.clone());
        let what = match ids {
            [_] => format!("revision {} {one}", super::some(ids, NAMED)),
            _ => format!("{} revisions {many}: {}", ids.len(), super::some(ids, NAMED)),
        };
        let help = "mend what they hang on first: the errors above";
        Some(known.finding(&RULE, first, place).says(what, help))
    };
    let base =
        tell(&without_base, "cannot be reached from a base", "cannot be reached from a base");
    let head = tell(&without_head, "leads to no head", "lead to no head");
    base.into_iter().chain(head).collect()
}

/// Children and parents by revision, as far as they are there.
fn edges(known: &Known) -> (Edges<'_>, Edges<'_>) {
    let (mut children, mut parents) = (Edges::new(), Edges::new());
    for (id, (_, source)) in &known.declared {
        for parent in &source.parents {
            if let Some((parent, _)) = known.declared.get_key_value(&parent.value) {
                children.entry(parent).or_default().push(id);
                parents.entry(id).or_default().push(parent);
            }
        }
    }
    (children, parents)
}

/// These and all that the edges lead to.
fn closure<'a>(
    from: impl Iterator<Item = &'a RevisionId>,
    edges: &Edges<'a>,
) -> BTreeSet<&'a RevisionId> {
    let mut todo: Vec<&RevisionId> = from.collect();
    let mut found = BTreeSet::new();
    while let Some(id) = todo.pop() {
        if found.insert(id) {
            todo.extend(edges.get(id).into_iter().flatten());
        }
    }
    found
}
