//! Archives of repairs: the same zip, another manifest.

use rebaseline_archive::{
    Archive, ArchiveError, FileRecord, FileRole, Limits, MendRecord, REPAIR_FORMAT_VERSION,
    RepairKind, RepairManifest, Sha256, Stored, Tool, WrittenRecord, repair_to_bytes,
};

use crate::support::{Tree, archived, path, read, small_tree, tree, zip_of};

fn manifest(tree: &Tree) -> RepairManifest {
    let record = |(path, content): (&_, &Vec<u8>)| {
        FileRecord::new(Clone::clone(path), content, FileRole::Rewritten, false)
    };
    RepairManifest {
        format_version: REPAIR_FORMAT_VERSION,
        readable_by: REPAIR_FORMAT_VERSION,
        kind: RepairKind::Repair,
        tool: Tool { name: "rebaseline".into(), version: "0.1.0".into() },
        created: "2024-05-06T07:08:09Z".into(),
        files: tree.iter().map(record).collect(),
        also_written: vec![WrittenRecord {
            path: path("versions/0002_b.py"),
            bytes: 3,
            sha256: Sha256::of(b"new"),
        }],
        mends: vec![MendRecord {
            path: path("versions/0002_b.py"),
            reasons: vec!["its parent is gone".into()],
        }],
    }
}

fn stored(bytes: &[u8]) -> Result<Stored, ArchiveError> {
    Stored::read(bytes, &Limits::default())
}

#[test]
fn a_round_trip() {
    let tree = small_tree();
    let bytes = repair_to_bytes(&manifest(&tree), tree.clone()).unwrap();
    let again = repair_to_bytes(&manifest(&tree), tree.clone().into_iter().rev()).unwrap();
    assert_eq!(bytes, again);
    let stored = stored(&bytes).unwrap();
    let Stored::Repair(repair) = &stored else { panic!("{stored:?}") };
    assert_eq!(*repair.manifest(), manifest(&tree));
    let files: Tree = stored.files().into_iter().map(|(p, c)| (p.clone(), c.to_vec())).collect();
    assert_eq!(files, tree);
    assert_eq!(stored.sha256(), Sha256::of(&bytes));
    assert_eq!(stored.bytes(), bytes.len() as u64);
    assert_eq!(stored.written(), manifest(&tree).also_written);
}

#[test]
fn whoever_wants_a_squash_is_told() {
    let tree = small_tree();
    let bytes = repair_to_bytes(&manifest(&tree), tree).unwrap();
    assert!(matches!(Archive::read(&bytes[..], &Limits::default()), Err(ArchiveError::Repair)));
    assert!(matches!(stored(&archived(&small_tree())).unwrap(), Stored::Squash(_)));
    assert!(read(&archived(&small_tree())).is_ok());
}

#[test]
fn damage_and_lies_are_found() {
    let tree = small_tree();
    let good = manifest(&tree);
    let json = |manifest: &RepairManifest| manifest.to_json().unwrap();
    let entries = |json: &[u8], last: &[u8]| {
        zip_of(&[
            ("manifest.json", json),
            ("files/versions/0001_a.py", &tree[&path("versions/0001_a.py")]),
            ("files/versions/0002_b.py", &tree[&path("versions/0002_b.py")]),
            ("files/versions/data.sql", last),
        ])
    };
    let script = &tree[&path("versions/data.sql")];
    assert!(stored(&entries(&json(&good), script)).is_ok());
    let error = stored(&entries(&json(&good), b"insert into t values (2);\n")).unwrap_err();
    assert!(matches!(error, ArchiveError::HashMismatch { .. }), "{error}");
    let mut fewer = good.clone();
    fewer.files.pop();
    let error = stored(&entries(&json(&fewer), script)).unwrap_err();
    assert!(matches!(error, ArchiveError::UnlistedFile { .. }), "{error}");
    let later = RepairManifest { format_version: 9, readable_by: 9, ..good.clone() };
    let error = stored(&entries(&json(&later), script)).unwrap_err();
    assert!(matches!(error, ArchiveError::TooNew { ours: 2, .. }), "{error}");
    let error = repair_to_bytes(&later, tree.clone()).unwrap_err();
    assert!(matches!(error, ArchiveError::NotOurVersion { .. }), "{error}");
    let error = repair_to_bytes(&good, self::tree(&[])).unwrap_err();
    assert!(matches!(error, ArchiveError::MissingFile { .. }), "{error}");
}

/// What people will read in ten years. A change here is a change of the format.
#[test]
fn exact_text() {
    let tree = tree(&[("versions/0002_b.py", b"revision = 'b'\n")]);
    let text = String::from_utf8(manifest(&tree).to_json().unwrap()).unwrap();
    assert_eq!(
        text,
        r#"{
  "format_version": 2,
  "readable_by": 2,
  "kind": "repair",
  "tool": {
    "name": "rebaseline",
    "version": "0.1.0"
  },
  "created": "2024-05-06T07:08:09Z",
  "files": [
    {
      "path": "versions/0002_b.py",
      "bytes": 15,
      "sha256": "1f3df801ac4f7fefb3b2193830ee6984ecfa4ffdaff58fe7fd740330128a9169",
      "role": "rewritten",
      "removed": false
    }
  ],
  "also_written": [
    {
      "path": "versions/0002_b.py",
      "bytes": 3,
      "sha256": "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"
    }
  ],
  "mends": [
    {
      "path": "versions/0002_b.py",
      "reasons": [
        "its parent is gone"
      ]
    }
  ]
}
"#
    );
}
