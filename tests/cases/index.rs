//! `index`, and what `status` then knows of a database whose version table says nothing.

use serde_json::{Value, json};

use crate::support::project::Project;
use crate::support::target::Target;

fn project() -> Project {
    let mut project = Project::chain(&[
        "op.execute('create table room (id int primary key)')",
        "op.execute('create table guest (id int, kind varchar(9))')",
        "op.execute(\"alter table guest add check (kind in ('a', 'b'))\")",
        "op.execute('insert into room values (1)')",
        "op.execute('create table stay (id int)')",
    ]);
    // A cache of its own: what other tests left must not help.
    let cache = project.path().join("cache").to_str().unwrap().to_owned();
    project.set("REBASELINE_CACHE", &cache);
    project
}

#[track_caller]
fn status(project: &Project, url: &str) -> Value {
    let run = project.rebaseline(&["--format", "json", "status", url]).exits(1);
    run.json()["targets"][0].clone()
}

#[tokio::test]
async fn a_database_is_found_by_its_catalog() {
    let old = project();
    let mut project = old.copy();
    let cache = project.path().join("cache").to_str().unwrap().to_owned();
    project.set("REBASELINE_CACHE", &cache);
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    let url = target.database("shop").await;
    old.alembic(&url, &["upgrade", "r3"]).exits(0);
    target.execute("shop", "update alembic_version set version_num = 'ffff'").await;
    let none = target.copy("shop", "none").await;
    target
        .execute("none", "drop table alembic_version; alter table guest add column note text")
        .await;
    target.execute("none", "create schema other; create table other.thing (id int)").await;

    // Without an index there is only the cut.
    let told = status(&project, &url);
    assert_eq!(told["nearest"]["revisions"], json!(["r5"]));
    assert_eq!(told["nearest"]["indexed"], false);
    let text = project.rebaseline(&["status", &url]).exits(1).stdout;
    assert!(text.contains("rebaseline index"), "{text}");

    let before = (target.dump("shop"), target.dump("none"));
    let run = project.rebaseline(&["--format", "json", "index"]).exits(0).json();
    assert_eq!(run["archives"][0]["outcome"], "indexed");
    assert_eq!(run["archives"][0]["revisions"], 5);
    assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
    let again = project.rebaseline(&["--format", "json", "index"]).exits(0).json();
    assert_eq!(again["archives"][0]["outcome"], "there");

    // r4 adds a row, which no catalog shows.
    let told = status(&project, &url);
    assert_eq!(told["nearest"]["revisions"], json!(["r3", "r4"]));
    assert_eq!(told["nearest"]["distance"], 0);
    assert_eq!(told["nearest"]["indexed"], true);
    // What it says to do does it.
    let help = told["help"].as_str().unwrap();
    assert!(help.starts_with("if it is at r3 (or at another of these"), "{help}");
    for (name, drop) in [("stands", ""), ("says_nothing", "drop table alembic_version")] {
        let url = target.copy("shop", name).await;
        target.execute(name, drop).await;
        let told = status(&project, &url);
        let (_, sql) = told["help"].as_str().unwrap().split_once("in SQL: ").unwrap();
        target.execute(name, sql.split_once(" then: ").unwrap().0).await;
        project.rebaseline(&["stamp", "--catch-up", "--yes", &url]).exits(0);
        assert_eq!(target.versions(name).await, ["fresh"]);
    }
    let told = status(&project, &none);
    assert_eq!(told["nearest"]["revisions"], json!(["r3", "r4"]));
    assert_eq!(told["nearest"]["distance"], 1);
    let text = project.rebaseline(&["status", &none]).exits(1).stdout;
    assert!(
        text.contains("its catalog is that of r3 or r4 but for 1 object: column `public.guest.note` is too much"),
        "{text}"
    );
    assert_eq!((target.dump("shop"), target.dump("none")), before);

    // Made by the baseline, an expression prints in another way, and counts as the same.
    let fresh = target.database("made").await;
    project.alembic(&fresh, &["upgrade", "head"]).exits(0);
    target.execute("made", "drop table alembic_version; drop table stay").await;
    let told = status(&project, &fresh);
    assert_eq!(told["nearest"]["revisions"], json!(["r3", "r4"]));
    assert_eq!(told["nearest"]["distance"], 0);

    // An empty database is nowhere, and one that cannot be reached neither.
    let empty = target.database("empty").await;
    assert!(status(&project, &empty)["nearest"].is_null());
    assert!(status(&project, &target.url("missing"))["nearest"].is_null());
}

#[test]
fn an_index_of_kept_and_several_squashes() {
    let project = project();
    project.squash(&["--keep", "2", "--revision-id", "one"]);
    project.revision("r6", &["r5"], "op.execute('create table bill (id int)')");
    project.squash(&["--revision-id", "two"]);
    let run = project.rebaseline(&["--format", "json", "index"]).exits(0).json();
    let counts: Vec<_> =
        run["archives"].as_array().unwrap().iter().map(|a| &a["revisions"]).collect();
    assert_eq!(counts, [3, 4]);
    let run = project.rebaseline(&["--format", "json", "index", "--again"]).exits(0).json();
    assert_eq!(run["archives"][1]["outcome"], "indexed");
}

#[test]
fn the_example_is_indexed() {
    let mut project = Project::example();
    let cache = project.path().join(".cache").to_str().unwrap().to_owned();
    project.set("REBASELINE_CACHE", &cache);
    project.squash(&[]);
    let run = project.rebaseline(&["--format", "json", "index"]).exits(0).json();
    assert_eq!(run["archives"][0]["revisions"], 74);
}
