//! A repair is ended before each of its changes, as a power cut would: nothing is lost, and `resume` and
//! `undo` lead to a whole tree.

use std::collections::BTreeMap;

use rebaseline_archive::{Limits, Stored};

use super::{ANSWERS, example};
use crate::support::assert_same_tree;
use crate::support::project::Project;

/// More changes than a repair of the example makes.
const TOO_MANY: u32 = 120;

type Files = BTreeMap<String, Vec<u8>>;

fn project(files: &Files) -> Project {
    let mut project = Project::of(&[]);
    project.set("SOURCE_DATE_EPOCH", "1700000000");
    for (path, content) in files {
        project.write(path, content);
    }
    project
}

/// The tree when a command is ended before its n-th change; none if it ended by itself.
fn crashed(project: &Project, arguments: &[&str], n: u32) -> Option<Files> {
    assert!(n < TOO_MANY, "{arguments:?} does not come to an end");
    let mut command = project.command(arguments);
    let output = command.env("REBASELINE_CRASH_AT", n.to_string()).output().unwrap();
    match output.status.code() {
        None => Some(project.tree()),
        Some(0) => None,
        Some(code) => panic!("exit {code}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// Every old file is in the tree as it was, or in a whole archive.
fn assert_nothing_lost(original: &Files, now: &Files, what: &str) {
    let zip = now.iter().find(|(path, _)| path.ends_with("_repair.zip"));
    let archive = zip.map(|(_, bytes)| Stored::read(&bytes[..], &Limits::default()).unwrap());
    for (path, content) in original {
        let key = rebaseline_archive::ArchivePath::new(path).unwrap();
        let archived = archive.as_ref().and_then(|archive| archive.file(&key));
        let there = now.get(path) == Some(content) || archived == Some(content.as_slice());
        assert!(there, "{what}: {path} is lost");
    }
}

#[test]
fn from_every_point_there_is_a_way_on_and_a_way_back() {
    let original = example("broken-rental").tree();
    let arguments = [&["repair", "--write", "--merge-heads"][..], &ANSWERS].concat();
    let done = {
        let project = project(&original);
        project.rebaseline(&arguments).exits(0);
        project.tree()
    };
    let mut journals = 0;
    for n in 1.. {
        let place = project(&original);
        let Some(state) = crashed(&place, &arguments, n) else {
            assert_same_tree(&place.tree(), &done);
            break;
        };
        let what = format!("before {n}");
        assert_nothing_lost(&original, &state, &what);
        let has_journal = state.contains_key(".rebaseline/journal.json");
        journals += u32::from(has_journal);
        if !has_journal {
            continue;
        }
        let begun = state.keys().any(|path| path.ends_with("/2023-11-14_repair.zip"));
        for (verb, wanted) in
            [("resume", if begun { &done } else { &original }), ("undo", &original)]
        {
            let place = project(&state);
            let run = place.rebaseline(&["--format", "json", verb]).exits(0).json();
            let outcome = match (verb, begun) {
                ("undo", _) => "undone",
                (_, true) => "repaired",
                (_, false) => "not_begun",
            };
            assert_eq!(run["outcome"], outcome, "{what}, {verb}");
            assert_same_tree(&place.tree(), wanted);
        }
        // Nothing else begins meanwhile.
        let place = project(&state);
        place.rebaseline(&["repair"]).exits(5);
        place.rebaseline(&["squash"]).exits(5);
        assert_same_tree(&place.tree(), &state);
    }
    assert!(journals > 10, "{journals}");
}

#[test]
fn an_undo_can_be_cut_off() {
    let original = example("broken-rental").tree();
    let arguments = [&["repair", "--write", "--merge-heads"][..], &ANSWERS].concat();
    let done = {
        let project = project(&original);
        project.rebaseline(&arguments).exits(0);
        project.tree()
    };
    let mut journals = 0;
    for n in 1.. {
        let place = project(&done);
        let Some(state) = crashed(&place, &["undo"], n) else {
            assert_same_tree(&place.tree(), &original);
            break;
        };
        assert_nothing_lost(&original, &state, &format!("undo before {n}"));
        if !state.contains_key(".rebaseline/journal.json") {
            continue;
        }
        journals += 1;
        for verb in ["resume", "undo"] {
            let place = project(&state);
            place.rebaseline(&[verb]).exits(0);
            assert_same_tree(&place.tree(), &original);
        }
    }
    assert!(journals > 10, "{journals}");
}
