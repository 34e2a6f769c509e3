//! Many databases at once: which ones are meant, what is told of each, and a second run that does what is left.

mod five_hundred;

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::support::pooler::Pooler;
use crate::support::project::{Project, Run};
use crate::support::target::Target;

/// A squashed project whose baseline is `fresh`, and a server with the database `shop` at the cut.
async fn shop() -> (Project, Target, String) {
    let old = Project::chain(&["op.execute('create table room (id int)')", "pass"]);
    let project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    let url = target.database("shop").await;
    old.alembic(&url, &["upgrade", "head"]).exits(0);
    (project, target, url)
}

/// `rebaseline --format json VERB...`
fn report(project: &Project, arguments: &[&str]) -> Run {
    project.rebaseline(&[&["--format", "json"], arguments].concat())
}

#[track_caller]
fn outcomes(run: &Value) -> Vec<&str> {
    let targets = run["targets"].as_array().unwrap();
    targets.iter().map(|told| told["outcome"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn databases_and_schemas_by_pattern() {
    let (project, target, shop) = shop().await;
    for name in ["tenant_1", "tenant_2", "tenant_template", "tenant_closed", "tenantx"] {
        target.copy("shop", name).await;
    }
    target.execute("postgres", "alter database tenant_template is_template true").await;
    target.execute("postgres", "alter database tenant_closed allow_connections false").await;
    let server = target.url("postgres");
    let pattern = ["stamp", "--databases", r"tenant\_%"];
    let run = report(&project, &[&pattern[..], &[&server]].concat()).exits(0).json();
    assert_eq!(outcomes(&run), ["stamped", "stamped"]);
    assert!(run["targets"][1]["target"].as_str().unwrap().contains("/tenant_2?"), "{run}");
    assert_eq!(target.versions("tenantx").await, ["r2"]);
    assert_eq!(target.versions("tenant_template").await, ["r2"]);

    // Schemas with a version table of their own; one without, and one of another name.
    let sql = "create schema tenant_a; create schema tenant_b; create schema tenant_none; create schema other; \
               create table tenant_a.alembic_version as table alembic_version; \
               create table tenant_b.alembic_version as table alembic_version; \
               create table other.alembic_version as table alembic_version;";
    target.execute("shop", sql).await;
    target.execute("tenantx", "create schema tenant_c; create table tenant_c.alembic_version as table alembic_version").await;
    let closed = "postgresql://me:s3cret@127.0.0.1:1/x";
    let all = [
        "stamp",
        "--no-drift-check",
        "--schemas",
        "tenant%",
        "--retries",
        "0",
        &shop,
        closed,
        &target.url("tenantx"),
    ];
    let run = report(&project, &all).exits(1).json();
    // The database that could not be asked is told, and nothing in it is guessed.
    assert_eq!(outcomes(&run), ["refused", "stamped", "stamped", "stamped"]);
    assert!(run["targets"][0]["target"].as_str().unwrap().contains("127.0.0.1:1"), "{run}");
    assert!(run["targets"][1]["target"].as_str().unwrap().ends_with("schema tenant_a"), "{run}");
    let rows = "select version_num::text from tenant_a.alembic_version union all \
                select version_num::text from tenant_b.alembic_version union all \
                select version_num::text from other.alembic_version union all \
                select version_num::text from public.alembic_version";
    assert_eq!(target.column("shop", rows).await, ["fresh", "fresh", "r2", "r2"]);
    // Both at once: the one database with such a schema.
    let both =
        ["status", "--no-drift-check", "--databases", "tenantx", "--schemas", "tenant_%", &server];
    assert_eq!(outcomes(&report(&project, &both).exits(0).json()), ["already_there"]);

    for (arguments, words) in [
        (&["--databases", "no_such_%", &server][..], &["no database is LIKE 'no_such_%'"][..]),
        (&["--schemas", "no_such_%", &server], &["no schema with a version table is LIKE"]),
        (&["--databases", "a%", &server, &shop], &["one URL", "2 were named"]),
    ] {
        let run = project.rebaseline(&[&["stamp"], arguments].concat()).exits(2);
        for word in words {
            assert!(run.stderr.contains(word), "{}", run.stderr);
        }
    }
    assert_eq!(target.versions("shop").await, ["r2"]);
}

/// A server may be the one of `--scratch-url` too: what a squash has made there is none of the fleet.
#[tokio::test]
async fn scratch_databases_are_no_targets() {
    let (project, target, shop) = shop().await;
    let scratch = target.copy("shop", "rebaseline_scratch_1_0_history").await;
    let run = report(&project, &["stamp", &scratch, &shop]).exits(1).json();
    assert_eq!(outcomes(&run), ["refused", "stamped"]);
    assert!(run["targets"][0]["why"].as_str().unwrap().contains("scratch database"), "{run}");
    assert_eq!(target.versions("rebaseline_scratch_1_0_history").await, ["r2"]);
    let alone = report(&project, &["status", &scratch]).exits(1).json();
    assert_eq!(outcomes(&alone), ["refused"]);
    let all = ["status", "--databases", "%s%", &target.url("postgres")];
    let run = report(&project, &all).json();
    let names: Vec<_> =
        run["targets"].as_array().unwrap().iter().map(|t| t["target"].to_string()).collect();
    assert!(names.iter().any(|name| name.contains("/shop?")), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("scratch")), "{names:?}");
}

#[tokio::test]
async fn a_target_that_is_named_twice_is_told_and_done_once() {
    let (project, target, shop) = shop().await;
    let other = format!("host={} dbname=shop user=postgres port=5432", target.host());
    project.write("shops.txt", format!("{shop}\n{}\n", target.url("none")));
    let run = report(&project, &["stamp", &shop, &other, "--targets", "shops.txt"]).exits(1);
    let told = run.json();
    assert_eq!(outcomes(&told), ["stamped", "refused"]);
    assert_eq!(told["summary"]["repeated"], 2);
    assert_eq!(run.stderr.matches("named more than once, done once").count(), 2, "{}", run.stderr);
}

#[tokio::test]
async fn each_database_is_told_as_it_ends() {
    let (project, target, shop) = shop().await;
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let hangs = format!("postgresql://me:s3cret@127.0.0.1:{port}/x");
    let arguments =
        ["--format", "jsonl", "stamp", "--connect-timeout", "30", "--timeout", "6", &hangs, &shop];
    let mut child = project.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let first = next();
    // The other one is waited for still.
    assert_eq!(child.try_wait().unwrap(), None);
    assert_eq!(first["outcome"], "stamped");
    let second = next();
    assert_eq!(second["outcome"], "refused");
    assert!(second["why"].as_str().unwrap().contains("not done within 6 s"), "{second}");
    assert!(second["seconds"].as_f64().unwrap() >= 6.0, "{second}");
    let last = next();
    assert_eq!(last["summary"]["outcomes"], json!({ "refused": 1, "stamped": 1 }));
    assert_eq!(last["summary"]["slowest"][0]["target"], second["target"]);
    assert!(!format!("{second}{last}").contains("s3cret"));
    assert!(lines.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(target.versions("shop").await, ["fresh"]);

    let text = project.rebaseline(&["stamp", &shop, &target.url("none")]).exits(1).stdout;
    assert!(
        text.contains("2 databases in ") && text.contains("1 already there, 1 refused"),
        "{text}"
    );
}

#[tokio::test]
async fn fail_fast_begins_with_no_other_database() {
    let (project, target, shop) = shop().await;
    let other = target.copy("shop", "other").await;
    let arguments = ["stamp", "--fail-fast", "--jobs", "1", &shop, &target.url("none"), &other];
    let run = report(&project, &arguments).exits(1).json();
    assert_eq!(outcomes(&run), ["stamped", "refused", "not_tried"]);
    assert_eq!(target.versions("other").await, ["r2"]);
    let rest = report(&project, &["stamp", &other]).exits(0).json();
    assert_eq!(outcomes(&rest), ["stamped"]);
}

#[tokio::test]
async fn a_connection_that_fails_is_tried_again() {
    let (project, target, _shop) = shop().await;
    let address = crate::support::network::address();
    let url = Pooler::url_at(&address, "shop");
    let command = ["--format", "json", "stamp", "--retries", "6", &url];
    let child = project.command(&command).stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(600));
    let _pooler = Pooler::start_at(&address, target.host(), 2);
    let run: Run = child.wait_with_output().unwrap().into();
    assert_eq!(outcomes(&run.exits(0).json()), ["stamped"]);
    // A database that is not there will not be there in a moment.
    let started = Instant::now();
    let run = report(&project, &["stamp", "--retries", "6", &target.url("none")]).exits(1);
    assert!(started.elapsed() < Duration::from_secs(7), "{run:?}");
}

/// A stamp that has its turn, and waits for the version table, which the connection keeps locked.
async fn waiting_for_the_table(
    project: &Project,
    target: &Target,
    shop: &str,
) -> (PgConnection, Child) {
    let mut holder = target.connect("shop").await;
    let lock = "begin; lock table alembic_version in share row exclusive mode";
    sqlx::raw_sql(lock).execute(&mut holder).await.unwrap();
    let command = ["--format", "json", "stamp", "--lock-timeout", "60", shop];
    let child = project.command(&command).stdout(Stdio::piped()).spawn().unwrap();
    let waiting = "select count(*)::text from pg_stat_activity where wait_event_type = 'Lock'";
    target.until(waiting, &["1"]).await;
    (holder, child)
}

#[tokio::test]
async fn two_runs_at_once_take_turns() {
    let (project, target, shop) = shop().await;
    let (holder, first) = waiting_for_the_table(&project, &target, &shop).await;
    // The first has its turn already, and waits for the table. The second waits for its turn.
    let held = "select count(*)::text from pg_locks where locktype = 'advisory' and granted";
    assert_eq!(target.column("postgres", held).await, ["1"]);
    let second = report(&project, &["stamp", "--lock-timeout", "0.3", &shop]).exits(1).json();
    assert!(second["targets"][0]["why"].as_str().unwrap().contains("locked"), "{second}");
    holder.close().await.unwrap();
    let first: Run = first.wait_with_output().unwrap().into();
    assert_eq!(outcomes(&first.exits(0).json()), ["stamped"]);
    assert_eq!(target.column("postgres", held).await, ["0"]);
}

#[tokio::test]
async fn ctrl_c_and_kill_leave_a_database_as_it_was() {
    let (project, target, shop) = shop().await;
    for (signal, code) in [(Signal::INT, Some(130)), (Signal::KILL, None)] {
        let mut other = target.connect("shop").await;
        let mut transaction = other.begin().await.unwrap();
        let lock = "lock table alembic_version in share row exclusive mode";
        sqlx::raw_sql(lock).execute(&mut *transaction).await.unwrap();
        let command = ["stamp", "--lock-timeout", "60", &shop];
        let child = project
            .command(&command)
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let waiting = "select count(*)::text from pg_stat_activity where wait_event_type = 'Lock'";
        target.until(waiting, &["1"]).await;
        Project::signal(&child, signal);
        let run: Run = child.wait_with_output().unwrap().into();
        assert_eq!(run.code, code, "{run:?}");
        if code.is_some() {
            assert!(
                run.stderr.contains("each database is stamped, or as it was"),
                "{}",
                run.stderr
            );
        }
        transaction.rollback().await.unwrap();
        other.close().await.unwrap();
        // The server needs a moment to see that its client is gone.
        let sessions = "select count(*)::text from pg_stat_activity where application_name = 'rebaseline' and datname = 'shop'";
        target.until(sessions, &["0"]).await;
        assert_eq!(target.versions("shop").await, ["r2"]);
    }
}

/// `shop` is done, `locked` is worked on, `later` waits for its turn.
#[tokio::test]
async fn an_interruption_tells_what_was_done() {
    let (project, target, shop) = shop().await;
    target.copy("shop", "original").await;
    let lock = "lock table alembic_version in access exclusive mode";
    for (format, verb, done) in [
        ("json", "status", "would_stamp"),
        ("text", "stamp", "stamped"),
        ("jsonl", "stamp", "already_there"),
    ] {
        let (locked, later) = (format!("locked_{format}"), format!("later_{format}"));
        let urls = [
            &shop,
            &target.copy("original", &locked).await,
            &target.copy("original", &later).await,
        ];
        let mut other = target.connect(&locked).await;
        let mut transaction = other.begin().await.unwrap();
        sqlx::raw_sql(lock).execute(&mut *transaction).await.unwrap();
        let command = [
            "--format",
            format,
            verb,
            "--jobs",
            "1",
            "--lock-timeout",
            "60",
            urls[0],
            urls[1],
            urls[2],
        ];
        let mut command = project.command(&command);
        let child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // In this database: the session of the round before may still be there.
        let waiting = format!(
            "select count(*)::text from pg_stat_activity where wait_event_type = 'Lock' and datname = '{locked}'"
        );
        target.until(&waiting, &["1"]).await;
        Project::signal(&child, Signal::INT);
        let run = Run::from(child.wait_with_output().unwrap()).exits(130);
        transaction.rollback().await.unwrap();
        assert!(run.stderr.contains("error: interrupted by Ctrl-C"), "{}", run.stderr);
        let counts = json!({ "interrupted": 1, "not_tried": 1, done: 1 });
        match format {
            "json" => {
                let told = run.json();
                assert_eq!(outcomes(&told), [done, "interrupted", "not_tried"]);
                let why = told["targets"][2]["why"].as_str().unwrap();
                assert!(why.contains("before its turn"), "{why}");
                assert_eq!(told["summary"]["outcomes"], counts);
                assert_eq!(told["summary"]["interrupted"], "Ctrl-C");
                assert!(run.stderr.contains("nothing was changed"), "{}", run.stderr);
            }
            "jsonl" => {
                let last: Value = serde_json::from_str(run.stdout.lines().last().unwrap()).unwrap();
                assert_eq!(run.stdout.lines().count(), 4, "{}", run.stdout);
                assert_eq!(last["summary"]["outcomes"], counts);
            }
            _ => {
                assert!(
                    run.stdout.contains("1 interrupted, 1 not tried, 1 stamped"),
                    "{}",
                    run.stdout
                );
                assert!(
                    run.stdout.contains("it was stamped whole, or not at all"),
                    "{}",
                    run.stdout
                );
                // Thousands of databases that were not begun are a number.
                assert!(!run.stdout.contains(&later), "{}", run.stdout);
                assert!(
                    run.stderr.contains("each database is stamped, or as it was"),
                    "{}",
                    run.stderr
                );
            }
        }
        assert_eq!(target.versions(&locked).await, ["r2"]);
        assert_eq!(target.versions(&later).await, ["r2"]);
    }
    assert_eq!(target.versions("shop").await, ["fresh"]);
}

#[tokio::test]
async fn a_connection_that_is_lost_in_the_middle_is_told_so() {
    let (project, target, shop) = shop().await;
    let (holder, child) = waiting_for_the_table(&project, &target, &shop).await;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rebaseline' and wait_event_type = 'Lock'";
    target.execute("postgres", end).await;
    let told = Run::from(child.wait_with_output().unwrap()).exits(1).json();
    holder.close().await.unwrap();
    let told = &told["targets"][0];
    assert_eq!(
        told["why"],
        "the connection was lost: terminating connection due to administrator command"
    );
    assert_eq!(told["help"], "nothing was written: run the same command again");
    assert_eq!(target.versions("shop").await, ["r2"]);
}

#[tokio::test]
async fn a_bad_line_of_a_file_is_refused_by_itself() {
    let (project, target, shop) = shop().await;
    let lines = format!("\u{feff}{shop}\r\nme:s3cret@host/y\r\n# ours\r\nenv:NO_SUCH_URL\r\n");
    project.write("shops.txt", lines);
    let run = report(&project, &["stamp", "--targets", "shops.txt", "--fail-fast"]).exits(1);
    assert_eq!(outcomes(&run.json()), ["refused", "refused", "not_tried"]);
    let run = report(&project, &["stamp", "--targets", "shops.txt"]).exits(1);
    let told = run.json();
    assert_eq!(outcomes(&told), ["refused", "refused", "stamped"]);
    for (number, (target, why)) in [
        ("line 2 of shops.txt", "it names no database: "),
        ("line 4 of shops.txt", "`NO_SUCH_URL` is not set"),
    ]
    .into_iter()
    .enumerate()
    {
        let told = &told["targets"][number];
        assert_eq!(told["target"], target);
        assert!(told["why"].as_str().unwrap().contains(why), "{told}");
        assert!(told["help"].as_str().unwrap().contains("postgresql://USER@HOST/DB"), "{told}");
    }
    assert!(!format!("{}{}", run.stdout, run.stderr).contains("s3cret"), "{run:?}");
    assert_eq!(target.versions("shop").await, ["fresh"]);
    // Bad lines alone, and a pattern: nobody is asked.
    project.write("bad.txt", "me@host\n");
    let run = report(&project, &["stamp", "--targets", "bad.txt", "--databases", "%"]).exits(1);
    assert_eq!(outcomes(&run.json()), ["refused"]);
}

#[tokio::test]
async fn an_accepted_name_that_means_nothing_anywhere_is_told_once() {
    let (project, target, shop) = shop().await;
    let other = target.copy("shop", "other").await;
    target.execute("other", "create index by_hand on room (id)").await;
    let accept = ["status", "--accept-drift", "public.by_hand", "--accept-drift", "public.gone"];
    let run = project.rebaseline(&[&accept[..], &[&shop, &other]].concat()).exits(0);
    let note = "note: accepted, but it differs on no database: public.gone";
    assert_eq!(run.stdout.matches("differs on no database").count(), 1, "{}", run.stdout);
    assert!(run.stdout.contains(note), "{}", run.stdout);
    let told = report(&project, &[&accept[..], &[&shop, &other]].concat()).exits(0).json();
    assert_eq!(told["summary"]["unmatched"], json!(["public.gone"]));
}

#[tokio::test]
async fn a_journal_of_another_squash_or_of_another_run_is_refused() {
    let (project, target, shop) = shop().await;
    let journal = ["stamp", "--journal", "done.jsonl"];
    let with = |url: &str| report(&project, &[&journal[..], &[url]].concat());
    let none = target.url("none");
    assert_eq!(outcomes(&with(&none).exits(1).json()), ["refused"]);
    assert_eq!(outcomes(&with(&shop).exits(0).json()), ["stamped"]);
    let again = with(&shop).exits(0).json();
    assert_eq!((outcomes(&again).len(), &again["summary"]["earlier"]), (0, &json!(1)));
    // What was refused is left, and not noted as done.
    assert_eq!(outcomes(&with(&none).exits(1).json()), ["refused"]);
    let text = project.read("done.jsonl");
    assert_eq!(text.lines().count(), 2, "{text}");

    let first = text.lines().next().unwrap().replace("fresh", "older");
    project.write("done.jsonl", format!("{first}\n"));
    let run = with(&shop).exits(1);
    assert!(run.stderr.contains("belongs to another squash (baseline older)"), "{}", run.stderr);
    project.write("notes.txt", "my notes\n");
    let run = project.rebaseline(&["stamp", "--journal", "notes.txt", &shop]).exits(1);
    assert!(run.stderr.contains("is no journal"), "{}", run.stderr);
    assert_eq!(project.read("notes.txt"), "my notes\n");
}
