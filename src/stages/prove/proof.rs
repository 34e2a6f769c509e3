//! What a proof says. Only the stage makes one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::schema::compare::Change;
use crate::schema::inventory::Forms;
use crate::schema::plain::PlainUser;

/// The offline part of the proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "reason")]
pub enum Offline {
    /// `alembic upgrade head --sql` of the baseline makes the same database.
    Equal,
    /// The project's env.py cannot run offline.
    Skipped(String),
}

/// A property that `PostgreSQL` prints differently after one round trip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drifted {
    /// The object, named as in the list of objects.
    pub object: String,
    /// What is printed differently, in a line.
    pub change: String,
}

impl From<Change> for Drifted {
    fn from(change: Change) -> Self {
        Self { object: change.object.to_string(), change: change.within() }
    }
}

/// That a baseline makes the same database as the history. Only [`prove`](super::prove) makes one.
#[derive(Debug, Clone)]
pub struct Proof {
    pub(super) files: BTreeMap<PathBuf, String>,
    pub(super) schema_sha256: String,
    pub(super) compared: usize,
    pub(super) roundtrip_drift: Vec<Drifted>,
    pub(super) offline: Offline,
    pub(super) inventory: Forms,
    pub(super) plain_user: PlainUser,
}

impl Proof {
    /// Whether this file with this content (SHA-256 in hexadecimal) was part of what was proved.
    pub fn covers(&self, file: &Path, sha256: &str) -> bool {
        self.files.get(file).is_some_and(|proved| proved == sha256)
    }

    /// The SHA-256 of what the history made.
    pub fn schema_sha256(&self) -> &str {
        &self.schema_sha256
    }

    /// How many objects were compared.
    pub fn compared(&self) -> usize {
        self.compared
    }

    /// The objects that `PostgreSQL` prints differently after one round trip.
    pub fn roundtrip_drift(&self) -> Vec<String> {
        let mut objects: Vec<String> =
            self.roundtrip_drift.iter().map(|drifted| drifted.object.clone()).collect();
        objects.dedup();
        objects
    }

    /// The same by property.
    pub fn roundtrip_changes(&self) -> &[Drifted] {
        &self.roundtrip_drift
    }

    /// What the catalog holds at the cut, as the history makes it and as the baseline does.
    pub fn inventory(&self) -> &Forms {
        &self.inventory
    }

    /// Whether offline mode was proved too.
    pub fn offline(&self) -> &Offline {
        &self.offline
    }

    /// Whether a user who is no superuser can run the baseline.
    pub fn plain_user(&self) -> &PlainUser {
        &self.plain_user
    }
}
