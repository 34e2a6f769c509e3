//! What the cases share: a project in a folder of its own, runs of the binary, a real server as
//! target, and a host that must not be touched.

pub mod extension;
pub mod listener;
pub mod network;
pub mod newer;
pub mod pooler;
pub mod project;
pub mod standby;
pub mod target;
pub mod terminal;
pub mod watch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rebaseline::schema::inventory::{DATABASE_SETTING, Inventory, difference};

/// The folder of this repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The virtual environment with pinned Alembic, SQLAlchemy and drivers.
pub fn environment() -> PathBuf {
    let folder = repository().join(".dev/venv");
    assert!(
        folder.join("bin/python").exists(),
        "{} is not there: run ./dev setup",
        folder.display()
    );
    folder
}

/// Every file below a folder with its content; folders without files do not count.
pub fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(folder).unwrap().display().to_string();
            (path, std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// Asserts that two trees are the same, byte for byte, and tells which files are not.
pub fn assert_same_tree(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) {
    let names: Vec<_> =
        one.keys().chain(other.keys()).filter(|n| one.get(*n) != other.get(*n)).collect();
    assert!(names.is_empty(), "these files differ: {names:?}");
}

/// How two databases differ, of which one may be a copy: no copy has the settings of the database.
pub fn differences_of_copies(one: &Inventory, other: &Inventory) -> Vec<String> {
    let differences = difference::differences(one, other).into_iter();
    let lasting = differences.filter(|d| d.object.kind != DATABASE_SETTING);
    lasting.map(|difference| difference.to_string()).collect()
}
