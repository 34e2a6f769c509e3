//! One baseline for each base: labels, dependencies, several version locations.

use crate::support::assert_same_tree;
use crate::support::project::{ENV_SYNC, Project};
use crate::support::target::Target;

fn revision(id: &str, parent: Option<&str>, extra: &str, statements: &[&str]) -> String {
    let down = parent.map_or("None".to_owned(), |parent| format!("{parent:?}"));
    let body: String = statements.iter().map(|s| format!("    op.execute({s:?})\n")).collect();
    format!(
        "\"\"\"step {id}\"\"\"\n\nfrom alembic import op\n\nrevision = {id:?}\ndown_revision = {down}\n{extra}\n\
         \ndef upgrade():\n{body}    pass\n\n\ndef downgrade():\n    pass\n"
    )
}

/// Two folders: `core` (r1, r3) and `billing` (r2, r4, which depends on r3).
fn two_branches(last: &[&str]) -> Project {
    let ini = "[alembic]\nscript_location = migrations\npath_separator = space\n\
               version_locations = %(here)s/core/versions %(here)s/billing/versions\n";
    let project = Project::of(&[("alembic.ini", ini), ("migrations/env.py", ENV_SYNC)]);
    let core = "branch_labels = ('core',)";
    project.write(
        "core/versions/r1_.py",
        revision(
            "r1",
            None,
            core,
            &["CREATE TABLE room (id int PRIMARY KEY)", "CREATE TYPE kind AS ENUM ('a')"],
        ),
    );
    project.write(
        "core/versions/r3_.py",
        revision(
            "r3",
            Some("r1"),
            "",
            &["INSERT INTO room VALUES (1)", "CREATE SEQUENCE s", "SELECT setval('s', 4)"],
        ),
    );
    let billing = "branch_labels = ('billing',)";
    project.write(
        "billing/versions/r2_.py",
        revision("r2", None, billing, &["CREATE TABLE bill (id int)", "CREATE ROLE clerk"]),
    );
    project.write("billing/versions/r4_.py", revision("r4", Some("r2"), "depends_on = 'r3'", last));
    project
}

const ADDS: [&str; 6] = [
    "ALTER TABLE bill ADD COLUMN room int REFERENCES room",
    "INSERT INTO room VALUES (2)",
    "SELECT setval('s', 9)",
    "GRANT SELECT ON room TO clerk",
    "CREATE ROLE boss",
    "GRANT clerk TO boss",
];

#[tokio::test]
async fn a_baseline_for_each_branch() {
    let (project, old) = (two_branches(&ADDS), two_branches(&ADDS));
    let result = project.squash(&["--per-branch"]);
    let of = |part: &serde_json::Value| (part["revision"].clone(), part["file"].clone());
    assert_eq!(of(&result["baseline"]), ("r3".into(), "core/versions/r3_baseline_core.py".into()));
    let more = &result["more_baselines"][0];
    assert_eq!(of(more), ("r4".into(), "billing/versions/r4_baseline_billing.py".into()));
    let text = project.read("billing/versions/r4_baseline_billing.py");
    assert!(text.contains("branch_labels = \"billing\"\ndepends_on = \"r3\"\n"), "{text}");
    assert!(
        text.contains("(2)") && !text.contains("(1)") && !text.contains("CREATE TABLE public.room"),
        "{text}"
    );

    let target = Target::start().await;
    let (before, after) = (target.database("old").await, target.database("new").await);
    old.alembic(&before, &["upgrade", "heads"]).exits(0);
    target.execute("postgres", "REASSIGN OWNED BY clerk TO postgres").await;
    let dumped = target.dump("old");
    target.execute("old", "DROP OWNED BY clerk; DROP ROLE clerk; DROP ROLE boss").await;
    // One branch by itself, then the other: as in any project with branches.
    project.alembic(&after, &["upgrade", "core@head"]).exits(0);
    assert_eq!(target.versions("new").await, ["r3"]);
    project.alembic(&after, &["upgrade", "billing@head"]).exits(0);
    assert_eq!(target.dump("new"), dumped);
    project.alembic(&after, &["check"]).code.unwrap();

    let down = ["-x", "rebaseline-downgrade=yes", "downgrade", "billing@base"];
    project.alembic(&after, &down).exits(0);
    let tables = "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace";
    assert_eq!(target.column("new", tables).await.len(), 2);

    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &old.tree());
}

#[test]
fn one_baseline_for_all_branches_by_default() {
    let project = two_branches(&ADDS);
    let result = project.squash(&[]);
    assert_eq!(result["baseline"]["replaces"], serde_json::json!(["r3", "r4"]));
    let file = result["baseline"]["file"].as_str().unwrap();
    assert!(project.read(file).contains("branch_labels = (\"billing\", \"core\")"));
}

#[tokio::test]
async fn a_branch_that_depends_on_a_part_of_another_gets_an_id_of_its_own() {
    let old = Project::bare();
    old.revision("a1", &[], "op.execute('CREATE TABLE room (id int PRIMARY KEY)')");
    old.revision("a2", &["a1"], "op.execute('CREATE TABLE note (id int)')");
    old.revision("b1", &[], "op.execute('CREATE TABLE bill (id int)')");
    old.revision("b2", &["b1"], "op.execute('ALTER TABLE bill ADD room int REFERENCES room')");
    let file = "migrations/versions/b2_.py";
    old.write(file, old.read(file).replace("depends_on = None", "depends_on = 'a1'"));
    let project = old.copy();
    let target = Target::start().await;
    let (whole, lone) = (target.database("whole").await, target.database("lone").await);
    old.alembic(&whole, &["upgrade", "heads"]).exits(0);
    old.alembic(&lone, &["upgrade", "b2"]).exits(0);
    assert_eq!(target.versions("lone").await, ["b2"]);
    let result = project.squash(&["--per-branch"]);
    assert_eq!(result["baseline"]["revision"], "a2");
    let id = result["more_baselines"][0]["revision"].as_str().unwrap();
    assert_ne!(id, "b2");
    // Neither is taken for what it is not.
    for url in [&whole, &lone] {
        let run = project.alembic(url, &["upgrade", "heads"]);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("locate revision"), "{said}");
    }
    project.rebaseline(&["stamp", &whole]).exits(0);
    project.rebaseline(&["stamp", &lone]).exits(1);
    project.rebaseline(&["stamp", "--catch-up", "--yes", &lone]).exits(0);
    for (name, url) in [("whole", &whole), ("lone", &lone)] {
        assert_eq!(target.versions(name).await, [id], "{name}");
        project.alembic(url, &["upgrade", "heads"]).exits(0);
        let tables = "select relname::text from pg_class where relkind = 'r' \
                      and relnamespace = 'public'::regnamespace order by 1";
        assert_eq!(target.column(name, tables).await, ["alembic_version", "bill", "note", "room"]);
    }
}

#[test]
fn branches_that_cannot_be_told_apart() {
    let mut told = String::new();
    let projects = [
        two_branches(&["ALTER TABLE room ADD COLUMN size int", "DELETE FROM room"]),
        {
            let project = two_branches(&[]);
            let merge = revision("m", None, "", &[]).replace("= None", "= ('r3', 'r4')");
            project.write("core/versions/m_.py", merge);
            project
        },
        {
            let project = two_branches(&[]);
            let old = project.read("core/versions/r1_.py");
            project.write("core/versions/r1_.py", format!("{old}\ndepends_on = 'r2'\n"));
            project
        },
    ];
    for project in projects {
        let before = project.tree();
        let run = project.rebaseline(&["squash", "--per-branch"]).exits(1);
        let lines = run.stderr.lines().skip_while(|line| !line.starts_with("error"));
        told += &format!("{}\n\n", lines.collect::<Vec<_>>().join("\n"));
        assert_same_tree(&project.tree(), &before);
    }
    let project = two_branches(&ADDS);
    let run = project.rebaseline(&["squash", "--per-branch", "--revision-id", "one"]).exits(2);
    told += run.stderr.lines().find(|line| line.starts_with("error")).unwrap();
    insta::assert_snapshot!(told);
}

#[test]
fn several_baselines_are_squashed_again() {
    let (project, old) = (two_branches(&ADDS), two_branches(&ADDS));
    project.squash(&["--per-branch"]);
    let first = project.tree();
    let result = project.squash(&["--per-branch", "--revision-id", "new"]);
    assert_eq!(result["history"]["squashed"], 2);
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &first);
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &old.tree());
}

/// The example with a branch of its own for reporting, which leans on the main one.
#[tokio::test]
async fn the_example_with_a_second_base() {
    let project = Project::example();
    let reporting = |id: &str, parent: Option<&str>, extra: &str, statement: &str| {
        let file = format!("migrations/versions/2026_06_01_0900-{id}_reporting.py");
        project.write(&file, revision(id, parent, extra, &[statement]));
    };
    reporting(
        "rep1",
        None,
        "branch_labels = ('reporting',)",
        "CREATE TABLE report (id int PRIMARY KEY, title text NOT NULL DEFAULT 'untitled')",
    );
    reporting(
        "rep2",
        Some("rep1"),
        "depends_on = 'd5b30e8c72fa'",
        "ALTER TABLE report ADD COLUMN customer int REFERENCES customers (id)",
    );
    let old = project.tree();
    let result = project.squash(&["--per-branch"]);
    let ids = [&result["baseline"], &result["more_baselines"][0]].map(|b| b["revision"].clone());
    assert_eq!(ids, ["d5b30e8c72fa", "rep2"]);
    let target = Target::start().await;
    let url = target.database("fresh").await;
    project.alembic(&url, &["upgrade", "heads"]).exits(0);
    // What depends on another stands for both.
    assert_eq!(target.versions("fresh").await, ["rep2"]);
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &old);
}
