//! What is there besides, and nobody's business but the database's.

use serde_json::{Value, json};

use super::{assert_says, one, shop, squashed};

/// Reason and object of each note.
fn noted(told: &Value) -> Vec<String> {
    let notes = told["catalog"]["noted"].as_array().unwrap();
    let told = |note: &Value| {
        format!("{}: {}", note["because"].as_str().unwrap(), note["told"].as_str().unwrap())
    };
    notes.iter().map(told).collect()
}

#[tokio::test]
async fn what_the_history_does_not_own_is_told_and_does_not_count() {
    let (old, project) = squashed(&["--revision-id", "fresh"]);
    let (target, shop) = shop(&old).await;
    let others = "
        create role another_application; create schema audit; create table audit.log (id serial, what text);
        create view audit.rooms as select * from public.room; create extension if not exists hstore schema audit;
        create publication changes; create event trigger watch on sql_drop execute function public.g();
        grant usage on schema audit to another_application; alter role reader set search_path = audit;
        grant execute on function pg_catalog.pg_read_file(text) to another_application;
        select lo_create(4711)";
    let function = "create function g() returns event_trigger language plpgsql as 'begin end'";
    target.execute("shop", function).await;
    target.execute("shop", others).await;
    let told = one(&project, &["stamp"], &shop, 1);
    // In a schema of the history an extra object counts.
    assert_says(&told, "why", &["1 object differs: function `public.g()` is too much"]);
    let expected = [
        "not_of_the_history: event trigger `watch` is too much",
        "not_of_the_history: extension `hstore` is too much",
        "not_of_the_history: publication `changes` is too much",
        "not_of_the_history: schema `audit` is too much",
        "not_of_the_history: system object `function pg_catalog.pg_read_file(pg_catalog.text)` is too much",
    ];
    let found = noted(&told);
    for expected in expected {
        assert!(
            found.iter().any(|note| note.starts_with(&expected[..40])),
            "{expected}: {found:?}"
        );
    }
    assert_eq!(found.len(), expected.len(), "{found:?}");
    project.write(
        "rebaseline.toml",
        "[scratch]\nroles = [\"reader\"]\n[stamp]\nignore = [\"public.g(*\", \"public.tmp_*\"]\n",
    );
    target.execute("shop", "create table tmp_import (id serial primary key, v text)").await;
    let told = one(&project, &["stamp"], &shop, 0);
    assert_eq!(told["outcome"], "stamped");
    let ignored: Vec<_> =
        noted(&told).into_iter().filter(|note| note.starts_with("ignored")).collect();
    assert_eq!(
        ignored,
        [
            "ignored: function `public.g()` is too much",
            "ignored: sequence `public.tmp_import_id_seq` is too much",
            "ignored: table `public.tmp_import` is too much",
        ]
    );
    let text = project.rebaseline(&["status", &shop]).exits(0).stdout;
    assert!(text.contains("note: ignored by rebaseline.toml: function `public.g()`; "), "{text}");
    assert!(text.contains("note: not of the history: event trigger `watch`; "), "{text}");
}

#[tokio::test]
async fn what_the_history_makes_cannot_be_ignored() {
    let (old, project) = squashed(&[]);
    let (target, shop) = shop(&old).await;
    project.write("rebaseline.toml", "[stamp]\nignore = [\"*\"]\n");
    target.execute("shop", "create table more (id int)").await;
    assert_eq!(one(&project, &["stamp"], &shop, 0)["outcome"], "already_there");
    target
        .execute("shop", "alter table stay add more int; alter table room alter name drop default")
        .await;
    let told = one(&project, &["stamp"], &shop, 1);
    assert_says(&told, "why", &["1 object differs: column `public.room.name`: default"]);
    assert_eq!(told["found"], json!(["r3"]));
    project.write("rebaseline.toml", "[stamp]\nignore = [\"a***\"]\n");
    let run = project.rebaseline(&["stamp", &shop]).exits(2);
    assert!(run.stderr.contains("`a***` under [stamp] ignore is no pattern"), "{}", run.stderr);
}
