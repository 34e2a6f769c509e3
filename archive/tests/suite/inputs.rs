//! What writing refuses: it makes no archive that could not be read or restored.

use rebaseline_archive::{
    ArchiveError, ArchivePath, FileRecord, FileRole, Limits, Manifest, to_bytes,
};

use crate::support::{Tree, manifest, path, small_tree, tree};

fn refused(manifest: &Manifest, tree: Tree) -> ArchiveError {
    to_bytes(manifest, tree).unwrap_err()
}

#[test]
fn another_version() {
    let tree = small_tree();
    for (format_version, readable_by) in [(3, 1), (2, 2), (3, 3), (2, 0), (1, 1)] {
        let manifest = Manifest { format_version, readable_by, ..manifest(&tree) };
        let error = refused(&manifest, tree.clone());
        assert!(matches!(error, ArchiveError::NotOurVersion { ours: 2, .. }), "{error}");
    }
}

/// An older reader would run on databases what the squash did not run.
#[test]
fn skipped_revisions_need_a_reader_that_knows_of_them() {
    let tree = small_tree();
    let mut manifest = manifest(&tree);
    manifest.origin.skipped.push("a".to_owned());
    let error = refused(&manifest, tree.clone());
    assert!(matches!(error, ArchiveError::NotOurVersion { readable_by: 1, .. }), "{error}");
    manifest.readable_by = 2;
    assert!(to_bytes(&manifest, tree).is_ok());
}

#[test]
fn files_that_differ_from_the_manifest() {
    let tree = small_tree();
    let manifest = manifest(&tree);
    let script = path("versions/data.sql");

    let mut other = tree.clone();
    other.insert(script.clone(), b"insert into t values (2);\n".to_vec());
    assert!(matches!(
        refused(&manifest, other.clone()),
        ArchiveError::HashMismatch { path, .. } if path == script
    ));
    other.insert(script.clone(), b"longer than the manifest says".to_vec());
    assert!(matches!(
        refused(&manifest, other.clone()),
        ArchiveError::LengthMismatch { path, expected: 26, found: 29, more: false }
            if path == script
    ));
    other.remove(&script);
    assert!(matches!(
        refused(&manifest, other),
        ArchiveError::MissingFile { path } if path == script
    ));
    let mut other = tree;
    other.insert(path("versions/unlisted.py"), Vec::new());
    assert!(matches!(
        refused(&manifest, other),
        ArchiveError::UnlistedFile { path } if path.as_str() == "versions/unlisted.py"
    ));
}

#[test]
fn duplicates() {
    let tree = small_tree();
    let twice = tree.clone().into_iter().chain(tree.clone());
    let error = to_bytes(&manifest(&tree), twice).unwrap_err();
    assert!(matches!(error, ArchiveError::DuplicatePath { .. }), "{error}");

    let mut manifest = manifest(&tree);
    manifest.files.extend(manifest.files.clone());
    let error = refused(&manifest, tree);
    assert!(matches!(error, ArchiveError::DuplicatePath { .. }), "{error}");
}

#[test]
fn collisions() {
    for (first, second) in [("A.sql", "a.sql"), ("a.sql", "a.sql/b.sql")] {
        let tree = tree(&[(first, b"1"), (second, b"2")]);
        assert_eq!(
            refused(&manifest(&tree), tree).to_string(),
            format!(
                "paths `{first}` and `{second}` cannot stand side by side on every file system"
            )
        );
    }
}

#[test]
fn a_squashed_revision_without_its_file() {
    let tree = small_tree();
    let mut manifest = manifest(&tree);
    manifest.history.revisions[1].file = path("versions/lost.py");
    assert_eq!(
        refused(&manifest, tree.clone()).to_string(),
        "the file `versions/lost.py` of revision `r01` is not among the archived files"
    );
    // A kept revision stays in the project and need not be here.
    manifest.history.kept = vec!["r01".into()];
    to_bytes(&manifest, tree).unwrap();
}

#[test]
fn too_large() {
    let limit = usize::try_from(Limits::default().file).unwrap();
    let tree = tree(&[("big.sql", &vec![0; limit + 1])]);
    assert!(matches!(refused(&manifest(&tree), tree), ArchiveError::FileTooLarge { .. }));

    // The sizes in the manifest are enough to refuse: nobody needs to hold the files for that.
    let mut manifest = manifest(&Tree::new());
    let record = FileRecord::new(path("0"), b"", FileRole::Beside, false);
    manifest.files = (0..17)
        .map(|number| FileRecord {
            path: path(&number.to_string()),
            bytes: Limits::default().file,
            ..record.clone()
        })
        .collect();
    assert!(matches!(refused(&manifest, Tree::new()), ArchiveError::TotalTooLarge { .. }));
}

#[test]
fn too_large_a_manifest() {
    let mut manifest = manifest(&Tree::new());
    manifest.proof = serde_json::Value::String("x".repeat(16 << 20));
    let none: [(ArchivePath, Vec<u8>); 0] = [];
    assert_eq!(
        to_bytes(&manifest, none).unwrap_err().to_string(),
        "the manifest is larger than the limit of 16777216 bytes"
    );
}

/// The JSON writer takes any depth, the reader does not: the archive could not be read back.
#[test]
fn too_deep_a_proof() {
    let mut manifest = manifest(&Tree::new());
    for _ in 0..200 {
        manifest.proof = serde_json::Value::Array(vec![manifest.proof.take()]);
    }
    let error = refused(&manifest, Tree::new());
    assert!(matches!(error, ArchiveError::Manifest(_)), "{error}");
}
