//! What is written is read, and the same input gives the same bytes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rebaseline_archive::{Sha256, to_bytes, write};

use crate::support::{Tree, archived, contents, manifest, path, read, small_tree, tree};

/// Trees without collisions: folders have no dot, files have one, and nothing has capitals.
pub fn trees() -> impl Strategy<Value = Tree> {
    let name = "(([a-z0-9_ é日]{1,6}/){0,3}[a-z0-9_ é日]{1,8}\\.(py|sql))";
    let content = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        "[ -~\n]{0,400}".prop_map(String::into_bytes),
        (any::<u8>(), 0..20_000_usize).prop_map(|(byte, len)| vec![byte; len]),
    ];
    proptest::collection::btree_map(name.prop_map(|name| path(&name)), content, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_goes_in_comes_out(tree in trees()) {
        let bytes = archived(&tree);
        let archive = read(&bytes).unwrap();
        prop_assert_eq!(archive.manifest(), &manifest(&tree));
        prop_assert_eq!(contents(&archive), tree);
        prop_assert_eq!(archive.sha256(), Sha256::of(&bytes));
        prop_assert_eq!(archive.bytes(), bytes.len() as u64);
    }

    #[test]
    fn order_of_the_input_does_not_matter(tree in trees(), seed in any::<u64>()) {
        let mut shuffled = manifest(&tree);
        let key = |path: &str| Sha256::of(format!("{seed}{path}").as_bytes());
        shuffled.files.sort_by_key(|file| key(file.path.as_str()));
        let mut files: Vec<_> = tree.clone().into_iter().collect();
        files.sort_by_key(|(path, _)| key(path.as_str()));
        prop_assert_eq!(to_bytes(&shuffled, files).unwrap(), archived(&tree));
    }
}

#[test]
fn empty_history_and_empty_file() {
    for tree in [tree(&[]), tree(&[("empty.py", b"")])] {
        assert_eq!(contents(&read(&archived(&tree)).unwrap()), tree);
    }
}

#[test]
fn one_file_by_its_path() {
    let archive = read(&archived(&small_tree())).unwrap();
    assert_eq!(archive.file(&path("versions/data.sql")), Some(&b"insert into t values (1);\n"[..]));
    assert_eq!(archive.file(&path("versions/DATA.sql")), None);
    assert_eq!(archive.files().len(), 3);
}

#[test]
fn write_gives_the_same_bytes_and_tells_them() {
    let tree = small_tree();
    let mut out = Vec::new();
    let written = write(&manifest(&tree), tree.clone(), &mut out).unwrap();
    assert_eq!(out, archived(&tree));
    assert_eq!(written.bytes, out.len() as u64);
    assert_eq!(written.sha256, read(&out).unwrap().sha256());
}

#[test]
fn a_plain_zip_with_nothing_of_this_machine() {
    let bytes = archived(&small_tree());
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&bytes[..])).unwrap();
    let mut names = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index(index).unwrap();
        names.push(entry.name().unwrap().into_owned());
        assert_eq!(entry.last_modified(), Some(zip::DateTime::default()));
        assert_eq!(entry.unix_mode(), Some(0o100_644));
        assert_eq!(entry.system(), zip::System::Unix);
        assert_eq!(entry.compression(), zip::CompressionMethod::Deflated);
        assert_eq!(entry.extra_data_fields().count(), 0);
    }
    assert_eq!(
        names,
        [
            "manifest.json",
            "files/versions/0001_a.py",
            "files/versions/0002_b.py",
            "files/versions/data.sql"
        ]
    );
}

#[test]
fn as_many_files_as_are_allowed() {
    let mut tree: Tree =
        (0..65_533).map(|number| (path(&format!("{number:05}.sql")), Vec::new())).collect();
    assert_eq!(read(&archived(&tree)).unwrap().files().len(), tree.len());
    tree.insert(path("one_more.sql"), Vec::new());
    let error = to_bytes(&manifest(&tree), tree.clone()).unwrap_err();
    assert_eq!(error.to_string(), "the archive has 65535 entries; the limit is 65534");
    assert_eq!(contents(&read(&archived(&BTreeMap::new())).unwrap()), BTreeMap::new());
}
