//! Small archives to play with, and zips that no honest writer makes.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use rebaseline_archive::{
    Archive, ArchiveError, ArchivePath, BaselineRecord, FORMAT_VERSION, FileRecord, FileRole,
    HistoryRecord, Limits, Manifest, Origin, RevisionRecord, SchemaRecord, Sha256, Tool,
    VersionTableRecord,
};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

pub type Tree = BTreeMap<ArchivePath, Vec<u8>>;

pub fn path(text: &str) -> ArchivePath {
    ArchivePath::new(text).unwrap()
}

pub fn tree(files: &[(&str, &[u8])]) -> Tree {
    files.iter().map(|(name, content)| (path(name), content.to_vec())).collect()
}

/// Two revisions and a script.
pub fn small_tree() -> Tree {
    tree(&[
        ("versions/0001_a.py", b"revision = 'a'\ndown_revision = None\n"),
        ("versions/0002_b.py", b"revision = 'b'\ndown_revision = 'a'\n"),
        ("versions/data.sql", b"insert into t values (1);\n"),
    ])
}

/// A manifest that lists `tree`; each `.py` file is a squashed revision.
pub fn manifest(tree: &Tree) -> Manifest {
    let is_revision = |path: &ArchivePath| path.as_str().rsplit('.').next() == Some("py");
    let id = |number: usize| format!("r{number:02}");
    let revisions: Vec<_> = tree
        .keys()
        .filter(|path| is_revision(path))
        .enumerate()
        .map(|(number, path)| RevisionRecord {
            id: id(number),
            parents: number.checked_sub(1).map(id).into_iter().collect(),
            depends_on: Vec::new(),
            labels: Vec::new(),
            message: format!("revision {number}"),
            created: Some("2020-01-02 03:04:05".into()),
            file: path.clone(),
        })
        .collect();
    let ids = |revision: Option<&RevisionRecord>| revision.map(|r| r.id.clone()).into_iter();
    let heads: Vec<_> = ids(revisions.last()).collect();
    Manifest {
        format_version: FORMAT_VERSION,
        readable_by: 1,
        tool: Tool { name: "rebaseline".into(), version: "0.1.0".into() },
        created: "2024-05-06T07:08:09Z".into(),
        baseline: BaselineRecord {
            revision: "b".into(),
            file: path("versions/b_baseline.py"),
            sha256: Sha256::of(b"baseline"),
            bytes: 8,
            replaces: heads.clone(),
        },
        more_baselines: Vec::new(),
        also_written: Vec::new(),
        history: HistoryRecord {
            format: "alembic".into(),
            heads,
            bases: ids(revisions.first()).collect(),
            revisions,
            kept: Vec::new(),
        },
        files: tree
            .iter()
            .map(|(path, content)| {
                let revision = is_revision(path);
                let role = if revision { FileRole::Revision } else { FileRole::Beside };
                FileRecord::new(path.clone(), content, role, revision)
            })
            .collect(),
        version_table: VersionTableRecord { schema: None, table: "alembic_version".into() },
        origin: Origin::default(),
        schema: SchemaRecord {
            sha256: Sha256::of(b"schema"),
            counts: BTreeMap::from([("table".into(), 1)]),
            inventory: None,
        },
        proof: serde_json::json!({"dump": "equal", "benign": []}),
        environment: BTreeMap::from([("postgres".into(), "17.2".into())]),
    }
}

pub fn archived(tree: &Tree) -> Vec<u8> {
    rebaseline_archive::to_bytes(&manifest(tree), tree.clone()).unwrap()
}

pub fn read(bytes: &[u8]) -> Result<Archive, ArchiveError> {
    Archive::read(bytes, &Limits::default())
}

pub fn contents(archive: &Archive) -> Tree {
    archive.files().map(|(path, content)| (path.clone(), content.to_vec())).collect()
}

/// A manifest as JSON, for fields and values that the types do not allow.
pub fn json(manifest: &Manifest) -> serde_json::Value {
    serde_json::to_value(manifest).unwrap()
}

/// A zip with these entries in this order, whatever they are.
pub fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = writer();
    for (name, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub fn writer() -> ZipWriter<Cursor<Vec<u8>>> {
    ZipWriter::new(Cursor::new(Vec::new()))
}
