//! Scratch servers: side by side, swept, cached; and the same bytes from the same history.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::project::{Project, Run};
use crate::support::tree;

const HISTORY: [&str; 3] = [
    "op.execute(\"CREATE ROLE waiter\")\nop.execute(\"CREATE TABLE dish (id int PRIMARY KEY, name text)\")",
    "op.execute(\"INSERT INTO dish VALUES (1, 'soup'), (2, 'stew')\")",
    "op.execute(\"GRANT SELECT ON dish TO waiter\")",
];

/// Two runs at once. The role is cluster-wide: on a shared server they would meet.
fn at_once(projects: &[&Project]) {
    let children: Vec<_> = projects
        .iter()
        .map(|project| {
            let mut command = project.command(&["squash"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        Run::from(child.wait_with_output().unwrap()).exits(0);
    }
}

#[test]
fn two_squashes_at_once_in_the_same_folder_for_runs() {
    let [one, mut other] = [Project::chain(&HISTORY), Project::chain(&HISTORY)];
    other.set("REBASELINE_SCRATCH_DIR", &one.scratch().display().to_string());
    at_once(&[&one, &other]);
    assert_eq!(one.leftovers(), Vec::<PathBuf>::new());
    assert!(one.baseline().exists() && other.baseline().exists());
}

/// The entries of a cache, with their inodes: a new one in place of an old one shows.
fn entries(cache: &Path) -> Vec<(String, u64)> {
    let mut entries: Vec<_> = std::fs::read_dir(cache)
        .unwrap()
        .flatten()
        .map(|e| (e.file_name().to_string_lossy().into_owned(), e.metadata().unwrap().ino()))
        .collect();
    entries.sort();
    entries
}

#[test]
fn two_squashes_at_once_with_an_empty_cache_and_a_third_that_uses_it() {
    let cache = tempfile::tempdir().unwrap();
    let place = cache.path().join("new").display().to_string();
    let mut projects = [Project::chain(&HISTORY), Project::chain(&HISTORY)];
    for project in &mut projects {
        project.set("REBASELINE_CACHE", &place);
    }
    at_once(&[&projects[0], &projects[1]]);
    let first = entries(Path::new(&place));
    let clusters = first.iter().filter(|(name, _)| name.starts_with("cluster-")).count();
    assert_eq!(clusters, 1, "{first:?}");
    assert!(first.iter().all(|(name, _)| !name.contains("partial")), "{first:?}");

    let mut third = Project::chain(&HISTORY);
    third.set("REBASELINE_CACHE", &place);
    third.rebaseline(&["squash"]).exits(0);
    assert_eq!(entries(Path::new(&place)), first);
}

#[test]
fn leftovers_of_a_killed_run_are_swept_by_the_next() {
    let project = Project::chain(&HISTORY);
    let marker = tempfile::tempdir().unwrap();
    let started = marker.path().join("started");
    project.revision(
        "r4",
        &["r3"],
        &format!(
            "import time\nopen({:?}, 'w').close()\ntime.sleep(600)",
            started.display().to_string()
        ),
    );
    let mut command = project.command(&["squash"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !started.exists() {
        assert!(child.try_wait().unwrap().is_none(), "the run ended");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    // As after a crash of the machine: everyone is killed at once, the watchdogs first.
    let place = project.scratch().display().to_string();
    let mut ids = processes_with(&place);
    assert!(!ids.is_empty());
    ids.push(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap());
    for id in ids {
        let _ = kill_process(id, Signal::KILL);
    }
    child.wait().unwrap();
    // The servers' own children end by themselves when their parent is gone.
    let killed = std::time::Instant::now();
    while !processes_with(&place).is_empty() {
        assert!(killed.elapsed().as_secs() < 120, "the servers are still there");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let left = project.leftovers();
    assert!(!left.is_empty());
    for folder in &left {
        // A folder that was just made could belong to a run that has not locked it yet.
        std::fs::File::open(folder).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }
    std::fs::remove_file(project.path().join("migrations/versions/r4_.py")).unwrap();
    project.rebaseline(&["squash", "--dry-run"]).exits(0);
    assert_eq!(project.leftovers(), Vec::<PathBuf>::new());
}

/// The processes whose arguments name this folder or that stand in it, the shells first.
fn processes_with(place: &str) -> Vec<Pid> {
    let mut found: Vec<(bool, Pid)> = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| {
            let id = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).into_owned();
            // A server's children have titles instead of arguments, but they stand in its folder.
            let stands = std::fs::read_link(entry.path().join("cwd")).unwrap_or_default();
            let ours = line.contains(place) || stands.starts_with(place);
            ours.then_some((!line.contains("rebaseline-scratch"), id))
        })
        .collect();
    found.sort_by_key(|(not_a_shell, _)| *not_a_shell);
    found.into_iter().map(|(_, id)| id).collect()
}

/// Squashes a copy at a fixed time and gives the baseline, the archive and the whole tree.
fn at_a_fixed_time(mut project: Project, zone: &str) -> Project {
    project.set("SOURCE_DATE_EPOCH", "1700000000");
    project.set("TZ", zone);
    project.rebaseline(&["squash"]).exits(0);
    project
}

#[test]
fn the_same_history_gives_the_same_bytes() {
    let one = at_a_fixed_time(Project::chain(&HISTORY), "UTC");
    let other = at_a_fixed_time(Project::chain(&HISTORY), "Asia/Tokyo");
    let archives = |project: &Project| {
        let files = tree(&project.path().join("migrations/archive"));
        assert_eq!(files.len(), 1);
        files
    };
    assert_eq!(archives(&one), archives(&other));
    let baseline = |project: &Project| std::fs::read(project.baseline()).unwrap();
    assert_eq!(baseline(&one), baseline(&other));
    assert!(String::from_utf8(baseline(&one)).unwrap().contains("2023-11-14"));
    // A minted id would be another one each time.
    crate::support::assert_same_tree(&one.tree(), &other.tree());
}

#[test]
fn the_example_gives_the_same_bytes() {
    let one = at_a_fixed_time(Project::example(), "UTC");
    let other = at_a_fixed_time(Project::example(), "America/New_York");
    crate::support::assert_same_tree(&one.tree(), &other.tree());
}
