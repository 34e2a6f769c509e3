//! Linking: from revisions in any order to a [`History`], or to every reason why not.
//!
//! One error does not hide another: a duplicate is linked by its first file, a missing parent is
//! left out, and the rest is still looked at. Nothing here recurses, since a history can be
//! thousands of revisions deep.

use std::collections::{BTreeMap, BTreeSet};

use super::{History, Revision, RevisionId, StructureError};

type Edges = BTreeMap<RevisionId, BTreeSet<RevisionId>>;

pub(super) fn link(revisions: Vec<Revision>) -> Result<History, Vec<StructureError>> {
    let mut errors = Vec::new();
    let revisions = without_duplicates(revisions, &mut errors);
    let labels = labels(&revisions, &mut errors);
    let dependencies = dependencies(&revisions, &labels, &mut errors);

    let mut requires = Edges::new();
    for (id, revision) in &revisions {
        let mut before: BTreeSet<RevisionId> =
            dependencies.get(id).into_iter().flatten().cloned().collect();
        for parent in &revision.parents {
            if revisions.contains_key(parent) {
                before.insert(parent.clone());
            } else {
                errors.push(StructureError::MissingParent {
                    id: id.clone(),
                    parent: parent.clone(),
                    label_of: labels.get(parent.as_str()).cloned(),
                });
            }
        }
        requires.insert(id.clone(), before);
    }

    let order = order(&requires);
    if order.len() < requires.len() {
        errors.extend(cycles(requires).into_iter().map(|ids| StructureError::Cycle { ids }));
    }
    if errors.is_empty() {
        Ok(History { revisions, dependencies, labels, order })
    } else {
        Err(errors)
    }
}

fn without_duplicates(
    revisions: Vec<Revision>,
    errors: &mut Vec<StructureError>,
) -> BTreeMap<RevisionId, Revision> {
    let mut by_id: BTreeMap<RevisionId, Vec<Revision>> = BTreeMap::new();
    for revision in revisions {
        by_id.entry(revision.id.clone()).or_default().push(revision);
    }
    let mut single = BTreeMap::new();
    for (id, mut same) in by_id {
        if same.len() > 1 {
            let files =
                same.iter().filter_map(|revision| revision.files.first().cloned()).collect();
            errors.push(StructureError::Duplicate { id: id.clone(), files });
        }
        single.insert(id, same.swap_remove(0));
    }
    single
}

/// As `RevisionMap._map_branch_labels`: labels and ids share one name space.
fn labels(
    revisions: &BTreeMap<RevisionId, Revision>,
    errors: &mut Vec<StructureError>,
) -> BTreeMap<String, RevisionId> {
    let mut labels: BTreeMap<String, RevisionId> = BTreeMap::new();
    for (id, revision) in revisions {
        for label in &revision.labels {
            let taken = find(revisions, label).or_else(|| labels.get(label));
            if let Some(other) = taken.cloned() {
                let (label, id) = (label.clone(), id.clone());
                errors.push(StructureError::DuplicateLabel { label, id, other });
            } else {
                labels.insert(label.clone(), id.clone());
            }
        }
    }
    labels
}

fn dependencies(
    revisions: &BTreeMap<RevisionId, Revision>,
    labels: &BTreeMap<String, RevisionId>,
    errors: &mut Vec<StructureError>,
) -> BTreeMap<RevisionId, Vec<RevisionId>> {
    let mut resolved = BTreeMap::new();
    for (id, revision) in revisions {
        let mut found = Vec::new();
        for name in &revision.depends_on {
            if let Some(target) = find(revisions, name).or_else(|| labels.get(name)) {
                found.push(target.clone());
            } else {
                let candidates = revisions.keys().filter(|known| known.0.starts_with(name));
                errors.push(StructureError::DanglingDependency {
                    id: id.clone(),
                    depends_on: name.clone(),
                    candidates: candidates.cloned().collect(),
                });
            }
        }
        if !found.is_empty() {
            resolved.insert(id.clone(), found);
        }
    }
    resolved
}

fn find<'a>(revisions: &'a BTreeMap<RevisionId, Revision>, name: &str) -> Option<&'a RevisionId> {
    revisions.get_key_value(name).map(|(id, _)| id)
}

/// Topological order; what is in a cycle, or behind one, is left out.
///
/// Ready revisions wait on a stack, so that a branch is walked on rather than all branches in turn.
fn order(requires: &Edges) -> Vec<RevisionId> {
    let mut children: BTreeMap<&RevisionId, Vec<&RevisionId>> = BTreeMap::new();
    let mut missing: BTreeMap<&RevisionId, usize> = BTreeMap::new();
    for (id, required) in requires {
        missing.insert(id, required.len());
        for parent in required {
            children.entry(parent).or_default().push(id);
        }
    }
    let mut ready: Vec<&RevisionId> =
        requires.keys().rev().filter(|id| requires[*id].is_empty()).collect();
    let mut order = Vec::with_capacity(requires.len());
    while let Some(id) = ready.pop() {
        order.push(id.clone());
        for child in children.get(id).into_iter().flatten().rev() {
            if let Some(count) = missing.get_mut(child) {
                *count -= 1;
                if *count == 0 {
                    ready.push(child);
                }
            }
        }
    }
    order
}

/// Disjoint cycles, each in running order and beginning at its smallest id: at least one for every
/// knot of cycles.
fn cycles(mut requires: Edges) -> Vec<Vec<RevisionId>> {
    let mut cycles = Vec::new();
    loop {
        let free = order(&requires);
        forget(&mut requires, &free);
        // Thousands of cycles must not take thousands of rounds: one finds all that it comes across.
        let found = round(&requires);
        if found.is_empty() {
            return cycles;
        }
        forget(&mut requires, &found.concat());
        cycles.extend(found);
    }
}

/// All that is left requires something that is left: walking up must come round, or to where an earlier
/// walk has been.
fn round(requires: &Edges) -> Vec<Vec<RevisionId>> {
    let mut found = Vec::new();
    let mut seen: BTreeSet<&RevisionId> = BTreeSet::new();
    for start in requires.keys() {
        let mut path: Vec<&RevisionId> = Vec::new();
        let mut places: BTreeMap<&RevisionId, usize> = BTreeMap::new();
        let mut next = Some(start);
        while let Some(id) = next {
            if let Some(begin) = places.get(id) {
                let mut cycle: Vec<RevisionId> = path[*begin..].iter().copied().cloned().collect();
                cycle.reverse();
                let smallest = (0..cycle.len()).min_by_key(|at| &cycle[*at]).unwrap_or(0);
                cycle.rotate_left(smallest);
                found.push(cycle);
                break;
            }
            if !seen.insert(id) {
                break;
            }
            places.insert(id, path.len());
            path.push(id);
            next = requires.get(id).and_then(BTreeSet::first);
        }
    }
    found
}

fn forget(requires: &mut Edges, gone: &[RevisionId]) {
    let gone: BTreeSet<&RevisionId> = gone.iter().collect();
    requires.retain(|id, _| !gone.contains(id));
    for required in requires.values_mut() {
        required.retain(|id| !gone.contains(id));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::super::drawing::{bare, history, id, revisions};
    use super::*;

    fn errors(drawing: &str) -> String {
        let errors = History::link(revisions(drawing)).unwrap_err();
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    fn names<'a>(ids: impl IntoIterator<Item = &'a RevisionId>) -> String {
        ids.into_iter().map(RevisionId::as_str).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_diamond() {
        let history = history("a->b, a->c, b+c->d");
        assert_eq!(names(history.iter().map(|revision| &revision.id)), "a b c d");
        assert_eq!(names(&history.heads()), "d");
        assert_eq!(names(&history.bases()), "a");
        assert_eq!(names(&history.ancestors(&id("d"))), "a b c");
        assert_eq!((history.len(), history.merges()), (4, 1));
    }

    #[test]
    fn branches_are_walked_one_after_the_other() {
        let history = history("a->b1->b2->b3, a->c1->c2");
        assert_eq!(names(history.iter().map(|revision| &revision.id)), "a b1 b2 b3 c1 c2");
    }

    #[test]
    fn a_dependency_takes_the_row_but_not_the_head() {
        let history = history("a->b, x->y, b~>y");
        assert_eq!(names(&history.heads()), "b y");
        assert_eq!(names(&history.version_rows()), "y");
        assert_eq!(names(&history.bases()), "a x");
        assert_eq!(names(&history.ancestors(&id("y"))), "a b x");
    }

    #[test]
    fn a_label_can_be_depended_on_but_not_be_a_parent() {
        let mut pile = revisions("a->b, x");
        pile[1].labels.push("billing".to_owned());
        pile[2].depends_on.push("billing".to_owned());
        let history = History::link(pile.clone()).unwrap();
        assert_eq!(history.dependencies(&id("x")), [id("b")]);
        assert_eq!(history.labels()["billing"], id("b"));

        pile[2].parents.push(id("billing"));
        let errors = History::link(pile).unwrap_err();
        let expected = StructureError::MissingParent {
            id: id("x"),
            parent: id("billing"),
            label_of: Some(id("b")),
        };
        assert_eq!(errors, [expected]);
    }

    #[test]
    fn every_error_is_told_at_once() {
        let mut pile = revisions("a->b->c, gone->d, e->f->e");
        pile.retain(|revision| revision.id != id("gone"));
        pile.push(bare("b"));
        pile[0].labels.push("d".to_owned());
        pile[2].depends_on.push("bb".to_owned());
        let errors = History::link(pile).unwrap_err();
        let text = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(text, @r"
        revision `b` is declared more than once
        the branch label `d` of revision `a` is already used by `d`
        revision `c` depends on `bb`, which is neither a revision nor a label
        the parent `gone` of revision `d` is not there
        revisions depend on each other in a circle: `e` -> `f` -> `e`
        ");
    }

    #[test]
    fn a_partial_id_is_no_dependency() {
        let mut pile = revisions("abcdef->x");
        pile[1].depends_on.push("abcd".to_owned());
        let errors = History::link(pile).unwrap_err();
        let StructureError::DanglingDependency { candidates, .. } = &errors[0] else { panic!() };
        assert_eq!(names(candidates), "abcdef");
    }

    #[test]
    fn cycles_are_told_in_running_order() {
        insta::assert_snapshot!(errors("a->b->c->a"), @"revisions depend on each other in a circle: `a` -> `b` -> `c` -> `a`");
        insta::assert_snapshot!(errors("a->a"), @"revisions depend on each other in a circle: `a` -> `a`");
        insta::assert_snapshot!(errors("a->b, b~>c, c->b"), @"revisions depend on each other in a circle: `b` -> `c` -> `b`");
        // The case that Alembic does not detect: reachable from base and head alike.
        insta::assert_snapshot!(errors("a->b->c->d, c->b"), @"revisions depend on each other in a circle: `b` -> `c` -> `b`");
        insta::assert_snapshot!(errors("a->b->a, a->x->y->x, c->d->c"), @r"
        revisions depend on each other in a circle: `a` -> `b` -> `a`
        revisions depend on each other in a circle: `c` -> `d` -> `c`
        revisions depend on each other in a circle: `x` -> `y` -> `x`
        ");
    }

    #[test]
    fn thousands_of_cycles() {
        let pairs: Vec<String> = (0..3000).map(|n| format!("a{n:05}->b{n:05}->a{n:05}")).collect();
        let errors = History::link(revisions(&pairs.join(", "))).unwrap_err();
        assert_eq!(errors.len(), 3000);
    }

    #[test]
    fn a_very_long_history_does_not_overflow_the_stack() {
        let chain: Vec<String> = (0..20_000).map(|number| format!("r{number:05}")).collect();
        let history = history(&chain.join("->"));
        assert_eq!(history.ancestors(&id("r19999")).len(), 19_999);
    }

    /// A random acyclic pile: revision `n` points at smaller numbers only. Ids are scrambled so
    /// that their order says nothing.
    fn pile() -> impl Strategy<Value = Vec<Revision>> {
        let edge = proptest::collection::vec((any::<prop::sample::Index>(), 0..4u8), 0..4);
        proptest::collection::vec(edge, 1..40).prop_map(|edges| {
            let name = |number: usize| format!("{:04x}", (number * 40_503 + 7) % 65_521);
            let make = |(number, edges): (usize, Vec<(prop::sample::Index, u8)>)| {
                let mut revision = bare(&name(number));
                for (target, kind) in edges.into_iter().filter(|_| number > 0) {
                    let target = name(target.index(number));
                    if kind == 0 {
                        revision.depends_on.push(target);
                    } else if !revision.parents.contains(&id(&target)) {
                        revision.parents.push(id(&target));
                    }
                }
                revision
            };
            edges.into_iter().enumerate().map(make).collect()
        })
    }

    fn points_at(revision: &Revision) -> BTreeSet<RevisionId> {
        let depends_on = revision.depends_on.iter().map(|name| id(name));
        revision.parents.iter().cloned().chain(depends_on).collect()
    }

    proptest! {
        #[test]
        fn a_random_history_is_linked_right(pile in pile(), shuffle in any::<u64>()) {
            let mut shuffled = pile.clone();
            shuffled.sort_by_key(|revision| {
                u64::from_str_radix(revision.id.as_str(), 16).unwrap().wrapping_mul(shuffle | 1)
            });
            let history = History::link(shuffled).unwrap();
            prop_assert_eq!(&history, &History::link(pile.clone()).unwrap());

            let place: HashMap<_, _> = history.iter().enumerate().map(|(at, r)| (&r.id, at)).collect();
            prop_assert_eq!(place.len(), pile.len());
            for revision in &pile {
                for required in points_at(revision) {
                    prop_assert!(place[&required] < place[&revision.id]);
                }
                // Closed: the ancestors of an ancestor are ancestors.
                let ancestors = history.ancestors(&revision.id);
                prop_assert!(points_at(revision).is_subset(&ancestors));
                for ancestor in &ancestors {
                    prop_assert!(history.ancestors(ancestor).is_subset(&ancestors));
                }
            }

            let sorted = |mut ids: Vec<RevisionId>| { ids.sort(); ids };
            let nobody = |points: &dyn Fn(&Revision) -> BTreeSet<RevisionId>| {
                let taken: BTreeSet<_> = pile.iter().flat_map(points).collect();
                sorted(pile.iter().map(|r| r.id.clone()).filter(|id| !taken.contains(id)).collect())
            };
            prop_assert_eq!(sorted(history.heads()), nobody(&|r| r.parents.iter().cloned().collect()));
            prop_assert_eq!(sorted(history.version_rows()), nobody(&points_at));
            let bases = pile.iter().filter(|r| r.parents.is_empty()).map(|r| r.id.clone()).collect();
            prop_assert_eq!(sorted(history.bases()), sorted(bases));
        }

        #[test]
        fn a_back_edge_is_found(mut pile in pile(), pick in any::<prop::sample::Index>()) {
            let history = History::link(pile.clone()).unwrap();
            let descendant = pile[pick.index(pile.len())].id.clone();
            let mut line: Vec<_> = history.ancestors(&descendant).into_iter().collect();
            line.push(descendant.clone());
            let ancestor = line[pick.index(line.len())].clone();
            let at = pile.iter().position(|revision| revision.id == ancestor).unwrap();
            pile[at].parents.push(descendant);

            let errors = History::link(pile.clone()).unwrap_err();
            let by_id: HashMap<_, _> = pile.iter().map(|r| (r.id.clone(), r)).collect();
            prop_assert!(!errors.is_empty());
            for error in errors {
                let StructureError::Cycle { ids } = error else { panic!("{error}") };
                for (at, id) in ids.iter().enumerate() {
                    let before = &ids[(at + ids.len() - 1) % ids.len()];
                    prop_assert!(points_at(by_id[id]).contains(before));
                }
            }
        }
    }
}
