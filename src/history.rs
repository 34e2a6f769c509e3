//! Revisions and the graph they make: pure, no I/O, nothing of Alembic's files in here.
//!
//! [`History::link`] takes revisions in any order and gives a [`History`] that has no duplicate, no
//! missing parent and no cycle, or every [`StructureError`] it found. The words are Alembic's:
//! parents are `down_revision`, dependencies are `depends_on`.

pub mod branches;
pub mod created;
pub mod cut;
#[cfg(test)]
pub mod drawing;
pub mod finding;
mod graph;
pub mod mention;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use branches::{Branch, BranchesError};
pub use cut::{Choice, Cut, CutError};
#[cfg(test)]
pub use drawing::history;
pub use finding::{Finding, Level, Position, Severity};

/// The characters that Alembic refuses in a revision id: its command line gives them a meaning
/// (`branch@head`, `+1`, `-1`, `from:to`).
pub const ILLEGAL_ID_CHARACTERS: [char; 4] = ['@', '-', '+', ':'];

/// A revision identifier that Alembic accepts.
///
/// One longer than 32 characters is legal in the files but does not fit `version_num VARCHAR(32)`,
/// unless `env.py` widens it: whoever writes the version table looks at [`RevisionId::len`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RevisionId(String);

/// A text that cannot be a revision id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IllegalRevisionId {
    /// The empty string.
    #[error("a revision id cannot be empty")]
    Empty,
    /// One of [`ILLEGAL_ID_CHARACTERS`] is in it.
    #[error("`{character}` is not allowed in the revision id `{id}`")]
    Character {
        /// The whole text.
        id: String,
        /// The first character that is refused.
        character: char,
    },
}

impl RevisionId {
    /// Takes a text as an id if Alembic would (`Revision.verify_rev_id`). Alembic lets an empty id
    /// through and then cannot address it: refused here.
    ///
    /// # Errors
    /// A text that Alembic refuses.
    pub fn new(id: impl Into<String>) -> Result<Self, IllegalRevisionId> {
        let id = id.into();
        if id.is_empty() {
            return Err(IllegalRevisionId::Empty);
        }
        match id.chars().find(|character| ILLEGAL_ID_CHARACTERS.contains(character)) {
            Some(character) => Err(IllegalRevisionId::Character { id, character }),
            None => Ok(Self(id)),
        }
    }

    /// An id in Alembic's form that no revision has.
    pub fn example() -> Self {
        Self("000000000000".to_owned())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Length in characters, as the version table counts it. Never 0.
    #[expect(clippy::len_without_is_empty, reason = "an id is never empty")]
    pub fn len(&self) -> usize {
        self.0.chars().count()
    }
}

// Maps keyed by ids can be asked with a plain text.
impl Borrow<str> for RevisionId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RevisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for RevisionId {
    type Error = IllegalRevisionId;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        Self::new(id)
    }
}

impl From<RevisionId> for String {
    fn from(id: RevisionId) -> Self {
        id.0
    }
}

/// A file that belongs to a revision, and what was in it when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Relative to the project when it lies inside.
    pub path: PathBuf,
    /// Of the whole content, in hexadecimal.
    pub sha256: String,
}

/// One revision, as its file declares it. Holds no SQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Its identifier.
    pub id: RevisionId,
    /// `down_revision`; none for a base.
    pub parents: Vec<RevisionId>,
    /// `depends_on` as written: ids or branch labels.
    pub depends_on: Vec<String>,
    /// `branch_labels`.
    pub labels: Vec<String>,
    /// The message it was made with.
    pub message: String,
    /// `Create Date` as written.
    pub created: Option<String>,
    /// The files that make it: one for Alembic.
    pub files: Vec<SourceFile>,
}

/// What keeps a pile of revisions from being a history. The caller knows the files and lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StructureError {
    /// Alembic only warns and takes the last file it reads.
    #[error("revision `{id}` is declared more than once")]
    Duplicate {
        /// The id.
        id: RevisionId,
        /// Every file that declares it, in reading order.
        files: Vec<SourceFile>,
    },
    /// Alembic ends in a `KeyError`.
    #[error("the parent `{parent}` of revision `{id}` is not there")]
    MissingParent {
        /// The revision that names it.
        id: RevisionId,
        /// The parent that is not there.
        parent: RevisionId,
        /// Set when `parent` is a branch label: Alembic takes those in `depends_on` only.
        label_of: Option<RevisionId>,
    },
    /// Alembic refuses some cycles and hangs at full CPU on others.
    #[error("revisions depend on each other in a circle: {}", circle(ids))]
    Cycle {
        /// One cycle in the order it would run; the last one leads to the first.
        ids: Vec<RevisionId>,
    },
    /// Alembic ends in a `KeyError`.
    #[error("revision `{id}` depends on `{depends_on}`, which is neither a revision nor a label")]
    DanglingDependency {
        /// The revision that names it.
        id: RevisionId,
        /// The name as written.
        depends_on: String,
        /// Revisions whose id starts with it: Alembic takes a prefix on its command line, but not
        /// in a file.
        candidates: Vec<RevisionId>,
    },
    /// Alembic refuses a branch label that is used twice or that is also an id.
    #[error("the branch label `{label}` of revision `{id}` is already used by `{other}`")]
    DuplicateLabel {
        /// The label.
        label: String,
        /// The revision that claims it.
        id: RevisionId,
        /// The revision that has it already.
        other: RevisionId,
    },
}

fn circle(ids: &[RevisionId]) -> String {
    let names = ids.iter().chain(ids.first()).map(|id| format!("`{id}`"));
    names.collect::<Vec<_>>().join(" -> ")
}

/// A linked history: every parent is there, every dependency is resolved, nothing goes in circles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    revisions: BTreeMap<RevisionId, Revision>,
    dependencies: BTreeMap<RevisionId, Vec<RevisionId>>,
    labels: BTreeMap<String, RevisionId>,
    order: Vec<RevisionId>,
}

impl History {
    /// Links revisions into a history, or says everything that is wrong with them.
    ///
    /// `depends_on` is resolved as `RevisionMap._add_depends_on` does: an exact id or a branch
    /// label. (A partial id is only good on Alembic's command line.)
    ///
    /// # Errors
    /// Every reason why not.
    pub fn link(revisions: Vec<Revision>) -> Result<Self, Vec<StructureError>> {
        graph::link(revisions)
    }

    /// Revisions that are no parent of another: Alembic's `heads`.
    pub fn heads(&self) -> Vec<RevisionId> {
        ends(&self.order, |id| self.parents(id).iter().collect())
    }

    /// The rows that the version table holds after `upgrade heads`: Alembic's `_real_heads`, that
    /// is the revisions that are neither a parent nor a resolved dependency of another. A head that
    /// another branch depends on has no row of its own.
    pub fn version_rows(&self) -> Vec<RevisionId> {
        ends(&self.order, |id| self.requires(id).collect())
    }

    /// Revisions without a parent (they may still depend on others): Alembic's `bases`.
    pub fn bases(&self) -> Vec<RevisionId> {
        self.order.iter().filter(|id| self.parents(id).is_empty()).cloned().collect()
    }

    /// The revision with this id.
    pub fn get(&self, id: &RevisionId) -> Option<&Revision> {
        self.revisions.get(id)
    }

    /// What `depends_on` of this revision names, as ids.
    pub fn dependencies(&self, id: &RevisionId) -> &[RevisionId] {
        self.dependencies.get(id).map_or(&[], Vec::as_slice)
    }

    /// All revisions, parents and dependencies first. The order is the same for the same graph,
    /// and walks a branch to its end or to a merge before it begins the next.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Revision> + '_ {
        self.order.iter().filter_map(|id| self.revisions.get(id))
    }

    /// Everything that must have run before this revision, itself not included.
    pub fn ancestors(&self, id: &RevisionId) -> BTreeSet<RevisionId> {
        let mut found = BTreeSet::new();
        let mut todo: Vec<&RevisionId> = self.requires(id).collect();
        while let Some(next) = todo.pop() {
            if found.insert(next.clone()) {
                todo.extend(self.requires(next));
            }
        }
        found
    }

    /// How many revisions there are.
    pub fn len(&self) -> usize {
        self.revisions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.revisions.is_empty()
    }

    /// Branch labels and the revisions that declare them.
    pub fn labels(&self) -> &BTreeMap<String, RevisionId> {
        &self.labels
    }

    /// How many revisions have more than one parent.
    pub fn merges(&self) -> usize {
        self.revisions.values().filter(|revision| revision.parents.len() > 1).count()
    }

    fn parents(&self, id: &RevisionId) -> &[RevisionId] {
        self.revisions.get(id).map_or(&[], |revision| &revision.parents)
    }

    /// Parents and resolved dependencies.
    fn requires(&self, id: &RevisionId) -> impl Iterator<Item = &RevisionId> {
        self.parents(id).iter().chain(self.dependencies(id))
    }
}

/// Those of `among` that none of `among` points at.
fn ends<'a>(
    among: &'a [RevisionId],
    points_at: impl Fn(&'a RevisionId) -> Vec<&'a RevisionId>,
) -> Vec<RevisionId> {
    let taken: BTreeSet<&RevisionId> = among.iter().flat_map(points_at).collect();
    among.iter().filter(|id| !taken.contains(id)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_what_alembic_accepts() {
        for good in ["a", "1", "20231027_1200_encrypt_pii", "é", "a b", "x.y/z"] {
            assert_eq!(RevisionId::new(good).unwrap().as_str(), good);
        }
        for bad in ["a@b", "a-b", "+1", "a:b"] {
            assert!(RevisionId::new(bad).is_err(), "{bad}");
        }
        assert_eq!(RevisionId::new(""), Err(IllegalRevisionId::Empty));
        assert_eq!(RevisionId::new("ü".repeat(40)).unwrap().len(), 40);
    }

    #[test]
    fn an_id_is_checked_when_it_is_deserialised() {
        assert_eq!(serde_json::from_str::<RevisionId>("\"ab\"").unwrap().as_str(), "ab");
        let error = serde_json::from_str::<RevisionId>("\"a-b\"").unwrap_err().to_string();
        insta::assert_snapshot!(error, @"`-` is not allowed in the revision id `a-b`");
    }
}
