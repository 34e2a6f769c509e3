//! The inventory: beside the files, held to the same rules, and none where the manifest lists none.

use rebaseline_archive::{
    ArchiveError, FileRole, InventoryRecord, Manifest, SchemaRecord, to_bytes,
    to_bytes_with_inventory,
};

use crate::support::{Tree, contents, json, manifest, read, small_tree, zip_of};

const INVENTORY: &[u8] = b"{\"items\": []}\n";

fn listing(tree: &Tree, inventory: &[u8]) -> Manifest {
    let manifest = manifest(tree);
    let record = Some(InventoryRecord::of(inventory));
    Manifest { schema: SchemaRecord { inventory: record, ..manifest.schema }, ..manifest }
}

fn written(inventory: &[u8]) -> Vec<u8> {
    let tree = small_tree();
    to_bytes_with_inventory(&listing(&tree, inventory), Some(inventory), tree).unwrap()
}

#[test]
fn it_comes_back_and_is_no_file() {
    let archive = read(&written(INVENTORY)).unwrap();
    assert_eq!(archive.inventory(), Some(INVENTORY));
    assert_eq!(archive.manifest(), &listing(&small_tree(), INVENTORY));
    assert_eq!(contents(&archive), small_tree());
    assert_eq!(written(INVENTORY), written(INVENTORY));
    assert_eq!(read(&written(b"")).unwrap().inventory(), Some(&b""[..]));
}

#[test]
fn an_archive_without_one_is_as_good() {
    let tree = small_tree();
    let bytes = to_bytes(&manifest(&tree), tree.clone()).unwrap();
    let archive = read(&bytes).unwrap();
    assert_eq!(archive.inventory(), None);
    assert_eq!(json(archive.manifest())["schema"].get("inventory"), None);
}

#[test]
fn the_writer_wants_the_bytes_that_the_manifest_lists() {
    let tree = small_tree();
    let listed = listing(&tree, INVENTORY);
    let write = |manifest: &Manifest, inventory| {
        to_bytes_with_inventory(manifest, inventory, tree.clone()).unwrap_err()
    };
    assert!(matches!(write(&listed, None), ArchiveError::MissingFile { .. }));
    assert!(matches!(write(&listed, Some(b"{}")), ArchiveError::LengthMismatch { .. }));
    assert!(matches!(write(&listed, Some(b"{\"items\": [] }")), ArchiveError::HashMismatch { .. }));
    assert!(matches!(write(&manifest(&tree), Some(INVENTORY)), ArchiveError::UnlistedFile { .. }));
    let huge = InventoryRecord { bytes: u64::MAX, ..InventoryRecord::of(INVENTORY) };
    let huge = Manifest {
        schema: SchemaRecord { inventory: Some(huge), ..listed.schema.clone() },
        ..listed
    };
    assert!(matches!(write(&huge, Some(INVENTORY)), ArchiveError::FileTooLarge { .. }));
}

#[test]
fn the_reader_finds_what_is_wrong() {
    let mut tree = small_tree();
    tree.retain(|path, _| path.as_str().ends_with("sql"));
    let manifest = listing(&tree, INVENTORY);
    assert_eq!(manifest.files[0].role, FileRole::Beside);
    let manifest = manifest.to_json().unwrap();
    let (sql, content) = ("files/versions/data.sql", &b"insert into t values (1);\n"[..]);
    let whole = [("manifest.json", &manifest[..]), ("inventory.json", INVENTORY), (sql, content)];
    assert_eq!(read(&zip_of(&whole)).unwrap().inventory(), Some(INVENTORY));
    let [first, second, third] = whole;
    let error = |entries: &[_]| read(&zip_of(entries)).unwrap_err();
    assert!(matches!(error(&[first, third]), ArchiveError::MissingFile { .. }));
    assert!(matches!(error(&[first, third, second]), ArchiveError::MissingFile { .. }));
    assert!(matches!(
        error(&[first, (second.0, b"{\"items\": {}}\n"), third]),
        ArchiveError::HashMismatch { .. }
    ));
    assert!(matches!(
        error(&[first, (second.0, b"{\"items\": []}\n\n"), third]),
        ArchiveError::LengthMismatch { more: true, .. }
    ));
}

#[test]
fn one_that_the_manifest_does_not_list() {
    let tree = small_tree();
    let manifest = manifest(&tree).to_json().unwrap();
    let mut entries = vec![("manifest.json", &manifest[..]), ("inventory.json", INVENTORY)];
    let names: Vec<_> = tree.keys().map(|path| format!("files/{path}")).collect();
    entries.extend(names.iter().map(String::as_str).zip(tree.values().map(Vec::as_slice)));
    assert!(matches!(read(&zip_of(&entries)).unwrap_err(), ArchiveError::BadEntry { .. }));
}
