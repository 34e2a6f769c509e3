//! The manifest as JSON: its exact text, and versions other than ours.

use rebaseline_archive::{ArchiveError, Manifest};
use serde_json::json;

use crate::support::{json, manifest, small_tree, tree};

/// What people will read in ten years. A change here is a change of the format.
#[test]
fn exact_text() {
    let manifest = manifest(&tree(&[("versions/0001_a.py", b"revision = 'a'\n")]));
    let text = String::from_utf8(manifest.to_json().unwrap()).unwrap();
    assert_eq!(
        text,
        r#"{
  "format_version": 2,
  "readable_by": 1,
  "tool": {
    "name": "rebaseline",
    "version": "0.1.0"
  },
  "created": "2024-05-06T07:08:09Z",
  "history": {
    "format": "alembic",
    "heads": [
      "r00"
    ],
    "bases": [
      "r00"
    ],
    "revisions": [
      {
        "id": "r00",
        "parents": [],
        "depends_on": [],
        "labels": [],
        "message": "revision 0",
        "created": "2020-01-02 03:04:05",
        "file": "versions/0001_a.py"
      }
    ],
    "kept": []
  },
  "files": [
    {
      "path": "versions/0001_a.py",
      "bytes": 15,
      "sha256": "ac6da0b4ab8974ca8c6a898767745d8dbedd36f14265e253e77463a0934c885d",
      "role": "revision",
      "removed": true
    }
  ],
  "baseline": {
    "revision": "b",
    "file": "versions/b_baseline.py",
    "sha256": "8ba8496a2525ae171ffd104d632dede6ef418d9b95962a9d88e2fcdbc8d48d24",
    "bytes": 8,
    "replaces": [
      "r00"
    ]
  },
  "version_table": {
    "schema": null,
    "table": "alembic_version"
  },
  "schema": {
    "sha256": "df0ad6e43880f09c90ebf95f19110178aba6890df0010ebda7485029e2b543b4",
    "counts": {
      "table": 1
    }
  },
  "proof": {
    "dump": "equal",
    "benign": []
  },
  "environment": {
    "postgres": "17.2"
  }
}
"#
    );
    assert_eq!(Manifest::from_json(text.as_bytes()).unwrap(), manifest);
}

#[test]
fn later_fields_are_ignored() {
    let ours = manifest(&small_tree());
    let mut later = json(&ours);
    later["format_version"] = json!(7);
    later["new"] = json!({"of": "later"});
    later["files"][0]["new"] = json!(1);
    later["history"]["revisions"][0]["new"] = json!(1);
    let read = Manifest::from_json(later.to_string().as_bytes()).unwrap();
    assert_eq!(read, Manifest { format_version: 7, ..ours });
}

/// A later format may look quite different; its version is told all the same.
#[test]
fn too_new() {
    let later = json!({
        "format_version": 4,
        "readable_by": 3,
        "tool": {"name": "rebaseline", "version": "9.1.0"},
        "files": "elsewhere",
    });
    let error = Manifest::from_json(later.to_string().as_bytes()).unwrap_err();
    assert!(matches!(
        error,
        ArchiveError::TooNew { format_version: 4, readable_by: 3, ours: 2, .. }
    ));
    assert_eq!(
        error.to_string(),
        "the archive has format 4 and needs a reader of format 3 or later; this one reads up to 2; \
         it was written by rebaseline 9.1.0"
    );
}

#[test]
fn not_a_manifest() {
    for text in ["", "{}", "[]", "null", r#"{"format_version": 1, "readable_by": 1}"#] {
        let error = Manifest::from_json(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "the manifest cannot be understood");
        assert!(std::error::Error::source(&error).is_some());
    }
    let mut unhashed = json(&manifest(&small_tree()));
    unhashed["files"][0]["sha256"] = json!("ABC");
    assert!(Manifest::from_json(unhashed.to_string().as_bytes()).is_err());
}
