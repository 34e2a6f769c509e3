//! Damage on purpose: zips made to fool the reader, or the unzip program of whoever restores by
//! hand.

use std::io::Write;

use rebaseline_archive::{Archive, ArchiveError, Limits, Sha256};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::support::{archived, json, manifest, read, small_tree, tree, writer, zip_of};

const CONTENT: &[u8] = b"select 1;\n";

/// A manifest that lists these paths, each with `CONTENT`. The paths need not be legal.
fn listing(paths: &[&str]) -> Vec<u8> {
    let mut manifest = json(&manifest(&tree(&[("a.sql", CONTENT)])));
    let record = manifest["files"][0].take();
    manifest["files"] = paths
        .iter()
        .map(|path| {
            let mut record = record.clone();
            record["path"] = json!(path);
            record
        })
        .collect();
    bytes(&manifest)
}

fn bytes(json: &Value) -> Vec<u8> {
    serde_json::to_vec(json).unwrap()
}

fn refused(bytes: &[u8]) -> ArchiveError {
    match read(bytes) {
        Ok(_) => panic!("not refused"),
        Err(error) => error,
    }
}

/// The error and what caused it.
fn told(error: &ArchiveError) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

#[test]
fn the_crafted_zips_are_refused_for_nothing_else() {
    let manifest = listing(&["a.sql"]);
    read(&zip_of(&[("manifest.json", &manifest), ("files/a.sql", CONTENT)])).unwrap();
}

#[test]
fn paths_that_leave_the_folder() {
    for (path, why) in [
        ("../a.sql", "has a `..` component"),
        ("a/../../b", "has a `..` component"),
        ("/etc/passwd", "is absolute"),
        ("a\\..\\b", "contains a backslash"),
        ("C:/a", "names a drive"),
        ("a\0b", "contains a control character"),
        ("", "is empty"),
        ("a/", "has an empty component"),
    ] {
        // Listed in the manifest, or only there as an entry.
        let name = format!("files/{path}");
        let (listed, empty) = (listing(&[path]), listing(&[]));
        let error = refused(&zip_of(&[("manifest.json", &listed), (&name, CONTENT)]));
        assert!(told(&error).contains(why), "{path:?}: {}", told(&error));
        let error = refused(&zip_of(&[("manifest.json", &empty), (&name, CONTENT)]));
        assert!(
            matches!(error, ArchiveError::BadPath { why: w, .. } if w == why),
            "{path:?}: {error}"
        );
    }
}

#[test]
fn paths_elsewhere_in_the_manifest() {
    for pointer in ["/baseline/file", "/history/revisions/0/file"] {
        let mut manifest = json(&manifest(&small_tree()));
        *manifest.pointer_mut(pointer).unwrap() = json!("../x.py");
        let error = refused(&zip_of(&[("manifest.json", &bytes(&manifest))]));
        assert_eq!(
            told(&error).split(" at line").next(),
            Some("the manifest cannot be understood: path `../x.py` has a `..` component")
        );
    }
}

#[test]
fn collisions() {
    for (first, second) in [("a.sql", "A.SQL"), ("a", "a/b"), ("a", "a")] {
        let manifest = listing(&[first, second]);
        let mut entries = vec![("manifest.json".to_owned(), &manifest[..])];
        entries.push((format!("files/{first}"), CONTENT));
        if first != second {
            entries.push((format!("files/{second}"), CONTENT));
        }
        let entries: Vec<_> = entries.iter().map(|(name, bytes)| (&name[..], *bytes)).collect();
        let error = refused(&zip_of(&entries));
        assert!(
            matches!(
                error,
                ArchiveError::PathCollision { .. } | ArchiveError::DuplicatePath { .. }
            ),
            "{error}"
        );
    }
}

/// The zip library writes no name twice, so the second one is renamed afterwards, in both headers.
#[test]
fn an_entry_twice() {
    let manifest = listing(&["a.sql", "b.sql"]);
    let zip =
        zip_of(&[("manifest.json", &manifest), ("files/a.sql", CONTENT), ("files/b.sql", CONTENT)]);
    read(&zip).unwrap();
    let twice = replaced(&zip, b"files/b.sql", b"files/a.sql");
    let error = refused(&twice);
    assert!(told(&error).contains("duplicate file names"), "{}", told(&error));
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
    }
    bytes
}

#[test]
fn one_name_in_front_and_another_in_the_directory() {
    let manifest = listing(&["a.sql"]);
    let zip = zip_of(&[("manifest.json", &manifest), ("files/a.sql", CONTENT)]);
    let at = zip.windows(11).position(|name| name == b"files/a.sql").unwrap();
    let mut other = zip.clone();
    other[at + 6] = b'b';
    let error = refused(&other);
    assert!(matches!(error, ArchiveError::Zip(_)), "{error}");
}

#[test]
fn links_folders_and_devices() {
    let manifest = listing(&["a.sql"]);
    let options = SimpleFileOptions::default();

    let mut zip = writer();
    zip.start_file("manifest.json", options).unwrap();
    zip.write_all(&manifest).unwrap();
    zip.add_symlink("files/a.sql", "select 1;\n", options).unwrap();
    let error = refused(&zip.finish().unwrap().into_inner());
    assert_eq!(error.to_string(), "entry `files/a.sql` is not a regular file");

    let mut zip = writer();
    zip.start_file("manifest.json", options).unwrap();
    zip.write_all(&manifest).unwrap();
    zip.add_directory("files/", options).unwrap();
    zip.start_file("files/a.sql", options).unwrap();
    zip.write_all(CONTENT).unwrap();
    let error = refused(&zip.finish().unwrap().into_inner());
    assert_eq!(error.to_string(), "entry `files/` is not a regular file");

    // A link whose header claims that it was made on DOS, where there are none.
    let mut zip = writer();
    zip.start_file("manifest.json", options).unwrap();
    zip.write_all(&manifest).unwrap();
    let link = options.system(zip::System::Dos).external_attributes(0o120_777 << 16);
    zip.start_file("files/a.sql", link).unwrap();
    zip.write_all(CONTENT).unwrap();
    let error = refused(&zip.finish().unwrap().into_inner());
    assert_eq!(error.to_string(), "entry `files/a.sql` is not a regular file");
}

#[test]
fn entries_that_are_not_listed_or_not_there() {
    let manifest = listing(&["a.sql"]);
    let file = ("files/a.sql", CONTENT);
    let other_hash = format!(
        "file `a.sql` should have sha256 {} but has {}",
        Sha256::of(CONTENT),
        Sha256::of(b"select 2;\n")
    );
    for (entries, message) in [
        (
            vec![("manifest.json", &manifest[..]), file, ("files/b.sql", b"")],
            "file `b.sql` is not listed in the manifest",
        ),
        (
            vec![("manifest.json", &manifest), file, ("README", b"")],
            "entry `README` is neither the manifest nor under `files/`",
        ),
        (vec![("manifest.json", &manifest)], "file `a.sql` is listed in the manifest but missing"),
        (
            vec![file, ("manifest.json", &manifest)],
            "this is not a complete archive: its first entry is not `manifest.json`",
        ),
        (vec![], "this is not a complete archive: its first entry is not `manifest.json`"),
        (vec![("manifest.json", &manifest), ("files/a.sql", b"select 2;\n")], &other_hash),
        (
            vec![("manifest.json", &manifest), ("files/a.sql", b"select")],
            "file `a.sql` should have 10 bytes but has 6",
        ),
        (
            vec![("manifest.json", &manifest), ("files/a.sql", &[0; 100_000])],
            "file `a.sql` should have 10 bytes but has at least 11",
        ),
    ] {
        assert_eq!(refused(&zip_of(&entries)).to_string(), message);
    }
}

#[test]
fn comments_extra_fields_and_gaps() {
    let manifest = listing(&[]);
    let mut zip = writer();
    zip.start_file("manifest.json", SimpleFileOptions::default()).unwrap();
    zip.write_all(&manifest).unwrap();
    zip.set_comment("hello").unwrap();
    let error = refused(&zip.finish().unwrap().into_inner());
    assert!(matches!(error, ArchiveError::NotAnArchive { .. }), "{error}");

    for options in [
        SimpleFileOptions::default().large_file(true),
        SimpleFileOptions::default().with_alignment(64),
    ] {
        let mut zip = writer();
        zip.start_file("manifest.json", options).unwrap();
        zip.write_all(&manifest).unwrap();
        let error = refused(&zip.finish().unwrap().into_inner());
        assert_eq!(error.to_string(), "entry `manifest.json` does not lie where it should");
    }

    // An entry that is in the file but not in the directory: some programs would unpack it.
    let mut zip = writer();
    zip.start_file("manifest.json", SimpleFileOptions::default()).unwrap();
    zip.write_all(&manifest).unwrap();
    zip.start_file("files/hidden", SimpleFileOptions::default()).unwrap();
    zip.write_all(CONTENT).unwrap();
    zip.hide_file("files/hidden").unwrap();
    let error = refused(&zip.finish().unwrap().into_inner());
    assert!(matches!(error, ArchiveError::Zip(_)), "{error}");
}

/// Sets the flags in both headers of the entry `name`; the headers stand 30 and 46 bytes before it.
fn with_flags(bytes: &[u8], name: &str, change: impl Fn(u16) -> u16) -> Vec<u8> {
    let name = name.as_bytes();
    let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(name)).collect();
    let [front, directory] = places[..] else { panic!("not there twice") };
    let mut bytes = bytes.to_vec();
    for at in [front - 30 + 6, directory - 46 + 8] {
        let flags = change(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        bytes[at..at + 2].copy_from_slice(&flags.to_le_bytes());
    }
    bytes
}

#[test]
fn encrypted_or_in_another_alphabet() {
    let bytes = archived(&tree(&[("é.sql", CONTENT)]));
    read(&with_flags(&bytes, "files/é.sql", |flags| flags)).unwrap();
    let error = refused(&with_flags(&bytes, "files/é.sql", |flags| flags | 1));
    assert_eq!(error.to_string(), "entry `files/é.sql` is encrypted");
    let error = refused(&with_flags(&bytes, "files/é.sql", |flags| flags | 1 << 13));
    assert_eq!(error.to_string(), "entry `files/é.sql` has flags that are not allowed");
    let error = refused(&with_flags(&bytes, "files/é.sql", |flags| flags & !(1 << 11)));
    assert_eq!(error.to_string(), "entry `files/é.sql` has a name that is not marked as UTF-8");
}

#[test]
fn end_records_of_other_kinds() {
    let bytes = archived(&small_tree());
    for (at, with, why) in [
        (10, &[0xff; 2][..], "it uses the zip64 extension"),
        (12, &[0xff; 4], "it uses the zip64 extension"),
        (16, &[0xff; 4], "it uses the zip64 extension"),
        (4, &[1, 0], "it is one part of several"),
        (8, &[1, 0], "it is one part of several"),
        (20, &[1, 0], "it has a comment"),
        (16, &[0; 4], "there are bytes before or behind the zip, or some are missing"),
    ] {
        let mut other = bytes.clone();
        let at = bytes.len() - 22 + at;
        other[at..at + with.len()].copy_from_slice(with);
        let error = refused(&other);
        assert_eq!(error.to_string(), format!("this is not a complete archive: {why}"));
    }
}

#[test]
fn limits() {
    let bytes = archived(&small_tree());
    let manifest = manifest(&small_tree()).to_json().unwrap();
    let exact = Limits {
        archive: bytes.len() as u64,
        manifest: manifest.len() as u64,
        file: 36,
        total: 36 + 35 + 26,
        entries: 4,
    };
    Archive::read(&bytes[..], &exact).unwrap();
    for (limits, message) in [
        (
            Limits { archive: exact.archive - 1, ..exact },
            format!("the archive is larger than the limit of {} bytes", exact.archive - 1),
        ),
        (
            Limits { manifest: exact.manifest - 1, ..exact },
            format!("the manifest is larger than the limit of {} bytes", exact.manifest - 1),
        ),
        (
            Limits { file: 35, ..exact },
            "file `versions/0001_a.py` has 36 bytes; the limit is 35".to_owned(),
        ),
        (
            Limits { total: 96, ..exact },
            "the archived files are larger than the limit of 96 bytes together".to_owned(),
        ),
        (Limits { entries: 3, ..exact }, "the archive has 4 entries; the limit is 3".to_owned()),
    ] {
        let error = Archive::read(&bytes[..], &limits).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

/// 20 MB of zeros in a manifest's clothes: the reader stops at its limit, whatever the header
/// states.
#[test]
fn a_bomb() {
    let bomb = zip_of(&[("manifest.json", &vec![b' '; 20 << 20])]);
    assert!(bomb.len() < 1 << 20);
    let error = refused(&bomb);
    assert!(matches!(error, ArchiveError::ManifestTooLarge { .. }), "{error}");

    // The true length, 20 MB, replaced by 10 in both headers.
    let bomb = replaced(&bomb, &(20_u32 << 20).to_le_bytes(), &10_u32.to_le_bytes());
    refused(&bomb);
}
