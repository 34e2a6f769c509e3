//! docs/broken-chains.md: every command of the page is run, and prints what the page shows.

use std::process::{Command, Stdio};

use crate::support::project::Project;
use crate::support::target::Target;
use crate::support::{environment, repository, tree};

/// Begins a section that works on a copy of an example.
const COPY: &str = "<!-- a copy of examples/";

/// A command of the page and what it shows of the output.
struct Step {
    command: String,
    exit: i32,
    shown: Vec<String>,
}

/// The page's sections: the example, and the commands.
fn sections(page: &str) -> Vec<(String, Vec<Step>)> {
    let mut sections: Vec<(String, Vec<Step>)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if let Some(example) = line.strip_prefix(COPY) {
            sections.push((example.trim_end_matches(" -->").to_owned(), Vec::new()));
        } else if line.starts_with("```") {
            inside = line == "```console";
        } else if inside {
            let (_, steps) = sections.last_mut().expect("a copy before the first command");
            if let Some(command) = line.strip_prefix("$ ") {
                let (command, exit) = match command.split_once("# exit ") {
                    Some((command, exit)) => (command.trim(), exit.trim().parse().unwrap()),
                    None => (command, 0),
                };
                steps.push(Step { command: command.to_owned(), exit, shown: Vec::new() });
            } else {
                steps.last_mut().expect("a command before its output").shown.push(line.to_owned());
            }
        }
    }
    sections
}

/// A line without dates, times, durations and versions.
fn masked(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let joined = text.chars().next_back().is_some_and(|c| c.is_alphanumeric() && c != 'T');
        let run: usize =
            rest.bytes().take_while(|b| b.is_ascii_digit() || b".:-".contains(b)).count();
        let number = rest[..run].trim_end_matches(['.', ':', '-']);
        if c.is_ascii_digit() && !joined && number.contains(['.', ':', '-']) {
            text.push('0');
            rest = &rest[number.len()..];
        } else {
            text.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    // The columns of the stages move with the numbers.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether lines are as shown; `...` stands for any number of them.
fn fits(shown: &[String], lines: &[String]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=lines.len()).any(|at| fits(rest, &lines[at..]))
        }
        Some((first, rest)) => {
            lines.first().is_some_and(|line| match first.strip_suffix("...") {
                Some(begin) => masked(line).starts_with(&masked(begin)),
                None => masked(line) == masked(first),
            }) && fits(rest, &lines[1..])
        }
    }
}

fn run(project: &Project, command: &str) -> (Option<i32>, String) {
    let binaries = std::path::Path::new(env!("CARGO_BIN_EXE_rebaseline")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-c", &format!("{command} 2>&1")])
        .current_dir(project.path())
        .envs(project.variables.iter().cloned())
        .env("PATH", format!("{}:{path}", binaries.display()))
        .env("VIRTUAL_ENV", environment())
        .env("REBASELINE_SCRATCH_DIR", project.scratch())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// What the page calls `$PRODUCTION`: a database with a table that was made by hand, at the head.
async fn production(project: &mut Project, target: &Target) {
    let url = target.database("rental").await;
    target.execute("rental", &project.read("season_price.sql")).await;
    project.alembic(&url, &["upgrade", "heads"]).exits(0);
    project.set("PRODUCTION", &url);
}

#[tokio::test]
async fn the_page_tells_what_happens() {
    let page = std::fs::read_to_string(repository().join("docs/broken-chains.md")).unwrap();
    let sections = sections(&page);
    let commands: usize = sections.iter().map(|(_, steps)| steps.len()).sum();
    assert!(commands > 15, "{commands} commands were found");
    for (example, steps) in sections {
        let mut project = Project::of(&[]);
        let source = repository().join("examples").join(&example);
        let files = tree(&source);
        for (path, content) in &files {
            project.write(path, content);
        }
        let target = Target::start().await;
        for step in steps {
            if step.command.contains("$PRODUCTION") && !project.has("PRODUCTION") {
                production(&mut project, &target).await;
            }
            let (exit, output) = run(&project, &step.command);
            let told = format!("{example}: $ {}\n{output}", step.command);
            assert_eq!(exit, Some(step.exit), "{told}");
            let lines: Vec<String> = output.lines().map(str::to_owned).collect();
            assert!(fits(&step.shown, &lines), "{told}\nshown:\n{}", step.shown.join("\n"));
        }
        assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
    }
}

#[test]
fn a_page_that_lies_is_found() {
    let shown = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let lines = shown("audit 3 revisions  0.12 s\none\ntwo\non 2026-11-26T01:02:03Z");
    for good in [
        "...",
        "audit 3 revisions 1.00 s\n...",
        "...\ntwo\non 2024-01-01T00:00:00Z",
        "...\none\n...",
    ] {
        assert!(fits(&shown(good), &lines), "{good}");
    }
    for bad in ["", "audit 4 revisions 0.12 s\n...", "...\ntwo\none\n...", "one\n...", "...\none"] {
        assert!(!fits(&shown(bad), &lines), "{bad}");
    }
    assert_eq!(
        masked("`0001` r2-3 @@ -1,3 +1,3 @@ b5d2e9047c16"),
        "`0001` r2-3 @@ -1,3 +1,3 @@ b5d2e9047c16"
    );
}
