//! Audits of small projects on disk. The snapshots show what users read.
#![expect(clippy::disallowed_methods, reason = "the tests make the folders that they read")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::*;
use crate::format::alembic::ini::{DEFAULT_SECTION, load};

struct Project(tempfile::TempDir);

impl Project {
    /// Revision files by their path below `versions`.
    fn with(files: &[(&str, &str)]) -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        project.write("alembic.ini", "[alembic]\nscript_location = .\n");
        fs::create_dir(project.0.path().join("versions")).unwrap();
        for (path, text) in files {
            project.write(&format!("versions/{path}"), text);
        }
        project
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn option(&self, line: &str) {
        self.write("alembic.ini", format!("[alembic]\nscript_location = .\n{line}\n"));
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn audit(&self) -> Audit {
        audit(&load(self.0.path(), None, DEFAULT_SECTION).unwrap())
    }

    /// The findings as text.
    fn findings(&self) -> String {
        let audit = self.audit();
        let refused = audit.findings.iter().any(|finding| finding.severity == Severity::Error);
        assert_eq!(audit.history.is_none(), refused);
        let mut text = String::new();
        for Finding { rule, severity, file, line, message, help, .. } in audit.findings {
            let file = file.map(|file| file.display().to_string()).unwrap_or_default();
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            writeln!(text, "{severity:?} {rule} {file}{line}\n    {message}\n    help: {help}")
                .unwrap();
        }
        text
    }
}

fn file(id: &str, parents: &str) -> String {
    format!("'''message of {id}'''\nrevision = '{id}'\ndown_revision = {parents}\n")
}

fn link(target: &Path, at: &Path) {
    #[cfg(unix)]
    std::os::unix::fs::symlink(target, at).unwrap();
}

#[test]
fn a_sound_history() {
    let (a, b) = (file("a", "None"), file("b", "'a'"));
    let project = Project::with(&[("b.py", &b), ("a.py", &a), ("__init__.py", "x = 1")]);
    let audit = project.audit();
    assert_eq!(audit.findings, []);
    let history = audit.history.unwrap();
    let files: Vec<_> = history.iter().map(|revision| revision.files[0].clone()).collect();
    assert_eq!(files[0].path, Path::new("versions/a.py"));
    assert_eq!(files[0].sha256, "043d397d7d3250b0a6fa9f1983eddffebdb7fdda34431d4d22f2f039ac616c0f");
    assert_eq!(files[1].path, Path::new("versions/b.py"));
    assert_eq!(history.iter().next().unwrap().message, "message of a");
    assert_eq!(audit.sources.len(), 2);
    assert_eq!(audit.beside, [Path::new("versions/__init__.py")]);
}

#[test]
fn an_empty_project_has_an_empty_history() {
    assert!(Project::with(&[]).audit().history.unwrap().is_empty());
}

#[test]
fn what_lies_beside_the_revisions() {
    let a = file("a", "None");
    let files = [
        ("a.py", a.as_str()),
        ("data/seed.csv", "1"),
        ("data/helper.py", "no revision"),
        ("__pycache__/a.cpython-311.pyc", ""),
        ("old.pyc", ""),
        (".git/config", ""),
        (".#lock.py", "("),
        ("README", ""),
    ];
    let project = Project::with(&files);
    let audit = project.audit();
    assert_eq!(audit.findings, []);
    let beside: Vec<_> = audit.beside.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(
        beside,
        [
            "versions/.#lock.py",
            "versions/README",
            "versions/data/helper.py",
            "versions/data/seed.csv"
        ]
    );

    project.option("recursive_version_locations = true");
    project.write("versions/data/helper.py", file("b", "'a'"));
    let audit = project.audit();
    assert_eq!(audit.history.unwrap().len(), 2);
    assert_eq!(audit.beside.len(), 3);
}

#[test]
fn several_locations_one_below_the_other_and_one_outside() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("c.py"), file("c", "'b'")).unwrap();
    let project = Project::with(&[("a.py", &file("a", "None")), ("sub/b.py", &file("b", "'a'"))]);
    project.option(&format!(
        "version_locations = versions versions/sub versions/../versions none {}",
        outside.path().display()
    ));
    let audit = project.audit();
    let paths: Vec<_> = audit.history.unwrap().iter().map(|r| r.files[0].path.clone()).collect();
    assert_eq!(paths[..2], [Path::new("versions/a.py"), Path::new("versions/sub/b.py")]);
    assert_eq!(paths[2], outside.path().join("c.py"));
    assert_eq!(audit.beside, Vec::<PathBuf>::new());
    insta::assert_snapshot!(project.findings(), @r"
    Warning missing-version-location none
        this version location does not exist; Alembic takes it as empty
        help: make the folder, or take it out of `version_locations`
    ");
}

#[test]
fn every_rule_on_one_file() {
    let mut files = vec![("a.py", file("a", "None"))];
    files.push(("broken.py", "revision = 'b'\ndown_revision = 'a'\ndef upgrade(:\n".to_owned()));
    files.push(("c_dynamic.py", file("c", "parent()")));
    files.push(("d_empty.py", "# to be written\n".to_owned()));
    files.push(("e_helper.py", "def add(table):\n    pass\n".to_owned()));
    files.push(("f_no_parent.py", "revision = 'f'\n".to_owned()));
    files.push(("g_number.py", "revision = 7\ndown_revision = 'a'\n".to_owned()));
    files.push(("h_illegal.py", file("h-1", "'a'")));
    files.push(("i_illegal.py", file("i", "'h-1'")));
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let project = Project::with(&files);
    project.write("versions/j_latin.py", b"# ok\nname = '\xe9'\n");
    link(Path::new("/nowhere/k.py"), &project.path("versions/k.py"));
    insta::assert_snapshot!(project.findings(), @r#"
    Error syntax-error versions/broken.py:3
        syntax error: expected a parameter or the end of the parameter list
        help: repair the file: Alembic cannot load it either
    Error dynamic-identifier versions/c_dynamic.py:3
        `down_revision` is known only when the file runs: it is the result of a call
        help: write the value of `down_revision` as a plain string or a tuple of plain strings
    Error empty-file versions/d_empty.py:1
        the file is empty
        help: remove the file, or put its content back: Alembic stops at it
    Error no-revision-id versions/e_helper.py:1
        the file assigns no `revision`
        help: add `revision = "..."`; if this is a helper module, move it out of the version location: Alembic loads every `.py` file there and stops at this one
    Error no-down-revision versions/f_no_parent.py:1
        the file assigns no `down_revision`
        help: add `down_revision = "..."`, or `down_revision = None` for the first revision
    Error wrong-identifier-type versions/g_number.py:1
        `revision` is a number, not one string
        help: make `revision` one string
    Error illegal-revision-id versions/h_illegal.py:2
        `-` is not allowed in the revision id `h-1`, in `revision`
        help: give the revision another id, here and in the `down_revision` of its children; Alembic refuses `@`, `-`, `+` and `:`
    Error illegal-revision-id versions/i_illegal.py:3
        `-` is not allowed in the revision id `h-1`, in `down_revision`
        help: name an existing revision in `down_revision`; no id can be like this
    Error unreadable-file versions/j_latin.py:2
        the file is not UTF-8
        help: save it as UTF-8 and remove its `coding:` line
    Error unreadable-file versions/k.py
        the file cannot be read: No such file or directory (os error 2)
        help: make it readable, or take it out of the version location
    Warning symlinked-file versions/k.py
        the file is a link to `/nowhere/k.py`
        help: replace the link by the file itself: an archive holds what is in this folder
    "#);
}

#[test]
fn every_rule_on_structure() {
    let depends = |text: &str, on: &str| format!("{text}depends_on = {on}\n");
    let label = |text: &str, label: &str| format!("{text}branch_labels = {label}\n");
    let project = Project::with(&[
        ("a.py", &label(&file("a", "None"), "('billing', 'abcdef123456')")),
        ("abcdef123456.py", &file("abcdef123456", "'a'")),
        ("b1.py", &file("b", "'a'")),
        ("b2.py", &file("b", "'a'")),
        ("c1.py", &file("c", "'a'")),
        ("c2.py", &file("c", "'b'")),
        ("d.py", &file("d", "'gone'")),
        ("e.py", &label(&file("e", "'billing'"), "'billing'")),
        ("f.py", &file("f", "'None'")),
        ("g.py", &depends(&file("g", "('a', 'i')"), "'abcd'")),
        ("h.py", &depends(&file("h", "'g'"), "['a',\n  'nothing']")),
        ("i.py", &file("i", "'h'")),
        ("j.py", &file("j", "'j'")),
    ]);
    insta::assert_snapshot!(project.findings(), @r#"
    Error duplicate-branch-label versions/a.py:4
        the branch label `abcdef123456` of revision `a` is the id of a revision as well
        help: remove or rename the label `abcdef123456` in one of the two places
    Error duplicate-revision versions/b2.py:2
        revision `b` is declared in `versions/b1.py` and `versions/b2.py`, with the same content
        help: remove one of them: `git rm versions/b2.py`
    Error duplicate-revision versions/c2.py:2
        revision `c` is declared in `versions/c1.py` and `versions/c2.py`, with different content
        help: keep one of them, or give one a new `revision` and put it behind the other with `down_revision`
    Error missing-parent versions/d.py:3
        the parent `gone` of revision `d` is in no file
        help: put the file of `gone` back (find it: `git log --all --diff-filter=D --name-only -- '*gone*'`), or name another revision in the `down_revision` of `d`
    Error missing-parent versions/e.py:3
        the parent `billing` of revision `e` is a branch label, not a revision
        help: write `down_revision = "a"`
    Error duplicate-branch-label versions/e.py:4
        the branch label `billing` of revision `e` is a label of revision `a` as well
        help: remove or rename the label `billing` in one of the two places
    Error missing-parent versions/f.py:3
        the parent `None` of revision `f` is in no file
        help: write `down_revision = None`, without quotes
    Error cycle versions/g.py:3
        revisions go in a circle: `g` -> `h` -> `i` -> `g`
        help: correct `down_revision` or `depends_on` in `versions/g.py`, `versions/h.py` and `versions/i.py`
    Error dangling-depends-on versions/g.py:4
        revision `g` depends on `abcd`, which is neither a revision nor a branch label
        help: write the whole id: `abcdef123456`
    Error dangling-depends-on versions/h.py:5
        revision `h` depends on `nothing`, which is neither a revision nor a branch label
        help: name an existing revision or branch label, or remove it
    Error cycle versions/j.py:3
        revision `j` comes after itself
        help: correct `down_revision` or `depends_on` in `versions/j.py`
    "#);
}

#[test]
fn a_missing_parent_is_put_down_to_the_broken_file() {
    let project = Project::with(&[
        ("a.py", "revision = 'a'\ndown_revision = None\n<<<<<<< HEAD\n"),
        ("b.py", &file("b", "'a'")),
        ("2024_empty01_x.py", ""),
        ("c.py", &file("c", "'empty01'")),
        ("d.py", &file("d", "'other'")),
    ]);
    insta::assert_snapshot!(project.findings(), @r"
    Error empty-file versions/2024_empty01_x.py:1
        the file is empty
        help: remove the file, or put its content back: Alembic stops at it
    Error syntax-error versions/a.py:3
        syntax error: expected a statement
        help: repair the file: Alembic cannot load it either
    Error missing-parent versions/d.py:3
        the parent `other` of revision `d` is in no file
        help: repair `versions/2024_empty01_x.py` and `versions/a.py` first, which may declare it; or: put the file of `other` back (find it: `git log --all --diff-filter=D --name-only -- '*other*'`), or name another revision in the `down_revision` of `d`
    Info unread-parent versions/b.py:3
        revision `b` waits for its parent `a`, because `versions/a.py` could not be read
        help: mend `versions/a.py`: it has a finding of its own
    Info unread-parent versions/c.py:3
        revision `c` waits for its parent `empty01`, because `versions/2024_empty01_x.py` could not be read
        help: mend `versions/2024_empty01_x.py`: it has a finding of its own
    ");
}

#[test]
fn heads_and_odd_files_are_warnings() {
    let project = Project::with(&[("a.py", &file("a", "None")), ("b.py", &file("b", "'a'"))]);
    project.write("shared/c.py", file("c", "'a'"));
    project.write("shared/note.txt", "x");
    link(Path::new("../shared/c.py"), &project.path("versions/c.py"));
    link(Path::new("../shared/note.txt"), &project.path("versions/note.py"));
    link(Path::new("a.py"), &project.path("versions/0_again.py"));
    insta::assert_snapshot!(project.findings(), @r#"
    Warning symlinked-file versions/0_again.py
        the file is a link to `a.py`
        help: replace the link by the file itself: an archive holds what is in this folder
    Warning symlinked-file versions/c.py
        the file is a link to `../shared/c.py`
        help: replace the link by the file itself: an archive holds what is in this folder
    Warning several-heads 
        the history has 2 heads: `b` and `c`
        help: if that is not meant, join them: `alembic merge heads -m "merge heads"`
    "#);
    let audit = project.audit();
    let first = audit.history.unwrap().iter().next().unwrap().files[0].path.clone();
    assert_eq!(first, Path::new("versions/a.py"));
    assert_eq!(audit.beside, [Path::new("versions/note.py")]);
}

#[test]
fn compiled_files_without_a_source() {
    let project = Project::with(&[
        ("a.py", &file("a", "None")),
        ("a.pyc", ""),
        ("b.pyc", ""),
        ("__pycache__/a.cpython-311.pyc", ""),
        ("__pycache__/c.cpython-311.pyc", ""),
    ]);
    assert_eq!(project.findings(), "");
    project.option("sourceless = true");
    insta::assert_snapshot!(project.findings(), @r"
    Error unreadable-file versions/__pycache__/c.cpython-311.pyc
        `sourceless = true` makes Alembic load this compiled file, which has no source
        help: put its source back, or remove the compiled file
    Error unreadable-file versions/b.pyc
        `sourceless = true` makes Alembic load this compiled file, which has no source
        help: put its source back, or remove the compiled file
    ");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let project = Project::with(&[]);
    std::os::unix::net::UnixListener::bind(project.path("versions/a.py")).unwrap();
    insta::assert_snapshot!(project.findings(), @r"
    Error unreadable-file versions/a.py
        this is no regular file, and Alembic would load it
        help: take it out of the version location
    ");
}
