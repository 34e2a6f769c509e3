//! Where a history is cut: the revisions that one baseline replaces, and those that stay.
//!
//! A [`Cut`] can only be made from a history, so that its squashed part is always closed under
//! parents and dependencies: what stays never has to run before something that goes.

use std::collections::BTreeSet;

use super::{History, RevisionId, ends};

/// A squashed part and a kept part, both in topological order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    squashed: Vec<RevisionId>,
    kept: Vec<RevisionId>,
    heads: Vec<RevisionId>,
    version_rows: Vec<RevisionId>,
}

/// Why a history cannot be cut there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CutError {
    /// No such revision.
    #[error("there is no revision `{id}` in the history")]
    UnknownRevision {
        /// The id that was asked for.
        id: RevisionId,
    },
}

impl Cut {
    /// Everything is squashed.
    pub fn whole(history: &History) -> Self {
        Self::new(history, &history.order.iter().cloned().collect())
    }

    /// `last` and all that must run before it is squashed, the rest is kept.
    ///
    /// # Errors
    /// A revision that is not in the history.
    pub fn upto(history: &History, last: &RevisionId) -> Result<Self, CutError> {
        Self::upto_each(history, std::slice::from_ref(last))
    }

    /// The same for several revisions at once: the newest ones that go, one of each branch.
    ///
    /// # Errors
    /// A revision that is not in the history.
    pub fn upto_each(history: &History, last: &[RevisionId]) -> Result<Self, CutError> {
        let mut squashed = BTreeSet::new();
        for id in last {
            if history.get(id).is_none() {
                return Err(CutError::UnknownRevision { id: id.clone() });
            }
            squashed.insert(id.clone());
            squashed.extend(history.ancestors(id));
        }
        Ok(Self::new(history, &squashed))
    }

    fn new(history: &History, closed: &BTreeSet<RevisionId>) -> Self {
        let (squashed, kept): (Vec<_>, Vec<_>) =
            history.order.iter().cloned().partition(|id| closed.contains(id));
        let heads = ends(&squashed, |id| history.parents(id).iter().collect());
        let version_rows = ends(&squashed, |id| history.requires(id).collect());
        Self { squashed, kept, heads, version_rows }
    }

    /// The revisions that the baseline replaces. Closed under parents and dependencies.
    pub fn squashed(&self) -> &[RevisionId] {
        &self.squashed
    }

    /// The revisions that stay as they are.
    pub fn kept(&self) -> &[RevisionId] {
        &self.kept
    }

    /// The squashed revisions that are no parent of another squashed one.
    pub fn heads(&self) -> &[RevisionId] {
        &self.heads
    }

    /// The version table's rows in a database that stands exactly at the cut (see
    /// [`History::version_rows`]).
    pub fn version_rows(&self) -> &[RevisionId] {
        &self.version_rows
    }
}

#[cfg(test)]
mod tests {
    use super::super::drawing::{history, id};
    use super::*;

    fn names(ids: &[RevisionId]) -> String {
        ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn whole_squashes_everything() {
        let cut = Cut::whole(&history("a->b, a->c, b+c->d"));
        assert_eq!(names(cut.squashed()), "a b c d");
        assert_eq!(names(cut.heads()), "d");
        assert!(cut.kept().is_empty());
    }

    #[test]
    fn upto_keeps_what_is_beside_the_revision() {
        let cut = Cut::upto(&history("a->b->d, a->c->d2, d+d2->e"), &id("d")).unwrap();
        assert_eq!(names(cut.squashed()), "a b d");
        assert_eq!(names(cut.kept()), "c d2 e");
        assert_eq!(names(cut.heads()), "d");
    }

    #[test]
    fn upto_takes_dependencies_along() {
        let cut = Cut::upto(&history("a->b->c, x->y->z, b~>y"), &id("y")).unwrap();
        assert_eq!(names(cut.squashed()), "a b x y");
        assert_eq!(names(cut.heads()), "b y");
        assert_eq!(names(cut.version_rows()), "y");
    }

    #[test]
    fn upto_each_squashes_several_branches() {
        let cut = Cut::upto_each(&history("a->b->c, a->x->y"), &[id("b"), id("x")]).unwrap();
        assert_eq!(names(cut.squashed()), "a b x");
        assert_eq!(names(cut.heads()), "b x");
    }

    #[test]
    fn an_unknown_revision_is_named() {
        let error = Cut::upto(&history("a->b"), &id("nope")).unwrap_err();
        insta::assert_snapshot!(error, @"there is no revision `nope` in the history");
    }
}
