//! Five hundred databases in all the states that there are, and a tool that is killed ten times at random moments: in
//! the end every outcome is right, and none is half-written.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use crate::support::project::Project;
use crate::support::target::Target;

/// A state: its name, how many databases are in it, how it is made of one with both heads, the outcome, a word of
/// the reason, and the rows at the end.
type State =
    (&'static str, usize, &'static str, &'static str, &'static str, &'static [&'static str]);

const STATES: [State; 10] = [
    ("at", 230, "", "stamped", "", &["fresh"]),
    (
        "there",
        30,
        "delete from alembic_version; insert into alembic_version values ('fresh')",
        "already_there",
        "",
        &["fresh"],
    ),
    (
        "behind",
        30,
        "delete from alembic_version; insert into alembic_version values ('root')",
        "refused",
        "behind the cut",
        &["root"],
    ),
    (
        "one",
        30,
        "delete from alembic_version where version_num = 'right'",
        "refused",
        "behind the cut",
        &["left"],
    ),
    (
        "unknown",
        30,
        "update alembic_version set version_num = 'f' || version_num",
        "refused",
        "neither the project",
        &["fleft", "fright"],
    ),
    (
        "drifted",
        30,
        "alter table room add column by_hand int",
        "refused",
        "column `public.room.by_hand`",
        &["left", "right"],
    ),
    ("empty", 20, "delete from alembic_version", "refused", "is empty", &[]),
    ("without", 30, "drop table alembic_version", "refused", "no version table", &[]),
    ("locked", 10, "", "refused", "locked", &["left", "right"]),
    ("missing", 30, "", "refused", "does not exist", &[]),
];

/// Nobody listens where these are.
const UNREACHABLE: usize = 30;

/// A small generator of numbers, so that a failure can be run again: the seed is in its message.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// The rows of a version table; none if there is no table.
async fn rows(target: &Target, name: &str) -> Vec<String> {
    let mut connection = target.connect(name).await;
    let query = "select version_num::text from alembic_version order by 1";
    match sqlx::query_scalar(query).fetch_all(&mut connection).await {
        Ok(rows) => rows,
        // undefined_table
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => Vec::new(),
        Err(error) => panic!("{name}: {error}"),
    }
}

/// Makes all of them; gives their URLs, one a line, and the sessions that hold locks.
async fn make(target: &Target) -> (String, Vec<PgConnection>) {
    let mut list = String::new();
    let mut locks = Vec::new();
    let mut server = target.connect("postgres").await;
    let version = "select current_setting('server_version_num')::int >= 150000";
    let new: bool = sqlx::query_scalar(version).fetch_one(&mut server).await.unwrap();
    // Twice as fast as the usual way.
    let strategy = if new { "strategy file_copy" } else { "" };
    for (state, count, sql, ..) in STATES {
        let mut from = "model".to_owned();
        if state != "missing" && !sql.is_empty() {
            from = format!("model_{state}");
            target.copy("model", &from).await;
            target.execute(&from, sql).await;
        }
        for name in (0..count).map(|number| format!("{state}-{number}")) {
            list += &format!("{}\n", target.url(&name));
            if state == "missing" {
                continue;
            }
            let create = format!("create database \"{name}\" template \"{from}\" {strategy}");
            sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut server).await.unwrap();
            if state == "locked" {
                let mut session = target.connect(&name).await;
                let lock = "begin; lock table alembic_version in access exclusive mode";
                sqlx::raw_sql(lock).execute(&mut session).await.unwrap();
                locks.push(session);
            }
        }
    }
    for number in 0..UNREACHABLE {
        list += &format!("postgresql://me:s3cret@127.0.0.1:1/unreachable-{number}\n");
    }
    (list, locks)
}

/// Asserts that each database was told what its state calls for, and has the rows that it should have.
async fn check(target: &Target, told: &BTreeMap<String, Value>, seed: u64) {
    for (state, count, _, outcome, word, wanted) in STATES {
        for name in (0..count).map(|number| format!("{state}-{number}")) {
            match told.get(&name) {
                // Stamped by a run that was killed before it could note it.
                Some(line) if state == "at" && line["outcome"] == "already_there" => {}
                Some(line) => {
                    assert_eq!(line["outcome"], outcome, "{line} with seed {seed}");
                    assert!(line["why"].as_str().unwrap_or_default().contains(word), "{line}");
                }
                None => assert_ne!(outcome, "refused", "{name} was left out, with seed {seed}"),
            }
            if state != "missing" {
                assert_eq!(rows(target, &name).await, wanted, "{name} with seed {seed}");
            }
        }
    }
    for name in (0..UNREACHABLE).map(|number| format!("unreachable-{number}")) {
        assert_eq!(told[&name]["outcome"], "refused");
        assert!(told[&name]["why"].as_str().unwrap().contains("cannot connect"), "{name}");
    }
}

#[tokio::test]
async fn five_hundred_databases_and_ten_kills() {
    let old = Project::bare();
    old.revision("root", &[], "op.execute('create table room (id int)')");
    old.revision("left", &["root"], "pass");
    old.revision("right", &["root"], "pass");
    let project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    let model = target.database("model").await;
    old.alembic(&model, &["upgrade", "heads"]).exits(0);
    let (list, locks) = make(&target).await;
    assert_eq!(list.lines().count(), 500);

    // Mixed, so that every moment has something of everything.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seed = u64::from(now.subsec_nanos()) | 1;
    let mut random = Random(seed);
    let mut lines: Vec<&str> = list.lines().collect();
    lines.sort_by_cached_key(|_| random.below(u64::MAX));
    project.write("all.txt", lines.join("\n"));
    let command = "--format jsonl stamp --targets all.txt --journal done.jsonl --lock-timeout 0.2 --retries 0";
    let arguments: Vec<&str> = command.split(' ').collect();
    let noted = || {
        let journal = std::fs::read_to_string(project.path().join("done.jsonl"));
        journal.unwrap_or_default().lines().count()
    };
    let mut done = vec![noted()];
    for number in 0..10 {
        let mut command = project.command(&arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if number % 2 == 0 {
            std::thread::sleep(Duration::from_millis(60 + random.below(500)));
        } else {
            // Somewhere in the middle, however slow the machine is.
            let wanted = noted() + usize::try_from(1 + random.below(30)).unwrap();
            while noted() < wanted && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        let _ = child.kill();
        child.wait().unwrap();
        done.push(noted());
        let name = format!("at-{}", random.below(230));
        let now = rows(&target, &name).await;
        assert!(now == ["fresh"] || now == ["left", "right"], "{name} with seed {seed}: {now:?}");
    }
    assert!(
        done.windows(2).any(|pair| pair[0] < pair[1]),
        "none was killed in its middle: {done:?}"
    );

    let run = project.rebaseline(&arguments).exits(1);
    let mut lines: Vec<Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = lines.pop().unwrap()["summary"].clone();
    let name = |line: &Value| {
        let place = line["target"].as_str().unwrap().split('/').nth(3).unwrap();
        place.split('?').next().unwrap().to_owned()
    };
    let told: BTreeMap<String, Value> = lines.into_iter().map(|line| (name(&line), line)).collect();
    let earlier = usize::try_from(summary["earlier"].as_u64().unwrap()).unwrap();
    assert!(earlier > 0 && told.len() + earlier == 500, "{summary} with seed {seed}");
    for session in locks {
        session.close().await.unwrap();
    }
    check(&target, &told, seed).await;
    let output = format!("{}{}", run.stdout, run.stderr);
    assert!(!output.contains("s3cret") && !project.read("done.jsonl").contains("s3cret"));
}
