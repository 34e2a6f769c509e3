//! The archive of a squash: looked into, checked, taken out of, and put back by `undo`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::project::Project;
use crate::support::{assert_same_tree, tree};

/// Three revisions; two of them read what lies beside them.
fn project() -> Project {
    let project = Project::chain(&[
        "op.execute('create table room (id int primary key, name text)')",
        "import pathlib\n\
         text = pathlib.Path(__file__).parent.joinpath('data/rooms.csv').read_text()\n\
         for line in text.split():\n    \
         op.execute(f'insert into room values ({line})')",
        "import pathlib, sys\n\
         sys.path.insert(0, str(pathlib.Path(__file__).parent))\n\
         from room_helpers import names\n\
         op.execute(names.INDEX)",
    ]);
    project.write("migrations/versions/data/rooms.csv", "1,'one'\n2,'two'\n");
    project.write("migrations/versions/room_helpers/__init__.py", "");
    let helper = "INDEX = 'create index room_name on room (name)'\n";
    project.write("migrations/versions/room_helpers/names.py", helper);
    project
}

/// The archives in the usual folder, by name.
fn archives(project: &Project) -> Vec<String> {
    let files = project.tree().into_keys();
    files.filter(|path| path.starts_with("migrations/archive/")).collect()
}

/// What lies in and below the versions folder.
fn versions(tree: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let inside = |path: &&String| path.starts_with("migrations/versions/");
    tree.iter().filter(|(path, _)| inside(path)).map(|(p, c)| (p.clone(), c.clone())).collect()
}

#[test]
fn list_show_verify_and_restore() {
    let project = project();
    let before = project.tree();
    let none = project.rebaseline(&["--format", "json", "archive", "list"]).exits(0).json();
    assert_eq!(none["archives"], serde_json::json!([]));
    for verb in
        [&["archive", "show"][..], &["archive", "verify"], &["archive", "restore", "--into", "x"]]
    {
        let run = project.rebaseline(verb).exits(1);
        assert!(run.stderr.contains("there is no archive"), "{verb:?}: {}", run.stderr);
    }
    let squashed = project.squash(&[]);
    let [file] = &archives(&project)[..] else { panic!("{:?}", archives(&project)) };
    assert_eq!(squashed["archive"]["file"], file.as_str());
    assert_eq!(squashed["archive"]["files"], 6);

    // The files beside the revisions stay in place; the revisions are gone; nothing else changed.
    let mut rest = project.tree();
    rest.retain(|path, _| path != file && !path.ends_with("_baseline.py"));
    let mut expected = before.clone();
    expected.retain(|path, _| {
        !["r1", "r2", "r3"].iter().any(|id| path.ends_with(&format!("/{id}_.py")))
    });
    assert_same_tree(&rest, &expected);

    let list = project.rebaseline(&["--format", "json", "archive", "list"]).exits(0).json();
    let line = &list["archives"][0];
    assert_eq!(line["file"], file.as_str());
    assert_eq!(line["baseline"], "r3");
    assert_eq!(line["replaces"], serde_json::json!(["r3"]));
    assert_eq!((&line["revisions"], &line["files"]), (&Value::from(3), &Value::from(6)));
    assert_eq!(line["sha256"], squashed["archive"]["sha256"]);
    let list = project.rebaseline(&["archive", "list"]).exits(0).stdout;
    assert!(list.contains(file) && list.contains("3 revisions -> r3"), "{list}");

    let shown = project.rebaseline(&["--format", "json", "archive", "show"]).exits(0).json();
    assert_eq!(shown["manifest"]["history"]["heads"], serde_json::json!(["r3"]));
    assert_eq!(shown["manifest"]["files"].as_array().unwrap().len(), 6);
    let shown = project.rebaseline(&["archive", "show", file]).exits(0).stdout;
    for word in ["r1", "r2", "r3", "step r2", file] {
        assert!(shown.contains(word), "{word}: {shown}");
    }

    let verified = project.rebaseline(&["--format", "json", "archive", "verify"]).exits(0).json();
    assert_eq!(verified["outcome"], "intact");
    assert_eq!(verified["archives"][0]["file"], file.as_str());
    let verified = project.rebaseline(&["archive", "verify", file]).exits(0).stdout;
    assert!(verified.contains(file) && verified.contains("6 files"), "{verified}");

    let arguments = ["--format", "json", "archive", "restore", "--into", "out/old"];
    let restored = project.rebaseline(&arguments).exits(0).json();
    assert_eq!(restored["outcome"], "restored");
    assert_eq!(restored["files"], 6);
    assert_same_tree(&tree(&project.path().join("out/old")), &versions(&before));
}

#[test]
fn restore_overwrites_nothing() {
    let project = project();
    project.squash(&[]);
    project.write("out/migrations/versions/r2_.py", "mine");
    let before = project.tree();
    let run = project.rebaseline(&["archive", "restore", "--into", "out"]).exits(1);
    assert!(run.stderr.contains("r2_.py") && run.stderr.contains("empty folder"), "{}", run.stderr);
    assert_same_tree(&project.tree(), &before);
    project.rebaseline(&["archive", "restore", "--into", "fresh"]).exits(0);
    let before = project.tree();
    project.rebaseline(&["archive", "restore", "--into", "fresh"]).exits(1);
    assert_same_tree(&project.tree(), &before);
}

#[test]
fn a_flipped_byte_is_found() {
    let project = project();
    let before = versions(&project.tree());
    project.squash(&[]);
    let file = archives(&project).remove(0);
    let whole = project.tree().remove(&file).unwrap();
    let mut harmless = Vec::new();
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x20;
        project.write(&file, damaged);
        let run = project.rebaseline(&["archive", "verify"]);
        if run.code == Some(0) {
            // A byte that says nothing, such as the zip's "made by": then every file must be whole.
            let into = format!("out/{at}");
            project.rebaseline(&["archive", "restore", "--into", &into]).exits(0);
            assert_same_tree(&tree(&project.path().join(into)), &before);
            harmless.push(at);
            continue;
        }
        assert_eq!(run.code, Some(1), "byte {at}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(&file), "byte {at}: {}", run.stderr);
    }
    assert!(harmless.len() < 8, "too many bytes can change unseen: {harmless:?}");
    // Cut short; and then neither undo nor restore makes anything of it.
    project.write(&file, &whole[..whole.len() / 2]);
    let before = project.tree();
    for verb in [&["archive", "verify"][..], &["undo"], &["archive", "restore", "--into", "x"]] {
        let run = project.rebaseline(verb);
        assert_eq!(run.code, Some(1), "{verb:?}: {}", run.stderr);
        assert!(run.stderr.contains(&file), "{verb:?}: {}", run.stderr);
        assert_same_tree(&project.tree(), &before);
    }
    project.write(&file, &whole);
    project.rebaseline(&["archive", "verify"]).exits(0);
    project.rebaseline(&["undo"]).exits(0);
}

#[test]
fn the_archive_folder_can_be_named() {
    let project = project();
    let before = project.tree();
    for folder in ["migrations/versions", "migrations/versions/old"] {
        let run = project.rebaseline(&["squash", "--archive-dir", folder]).exits(2);
        assert!(run.stderr.contains("version location"), "{}", run.stderr);
        assert_same_tree(&project.tree(), &before);
    }
    let result = project.squash(&["--archive-dir", "attic/migrations"]);
    let file = result["archive"]["file"].as_str().unwrap().to_owned();
    assert!(file.starts_with("attic/migrations/"), "{file}");
    assert!(project.path().join(&file).is_file());
    assert_eq!(archives(&project), Vec::<String>::new());
    project.rebaseline(&["archive", "verify", &file]).exits(0);
    project.rebaseline(&["undo", "--archive", &file]).exits(0);
    assert_same_tree(&project.tree(), &before);
}

#[test]
fn a_named_archive_folder_is_found_again_by_what_the_report_promises() {
    let project = project();
    let before = project.tree();
    let told = project.rebaseline(&["squash", "--archive-dir", "attic"]).exits(0).stdout;
    // Whatever undo command is promised there must work as it stands.
    let (_, command) = told.split_once("rebaseline undo").expect("a promise");
    let more: Vec<&str> = command.split_whitespace().take_while(|word| *word != "puts").collect();
    project.rebaseline(&[&["undo"][..], &more].concat()).exits(0);
    assert_same_tree(&project.tree(), &before);
}

#[test]
fn undo_refuses_what_would_lose_work() {
    let project = project();
    let before = project.tree();
    let run = project.rebaseline(&["undo"]).exits(1);
    assert!(run.stderr.contains("nothing to undo"), "{}", run.stderr);
    assert_same_tree(&project.tree(), &before);
    project.squash(&[]);
    let squashed = project.tree();
    let refused = |word: &str, other: &str| {
        let now = project.tree();
        let run = project.rebaseline(&["undo"]).exits(1);
        assert!(run.stderr.contains(word), "{word:?}: {}", run.stderr);
        assert!(run.stderr.contains(other), "{other:?}: {}", run.stderr);
        assert!(run.stderr.contains("nothing was changed"), "{}", run.stderr);
        assert_same_tree(&project.tree(), &now);
    };

    let baseline = "migrations/versions/r3_baseline.py";
    project.write(baseline, project.read(baseline) + "# edited\n");
    refused("r3_baseline.py", "changed after the squash");
    project.write(baseline, &squashed[baseline]);

    project.write("migrations/versions/r1_.py", "# something else\n");
    refused("r1_.py", "other content");
    std::fs::remove_file(project.path().join("migrations/versions/r1_.py")).unwrap();

    assert_same_tree(&project.tree(), &squashed);
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &before);
    project.rebaseline(&["undo"]).exits(1);
}

#[test]
fn undo_keeps_a_revision_that_was_made_on_top() {
    let project = project();
    let before = project.tree();
    project.squash(&[]);
    project.revision("r4", &["r3"], "op.execute('create table bill (id int)')");
    let added = project.read("migrations/versions/r4_.py");
    project.rebaseline(&["undo"]).exits(0);
    let mut after = project.tree();
    assert_eq!(after.remove("migrations/versions/r4_.py"), Some(added.into_bytes()));
    assert_same_tree(&after, &before);
    project.rebaseline(&["audit"]).exits(0);
}

#[test]
fn undo_refuses_when_a_revision_builds_on_a_new_id() {
    let project = project();
    let before = project.tree();
    project.squash(&["--revision-id", "fresh"]);
    project.revision("r4", &["fresh"], "op.execute('create table bill (id int)')");
    let now = project.tree();
    let run = project.rebaseline(&["undo"]).exits(1);
    assert!(run.stderr.contains("r4_.py") && run.stderr.contains("`fresh`"), "{}", run.stderr);
    assert_same_tree(&project.tree(), &now);
    // Also where something else is broken.
    project.revision("r9", &["nowhere"], "pass");
    let run = project.rebaseline(&["undo"]).exits(1);
    assert!(run.stderr.contains("r4_.py") && run.stderr.contains("`fresh`"), "{}", run.stderr);
    for file in ["r4_.py", "r9_.py"] {
        std::fs::remove_file(project.path().join("migrations/versions").join(file)).unwrap();
    }
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &before);
}

#[test]
fn undo_works_in_a_fresh_clone() {
    let project = project();
    let before = project.tree();
    project.squash(&[]);
    // Only what git would carry: our own folder ignores itself.
    let clone = Project::of(&[]);
    for (path, content) in project.tree() {
        if !path.starts_with(".rebaseline/") {
            clone.write(&path, content);
        }
    }
    clone.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&clone.tree(), &before);
}

#[test]
fn squash_twice_and_undo_twice() {
    let project = project();
    let first = project.tree();
    project.squash(&[]);
    project.revision("r4", &["r3"], "op.execute('create table bill (id int)')");
    project.revision("r5", &["r4"], "op.execute('create table tax (id int)')");
    let between = project.tree();
    let result = project.squash(&[]);
    assert_eq!(result["history"]["squashed"], 3);
    assert_eq!(result["baseline"]["revision"], "r5");
    assert_eq!(archives(&project).len(), 2);
    let verified = project.rebaseline(&["--format", "json", "archive", "verify"]).exits(0).json();
    assert_eq!(verified["archives"].as_array().unwrap().len(), 2);
    // Without a name it is the newest.
    let shown = project.rebaseline(&["--format", "json", "archive", "show"]).exits(0).json();
    assert_eq!(shown["manifest"]["baseline"]["revision"], "r5");

    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &between);
    project.rebaseline(&["undo"]).exits(0);
    let mut last = project.tree();
    for added in ["r4", "r5"] {
        assert!(last.remove(&format!("migrations/versions/{added}_.py")).is_some());
    }
    assert_same_tree(&last, &first);
}

#[test]
fn the_newest_archive_is_the_one_whose_baseline_came_last() {
    // With a fixed time both archives bear the same one, and their names sort the other way round.
    let mut project = project();
    project.set("SOURCE_DATE_EPOCH", "1700000000");
    project.squash(&[]);
    project.revision("a4", &["r3"], "op.execute('create table bill (id int)')");
    let between = project.tree();
    project.squash(&[]);
    let shown = project.rebaseline(&["--format", "json", "archive", "show"]).exits(0).json();
    assert_eq!(shown["manifest"]["baseline"]["revision"], "a4");
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &between);
}
