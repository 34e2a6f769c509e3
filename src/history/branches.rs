//! The branches of a history with several bases: what grew from each. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cut, History, RevisionId};

/// Everything that grew from one base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The revision without a parent.
    pub base: RevisionId,
    /// All its revisions in running order, the base first.
    pub revisions: Vec<RevisionId>,
    /// Those that no other is built on.
    pub heads: Vec<RevisionId>,
    /// The bases of the branches that `depends_on` of its revisions leads to.
    pub depends_on: Vec<RevisionId>,
    /// Whether it depends on a part of another branch: a database may have all of this one, and not all of that.
    pub depends_on_part: bool,
}

/// A history that does not fall into branches.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BranchesError {
    /// A merge of several bases belongs to all of them.
    #[error(
        "`{merge}` belongs to several bases: {}",
        bases.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
    )]
    Merged {
        /// The revision.
        merge: RevisionId,
        /// The bases.
        bases: Vec<RevisionId>,
    },
    /// Two branches depend on each other: no order in which one baseline could run after the other.
    #[error("the branches of `{one}` and `{other}` depend on each other")]
    Circle {
        /// The base of one.
        one: RevisionId,
        /// The base of the other.
        other: RevisionId,
    },
}

/// The branches, each after those that it depends on, and for each the cut that squashes it and all before
/// it.
///
/// # Errors
/// A merge of bases, or branches that depend on each other.
pub fn branches(history: &History) -> Result<Vec<(Branch, Cut)>, BranchesError> {
    let mut base_of: BTreeMap<&RevisionId, &RevisionId> = BTreeMap::new();
    for id in &history.order {
        let bases: BTreeSet<&RevisionId> =
            history.parents(id).iter().filter_map(|parent| base_of.get(parent).copied()).collect();
        if bases.len() > 1 {
            let bases = bases.into_iter().cloned().collect();
            return Err(BranchesError::Merged { merge: id.clone(), bases });
        }
        base_of.insert(id, bases.first().copied().unwrap_or(id));
    }
    let mut needs: BTreeMap<&RevisionId, BTreeSet<&RevisionId>> = BTreeMap::new();
    for id in &history.order {
        let needed = needs.entry(base_of[id]).or_default();
        let bases = history.dependencies(id).iter().filter_map(|on| base_of.get(on).copied());
        needed.extend(bases.filter(|base| *base != base_of[id]));
    }
    let mut waiting: Vec<&RevisionId> =
        history.order.iter().filter(|id| base_of[id] == *id).collect();
    let mut done: BTreeSet<&RevisionId> = BTreeSet::new();
    let mut closed = BTreeSet::new();
    let mut found: Vec<(Branch, Cut)> = Vec::new();
    while !waiting.is_empty() {
        let Some(next) = waiting.iter().position(|base| needs[base].is_subset(&done)) else {
            return Err(circle(&waiting, &needs));
        };
        let base = waiting.remove(next);
        let revisions: Vec<RevisionId> =
            history.order.iter().filter(|id| base_of[id] == base).cloned().collect();
        let heads = super::ends(&revisions, |id| history.parents(id).iter().collect());
        let depends_on: Vec<RevisionId> = needs[base].iter().copied().cloned().collect();
        let before: BTreeSet<RevisionId> =
            heads.iter().flat_map(|head| history.ancestors(head)).collect();
        let others = found.iter().filter(|(other, _)| depends_on.contains(&other.base));
        let depends_on_part =
            others.flat_map(|(other, _)| &other.heads).any(|head| !before.contains(head));
        closed.extend(revisions.iter().cloned());
        done.insert(base);
        let branch = Branch { base: base.clone(), revisions, heads, depends_on, depends_on_part };
        found.push((branch, Cut::new(history, &closed)));
    }
    Ok(found)
}

/// Two of the branches that wait for each other, directly or not: following needs must come back.
fn circle(
    waiting: &[&RevisionId],
    needs: &BTreeMap<&RevisionId, BTreeSet<&RevisionId>>,
) -> BranchesError {
    let mut at = waiting[0];
    let mut seen = Vec::new();
    while !seen.contains(&at) {
        seen.push(at);
        at = needs[at].iter().copied().find(|base| waiting.contains(base)).unwrap_or(at);
    }
    let other = seen.last().copied().unwrap_or(at);
    BranchesError::Circle { one: at.clone(), other: other.clone() }
}

#[cfg(test)]
mod tests {
    use super::super::drawing::history;
    use super::*;

    fn told(drawing: &str) -> String {
        let names =
            |ids: &[RevisionId]| ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(" ");
        match branches(&history(drawing)) {
            Err(error) => error.to_string(),
            Ok(found) => {
                let line = |(branch, cut): &(Branch, Cut)| {
                    format!(
                        "{}: {} / heads {} / after {} / rows {}",
                        branch.base,
                        names(&branch.revisions),
                        names(&branch.heads),
                        names(&branch.depends_on),
                        names(cut.version_rows())
                    )
                };
                found.iter().map(line).collect::<Vec<_>>().join("\n")
            }
        }
    }

    #[test]
    fn each_base_has_what_grew_from_it() {
        insta::assert_snapshot!(told("a->b, a->c, b+c->d, x->y, y->z"), @r"
            a: a b c d / heads d / after  / rows d
            x: x y z / heads z / after  / rows d z
        ");
        insta::assert_snapshot!(told("a->b->c, x->y, y~>b"), @r"
            x: x y / heads y / after  / rows y
            a: a b c / heads c / after x / rows c
        ");
    }

    #[test]
    fn what_has_no_branches_of_its_own() {
        insta::assert_snapshot!(told("a->b, x->y, b+y->m"), @"`m` belongs to several bases: `a`, `x`");
        insta::assert_snapshot!(told("a->b, x->y, a~>y, x~>b"), @"the branches of `a` and `x` depend on each other");
    }

    #[test]
    fn a_branch_may_depend_on_a_part_of_another() {
        // A database at b may lack z, which the baseline of x makes.
        for (drawing, expected) in [
            ("a->b, x->y->z, y~>b", [false, true]),
            ("a->b, x->y->z, z~>b", [false, false]),
            ("a->b, x->y, x->z, y~>b", [false, true]),
            ("a->b, x->y, x->z, y~>a, z~>b", [false, false]),
            ("a->b, x->y", [false, false]),
        ] {
            let found = branches(&history(drawing)).unwrap();
            let told: Vec<bool> = found.iter().map(|(branch, _)| branch.depends_on_part).collect();
            assert_eq!(told, expected, "{drawing}");
        }
    }
}
