//! Which paths are let in, and which sets of paths.

use super::*;

fn paths(paths: &[&str]) -> Vec<ArchivePath> {
    paths.iter().map(|p| ArchivePath::new(p).unwrap()).collect()
}

#[test]
fn ordinary_paths_are_let_in() {
    for path in [
        "env.py",
        "versions/0001_a b.py",
        "alembic/versions/ünï.py",
        "a/..b/...",
        "a/.hidden",
        "12:30.py",
    ] {
        assert_eq!(ArchivePath::new(path).unwrap().as_str(), path);
    }
}

#[test]
fn each_fault_is_told() {
    let long = "a/".repeat(512) + "b";
    let component = "a".repeat(256);
    for (path, why) in [
        ("", "is empty"),
        ("/etc/passwd", "is absolute"),
        ("//host/share", "is absolute"),
        ("../a", "has a `..` component"),
        ("a/../b", "has a `..` component"),
        ("a/..", "has a `..` component"),
        ("./a", "has a `.` component"),
        ("a//b", "has an empty component"),
        ("a/", "has an empty component"),
        ("a\\b", "contains a backslash"),
        ("C:/a", "names a drive"),
        ("a/c:b", "names a drive"),
        ("a\0b", "contains a control character"),
        ("a\nb", "contains a control character"),
        ("a\u{9b}b", "contains a control character"),
        (long.as_str(), "is longer than 1024 bytes"),
        (component.as_str(), "has a component longer than 255 bytes"),
    ] {
        let error = ArchivePath::new(path).unwrap_err();
        assert!(
            matches!(&error, ArchiveError::BadPath { path: p, why: w } if p == path && *w == why),
            "{path:?}: {error}"
        );
    }
}

#[test]
fn shown_without_control_characters() {
    assert_eq!(
        ArchivePath::new("a\u{1b}[2Jé").unwrap_err().to_string(),
        "path `a\\u{1b}[2Jé` contains a control character"
    );
}

#[test]
fn sets_that_some_file_system_cannot_hold_are_refused() {
    assert!(refuse_collisions(paths(&["a/b", "a/c", "A/d", "ab"]).iter()).is_ok());
    for (first, second) in [("a/B", "a/b"), ("Ä", "ä"), ("a", "a/b"), ("A", "a/b/c")] {
        let error = refuse_collisions(paths(&[first, second]).iter()).unwrap_err();
        assert!(
            matches!(&error, ArchiveError::PathCollision { first: f, second: s }
                if f.as_str() == first && s.as_str() == second),
            "{error}"
        );
    }
    let error = refuse_collisions(paths(&["a", "b", "a"]).iter()).unwrap_err();
    assert!(matches!(error, ArchiveError::DuplicatePath { path } if path.as_str() == "a"));
}

#[test]
fn paths_of_this_system_go_in_and_out() {
    let path = ArchivePath::from_relative(Path::new("./versions/a.py")).unwrap();
    assert_eq!(path.as_str(), "versions/a.py");
    assert_eq!(
        path.under(Path::new("project")),
        Path::new("project").join("versions").join("a.py")
    );
    for bad in ["../a", "/a", "", "."] {
        assert!(ArchivePath::from_relative(Path::new(bad)).is_err(), "{bad}");
    }
}
