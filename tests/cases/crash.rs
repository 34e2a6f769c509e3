//! A swap is ended before each of its changes, as a power cut would: nothing is lost, and `resume` and
//! `undo` lead to a whole tree from every point. So do they when they are cut off themselves.
//!
//! Debug builds end before the n-th change to the project when `REBASELINE_CRASH_AT` is n.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rebaseline_archive::{Archive, Limits};

use crate::support::project::{Project, Run};

/// More changes than any of these commands makes.
const TOO_MANY: u32 = 60;

const JOURNAL: &str = ".rebaseline/journal.json";

/// What a project's folder holds: its files, and its folders (an empty one can stay behind).
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    folders: BTreeSet<PathBuf>,
}

impl State {
    fn of(project: &Project) -> Self {
        let folders = walkdir::WalkDir::new(project.path())
            .min_depth(1)
            .into_iter()
            .map(Result::unwrap)
            .filter(|entry| entry.file_type().is_dir())
            .map(|entry| entry.path().strip_prefix(project.path()).unwrap().to_owned())
            .collect();
        Self { files: project.tree(), folders }
    }

    /// A project that stands like this.
    fn project(&self) -> Project {
        let mut project = Project::of(&[]);
        project.set("SOURCE_DATE_EPOCH", "1700000000");
        for folder in &self.folders {
            std::fs::create_dir_all(project.path().join(folder)).unwrap();
        }
        for (path, content) in &self.files {
            project.write(path, content);
        }
        project
    }

    /// Without our working folder.
    fn outside(&self) -> Self {
        let mut state = self.clone();
        state.files.retain(|path, _| !path.starts_with(".rebaseline/"));
        state.folders.remove(&PathBuf::from(".rebaseline"));
        state
    }

    fn has_journal(&self) -> bool {
        self.files.contains_key(JOURNAL)
    }

    /// The archive under its final name, whole and readable.
    fn archive(&self) -> Option<Archive> {
        // A temporary file begins with a dot.
        let whole = |path: &str| {
            path.strip_prefix("migrations/archive/").is_some_and(|name| !name.starts_with('.'))
        };
        let (_, bytes) = self.files.iter().find(|(path, _)| whole(path))?;
        Some(Archive::read(&bytes[..], &Limits::default()).expect("an archive is whole or absent"))
    }

    /// Every old file is in the tree as it was, or in a whole archive.
    fn assert_nothing_lost(&self) {
        self.assert_nothing_lost_but("");
    }

    /// The same, for all files but one, which was edited.
    fn assert_nothing_lost_but(&self, edited: &str) {
        let archive = self.archive();
        for (path, content) in original().files.iter().filter(|(path, _)| *path != edited) {
            let archived = || {
                archive.as_ref()?.files().find(|(name, _)| name.as_str() == path).map(|(_, c)| c)
            };
            let there = self.files.get(path) == Some(content) || archived() == Some(content);
            assert!(there, "{path} is lost");
        }
    }

    /// Exactly this tree: no file and no folder more or less, ours included.
    #[track_caller]
    fn assert_is(&self, wanted: &Self, what: &str) {
        let names: Vec<_> = self
            .files
            .keys()
            .chain(wanted.files.keys())
            .filter(|name| self.files.get(*name) != wanted.files.get(*name))
            .collect();
        assert!(names.is_empty(), "{what}: these files differ: {names:?}");
        assert_eq!(self.folders, wanted.folders, "{what}: folders");
    }

    /// The tree before or the tree after, and nothing of ours left half-done.
    #[track_caller]
    fn assert_whole(&self, what: &str) {
        assert!(!self.has_journal(), "{what}: the journal is still there");
        let outside = self.outside();
        let whole = outside == *original() || outside == *finished();
        assert!(whole, "{what}: neither tree: {:?}", outside.files.keys());
    }
}

/// Three revisions, the last of which reads a file beside it, and a README that the squash rewrites.
fn original() -> &'static State {
    static ORIGINAL: LazyLock<State> = LazyLock::new(|| {
        let project = Project::chain(&[
            "op.execute('create table item (id int primary key, name text)')",
            "op.execute('create index item_name on item (name)')",
            "import pathlib\n\
             for line in pathlib.Path(__file__).with_name('items.csv').read_text().split():\n    \
             op.execute(f'insert into item values ({line})')",
        ]);
        project.write("migrations/versions/items.csv", "1,'one'\n2,'two'\n");
        project.write("README.md", "# Items\n");
        project.write("rebaseline.toml", "readme = 'README.md'\n");
        State::of(&project)
    });
    &ORIGINAL
}

/// The tree after a squash that nothing disturbed.
fn finished() -> &'static State {
    static FINISHED: LazyLock<State> = LazyLock::new(|| {
        let project = original().project();
        project.squash(&[]);
        State::of(&project)
    });
    &FINISHED
}

/// Runs a command that ends before its n-th change. `None`: it has fewer changes and ended by itself.
fn crash(project: &Project, arguments: &[&str], n: u32) -> Option<State> {
    assert!(n < TOO_MANY, "{arguments:?} does not come to an end");
    let mut command = project.command(arguments);
    let output = command.env("REBASELINE_CRASH_AT", n.to_string()).output().unwrap();
    wait_until_scratch_is_gone(project);
    match output.status.code() {
        // Ended by its own abort.
        None => Some(State::of(project)),
        Some(0) => None,
        Some(code) => panic!("exit {code}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// The shells that hold the scratch servers clean up by themselves when we are gone.
fn wait_until_scratch_is_gone(project: &Project) {
    let started = Instant::now();
    while !project.leftovers().is_empty() {
        let left = project.leftovers();
        assert!(started.elapsed() < Duration::from_mins(1), "still there: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The trees that a squash leaves when it is ended before its first, second, ... change.
fn crashed_squashes() -> &'static [State] {
    static CRASHED: LazyLock<Vec<State>> = LazyLock::new(|| {
        let states: Vec<State> = (1..)
            .map_while(|n| {
                let project = original().project();
                let state = crash(&project, &["squash"], n);
                if state.is_none() {
                    State::of(&project).assert_is(finished(), "a squash that was not cut off");
                }
                state
            })
            .collect();
        let journals = states.iter().filter(|state| state.has_journal()).count();
        assert!(journals > 5, "{journals} of {} states have a journal", states.len());
        states
    });
    &CRASHED
}

/// Runs a command from a state; gives the run and the state after it.
fn run(state: &State, arguments: &[&str]) -> (Run, State) {
    let project = state.project();
    let run = project.rebaseline(arguments);
    (run, State::of(&project))
}

/// Each with its number, for messages.
fn numbered<'a>(states: &'a [State], what: &'a str) -> impl Iterator<Item = (String, &'a State)> {
    states.iter().enumerate().map(move |(at, state)| (format!("{what} before {}", at + 1), state))
}

#[test]
fn nothing_is_lost_wherever_a_squash_ends() {
    for (_, state) in numbered(crashed_squashes(), "squash") {
        state.assert_nothing_lost();
    }
    finished().assert_nothing_lost();
}

#[test]
fn resume_finishes_a_squash_from_every_point() {
    for (what, state) in numbered(crashed_squashes(), "squash") {
        let (run, after) = run(state, &["--format", "json", "resume"]);
        if !state.has_journal() {
            assert_eq!(run.code, Some(1), "{what}: {run:?}");
            assert!(run.stderr.contains("there is no unfinished swap"), "{what}: {run:?}");
            after.assert_is(state, &what);
            after.assert_whole(&what);
            continue;
        }
        let run = run.exits(0);
        let outcome = run.json()["outcome"].clone();
        if state.archive().is_some() {
            assert_eq!(outcome, "squashed", "{what}");
            after.assert_is(finished(), &what);
        } else {
            assert_eq!(outcome, "not_begun", "{what}");
            after.assert_is(original(), &what);
        }
    }
}

#[test]
fn undo_reverts_a_squash_from_every_point() {
    for (what, state) in numbered(crashed_squashes(), "squash") {
        let (run, after) = run(state, &["--format", "json", "undo"]);
        if state.has_journal() || state.outside() == *finished() {
            assert_eq!(run.exits(0).json()["outcome"], "undone", "{what}");
            after.assert_is(original(), &what);
        } else {
            assert_eq!(run.code, Some(1), "{what}: {run:?}");
            assert!(run.stderr.contains("nothing to undo"), "{what}: {run:?}");
            assert_eq!(after.outside(), *original(), "{what}");
        }
    }
}

#[test]
fn a_new_squash_works_where_none_had_begun() {
    let begun = |state: &State| state.has_journal() || state.outside() == *finished();
    let mut seen = 0;
    for (what, state) in numbered(crashed_squashes(), "squash") {
        if !begun(state) {
            assert_eq!(state.outside(), *original(), "{what}");
            let (run, after) = run(state, &["squash"]);
            run.exits(0);
            after.assert_is(finished(), &what);
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn resume_and_undo_can_be_cut_off_as_well() {
    for (what, state) in numbered(crashed_squashes(), "squash") {
        if !state.has_journal() {
            continue;
        }
        for verb in ["resume", "undo"] {
            for n in 1.. {
                let project = state.project();
                let Some(between) = crash(&project, &[verb], n) else { break };
                let what = format!("{what}, {verb} before {n}");
                between.assert_nothing_lost();
                check_ways_out(&between, verb, &what);
            }
        }
    }
}

/// From a state in which `verb` was cut off, the same verb ends where it was going, and the other one
/// leads to a whole tree.
fn check_ways_out(between: &State, verb: &str, what: &str) {
    for next in ["resume", "undo"] {
        let (run, after) = run(between, &[next]);
        let what = format!("{what}, then {next}: {}", run.stderr);
        after.assert_whole(&what);
        if between.has_journal() {
            assert_eq!(run.code, Some(0), "{what}");
            // Temporary files and our folder are gone.
            let whole = if after.outside() == *original() { original() } else { finished() };
            after.assert_is(whole, &what);
        }
        if next == "undo" || (verb == "undo" && !between.has_journal()) {
            assert_eq!(after.outside(), *original(), "{what}");
        } else if verb == "resume" && between.archive().is_some() {
            assert_eq!(after.outside(), *finished(), "{what}");
        }
    }
}

#[test]
fn an_undo_of_a_finished_squash_is_finished_by_undo_and_by_resume() {
    let mut journals = 0;
    for n in 1.. {
        let project = finished().project();
        let Some(between) = crash(&project, &["undo"], n) else {
            State::of(&project).assert_is(original(), "an undo that was not cut off");
            break;
        };
        between.assert_nothing_lost();
        let what = format!("undo before {n}");
        let (resumed, after_resume) = run(&between, &["resume"]);
        let (undone, after_undo) = run(&between, &["undo"]);
        if between.has_journal() {
            journals += 1;
            resumed.exits(0);
            undone.exits(0);
            after_resume.assert_is(original(), &what);
            after_undo.assert_is(original(), &what);
            continue;
        }
        // Not begun, or all but over.
        resumed.exits(1);
        after_resume.assert_is(&between, &what);
        after_resume.assert_whole(&what);
        if between.outside() == *finished() {
            undone.exits(0);
            after_undo.assert_is(original(), &what);
        } else {
            undone.exits(1);
        }
    }
    assert!(journals > 5, "{journals}");
}

#[test]
fn an_undo_can_be_cut_off_twice() {
    let mut n = 1;
    while let Some(first) = crash(&finished().project(), &["undo"], n) {
        if first.has_journal() {
            for verb in ["resume", "undo"] {
                for again in 1.. {
                    let Some(second) = crash(&first.project(), &[verb], again) else { break };
                    let what = format!("undo before {n}, {verb} before {again}");
                    second.assert_nothing_lost();
                    for next in ["resume", "undo"] {
                        let (_, after) = run(&second, &[next]);
                        after.assert_whole(&what);
                        assert_eq!(after.outside(), *original(), "{what}, then {next}");
                    }
                }
            }
        }
        n += 1;
    }
}

#[test]
fn other_commands_know_of_an_unfinished_swap() {
    for (what, state) in numbered(crashed_squashes(), "squash") {
        if !state.has_journal() {
            continue;
        }
        let (squash, after) = run(state, &["squash"]);
        assert_eq!(squash.code, Some(5), "{what}: {}", squash.stderr);
        assert!(squash.stderr.contains("rebaseline resume"), "{what}: {}", squash.stderr);
        assert!(squash.stderr.contains("rebaseline undo"), "{what}: {}", squash.stderr);
        assert_eq!(after, *state, "{what}: squash changed something");
        // Both the baseline and an old revision of the same id may be there: a finding, not a failure.
        let (audit, after) = run(state, &["--format", "json", "audit"]);
        assert!(matches!(audit.code, Some(0 | 1)), "{what}: {audit:?}");
        assert!(audit.json()["findings"].is_array(), "{what}");
        assert_eq!(after, *state, "{what}: audit changed something");
    }
}

#[test]
fn what_is_edited_meanwhile_is_never_overwritten() {
    let mut seen = 0;
    for (what, state) in numbered(crashed_squashes(), "squash") {
        if !state.has_journal() || state.archive().is_none() {
            continue;
        }
        // The baseline and the old revisions, as far as they are there.
        let edited: Vec<String> = state
            .files
            .keys()
            .filter(|path| {
                path.starts_with("migrations/versions/r") && path.ends_with("_.py")
                    || path.ends_with("r3_baseline.py")
            })
            .cloned()
            .collect();
        for path in edited {
            let mut between = state.clone();
            between.files.get_mut(&path).unwrap().extend_from_slice(b"# my own line\n");
            for verb in ["resume", "undo"] {
                let (run, after) = run(&between, &[verb]);
                let what = format!("{what}, {path} edited, then {verb}: {}", run.stderr);
                let kept = after.files.get(&path) == between.files.get(&path);
                assert!(kept, "{what}: the edit is gone");
                assert_eq!(run.code, Some(5), "{what}");
                assert!(run.stderr.contains(&path), "{what}");
                assert!(after.has_journal(), "{what}");
                after.assert_nothing_lost_but(&path);
                // Once it is as it was, the same command goes on.
                let mut healed = after;
                healed.files.insert(path.clone(), state.files[&path].clone());
                let project = healed.project();
                project.rebaseline(&[verb]).exits(0);
                let wanted = if verb == "undo" { original() } else { finished() };
                State::of(&project).assert_is(wanted, &what);
                seen += 1;
            }
        }
    }
    assert!(seen > 0);
}
