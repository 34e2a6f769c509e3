//! Readiness probes: the right answer in every state of the version table and of the database, fast, and at the
//! cost of one connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::listener::Listener;
use crate::support::pooler::Pooler;
use crate::support::project::Project;
use crate::support::target::Target;

/// `r1 -> r2 -> r3`
fn chain() -> Project {
    Project::chain(&["op.execute('create table room (id int)')", "pass", "pass"])
}

/// What `status --health` says, and whether its exit code fits.
#[track_caller]
fn probe(project: &Project, url: &str) -> Value {
    let started = Instant::now();
    let run = project.rebaseline(&["status", "--health", "--connect-timeout", "1", url]);
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(run.stdout.lines().count(), 1, "{run:?}");
    let told = run.json();
    let keys =
        ["status", "db_connected", "migrations_current", "current_revision", "expected_revision"];
    assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), keys);
    let ready = told["status"] == "ready";
    assert_eq!(run.code, Some(i32::from(!ready)), "{run:?}");
    assert!(ready || told["status"] == "unhealthy");
    told
}

fn answer(ready: bool, connected: bool, current: Option<&str>, expected: &str) -> Value {
    json!({
        "status": if ready { "ready" } else { "unhealthy" },
        "db_connected": connected,
        "migrations_current": ready,
        "current_revision": current,
        "expected_revision": expected,
    })
}

#[tokio::test]
async fn five_states_of_the_version_table_and_a_database_that_is_down() {
    let mut project = chain();
    let target = Target::start().await;
    let head = target.database("head").await;
    project.alembic(&head, &["upgrade", "head"]).exits(0);
    assert_eq!(probe(&project, &head), answer(true, true, Some("r3"), "r3"));
    for (name, sql, current) in [
        ("behind", "update alembic_version set version_num = 'r2'", Some("r2")),
        ("unknown", "update alembic_version set version_num = 'ffff'", Some("ffff")),
        ("two", "insert into alembic_version values ('r2')", Some("r2,r3")),
        ("empty", "delete from alembic_version", None),
        ("missing", "drop table alembic_version", None),
        ("columns", "alter table alembic_version rename version_num to number", None),
    ] {
        let url = target.copy("head", name).await;
        target.execute(name, sql).await;
        assert_eq!(probe(&project, &url), answer(false, true, current, "r3"), "{name}");
    }
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    for url in [
        "postgresql://me:s3cret@127.0.0.1:1/x",
        &format!("postgresql://127.0.0.1:{port}/x"),
        &target.url("nowhere"),
    ] {
        assert_eq!(probe(&project, url), answer(false, false, None, "r3"), "{url}");
    }
    // Locked by a migration: the answer comes in time, and the next one is right again.
    let mut other = target.connect("head").await;
    let mut transaction = other.begin().await.unwrap();
    let lock = "lock table alembic_version in access exclusive mode";
    sqlx::raw_sql(lock).execute(&mut *transaction).await.unwrap();
    assert_eq!(probe(&project, &head), answer(false, true, None, "r3"));
    transaction.rollback().await.unwrap();
    other.close().await.unwrap();

    // Several heads, and a version table of another name in a schema of its own.
    project.revision("r4", &["r2"], "pass");
    let url = target.copy("head", "heads").await;
    assert_eq!(probe(&project, &url), answer(false, true, Some("r3"), "r3,r4"));
    project.alembic(&url, &["upgrade", "heads"]).exits(0);
    assert_eq!(probe(&project, &url), answer(true, true, Some("r3,r4"), "r3,r4"));
    let sql = "create schema admin; alter table alembic_version set schema admin; \
               alter table admin.alembic_version rename to revision";
    target.execute("heads", sql).await;
    let run =
        project.rebaseline(&["status", "--health", "--version-table", "admin.revision", &url]);
    assert_eq!(run.exits(0).json()["status"], "ready");

    // Files that cannot be read, and a URL that is none: an answer all the same.
    project.set("BROKEN_URL", "postgresql://me:s3cret@host:port/x");
    let told = probe(&project, "env:BROKEN_URL");
    assert_eq!((&told["status"], &told["expected_revision"]), (&json!("unhealthy"), &Value::Null));
    project.revision("r5", &["nowhere"], "pass");
    assert_eq!(probe(&project, &url)["expected_revision"], Value::Null);
}

#[tokio::test]
async fn a_probe_is_about_one_database_and_says_how_to_name_another_table() {
    let project = chain();
    let target = Target::start().await;
    let url = target.database("shop").await;
    project.write("shops.txt", &url);
    for more in [
        &[][..],
        &[url.as_str(), url.as_str()],
        &["--targets", "shops.txt"],
        &[&url, "--targets", "shops.txt"],
    ] {
        let run = project.rebaseline(&[&["status", "--health"], more].concat()).exits(2);
        assert!(run.stderr.contains("a health check is about one database"), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    let run = project.rebaseline(&["status", "--health", &url]).exits(1);
    let why = "there is no version table alembic_version; if it has another name or schema: --version-table";
    assert!(run.stderr.contains(why), "{}", run.stderr);
    // The server's words, and no line of its source.
    target.execute("shop", "create table alembic_version (number int)").await;
    let run = project.rebaseline(&["status", "--health", &url]).exits(1);
    assert!(
        run.stderr.trim_end().ends_with("column \"version_num\" does not exist"),
        "{}",
        run.stderr
    );
}

/// A running `rebaseline health`.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(project: &Project, arguments: &[&str]) -> Self {
        let all =
            [&["health", "--listen", "127.0.0.1:0", "--connect-timeout", "1"], arguments].concat();
        let mut child = project.command(&all).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let (_, rest) = line.split_once("http://").unwrap_or_else(|| panic!("{line}"));
        let address = rest.split('/').next().unwrap().to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends a request as it is; gives the answer as it is.
    fn send(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The status code and the body of a request.
    fn ask(&self, request: &str) -> (u16, String) {
        let answer = self.send(&format!("{request} HTTP/1.1\r\nHost: here\r\n\r\n"));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}"));
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Waits until `/healthz` answers with this code; gives the body.
    #[track_caller]
    fn waits_for(&self, code: u16) -> Value {
        let started = Instant::now();
        loop {
            let (found, body) = self.ask("GET /healthz");
            if found == code {
                return serde_json::from_str(&body).unwrap();
            }
            assert!(started.elapsed() < Duration::from_secs(20), "still {found}: {body}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many sessions of rebaseline's a server has.
async fn sessions(target: &Target) -> u32 {
    let query = "select count(*)::text from pg_stat_activity where application_name = 'rebaseline' \
                 and datname = 'shop'";
    target.column("postgres", query).await[0].parse().unwrap()
}

#[tokio::test]
async fn a_hundred_probes_a_second_for_ten_seconds_keep_one_connection() {
    let project = chain();
    let target = Target::start().await;
    let shop = target.database("shop").await;
    project.alembic(&shop, &["upgrade", "head"]).exits(0);
    let served = Served::start(&project, &[&shop, "--interval", "0.2"]);
    served.waits_for(200);
    let started = "select backend_start::text from pg_stat_activity where application_name = 'rebaseline' and datname = 'shop'";
    let first = target.column("postgres", started).await;
    assert_eq!(first.len(), 1);
    let began = Instant::now();
    for number in 0..1000_u32 {
        assert_eq!(served.ask("GET /healthz").0, 200);
        if number % 100 == 0 {
            assert_eq!(target.column("postgres", started).await, first);
        }
        let next = began + Duration::from_millis(10) * (number + 1);
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    assert_eq!(target.column("postgres", started).await, first);
}

#[tokio::test]
async fn the_server_answers_http_and_follows_the_database() {
    let project = chain();
    let target = Target::start().await;
    let shop = target.database("shop").await;
    project.alembic(&shop, &["upgrade", "r2"]).exits(0);
    let mut served = Served::start(&project, &[&shop, "--interval", "0.2"]);
    let started = Instant::now();
    while served.waits_for(503)["current_revision"] != "r2" {
        assert!(started.elapsed() < Duration::from_secs(20));
    }
    assert_eq!(served.waits_for(503), answer(false, true, Some("r2"), "r3"));
    project.alembic(&shop, &["upgrade", "head"]).exits(0);
    assert_eq!(served.waits_for(200), answer(true, true, Some("r3"), "r3"));

    assert_eq!(served.ask("HEAD /healthz"), (200, String::new()));
    assert_eq!(served.ask("GET /healthz?verbose").0, 200);
    assert_eq!(served.ask("GET /").0, 404);
    assert_eq!(served.ask("GET /healthz/x").0, 404);
    assert_eq!(served.ask("POST /healthz").0, 405);

    // Who sends nothing, or garbage, or without end, keeps nobody else waiting.
    let idle: Vec<TcpStream> = (0..200).map(|_| served.connect()).collect();
    let mut slow = served.connect();
    slow.write_all(b"GET /heal").unwrap();
    for garbage in [
        "\u{0}\u{1}\u{2}\r\n\r\n",
        "GET\r\n\r\n",
        "* * *\n\n",
        &format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000)),
    ] {
        let mut stream = served.connect();
        // It may be cut off before all is sent.
        let _ = stream.write_all(garbage.as_bytes());
        let _ = stream.read_to_end(&mut Vec::new());
        assert_eq!(served.ask("GET /healthz").0, 200);
    }
    let mut rest = Vec::new();
    // After five seconds it is closed, without or with a word.
    let _ = slow.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&rest));
    drop(idle);

    // The server ends our session, as a restart does: the next check has a new one, and one only.
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'shop'";
    target.execute("postgres", end).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(served.waits_for(200)["status"], "ready");
    assert_eq!(sessions(&target).await, 1);
    // No new session is let in, and the old one is ended: the database is down until it is let in again.
    target.execute("postgres", "alter database shop with allow_connections false").await;
    target.execute("postgres", end).await;
    assert_eq!(served.waits_for(503), answer(false, false, None, "r3"));
    target.execute("postgres", "alter database shop with allow_connections true").await;
    assert_eq!(served.waits_for(200)["status"], "ready");

    Project::signal(&served.child, Signal::TERM);
    let started = Instant::now();
    let code = loop {
        match served.child.try_wait().unwrap() {
            Some(status) => break status.code(),
            None => assert!(started.elapsed() < Duration::from_secs(30)),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(code, Some(0));
}

#[tokio::test]
async fn behind_a_pooler_and_where_it_cannot_listen() {
    let project = chain();
    let target = Target::start().await;
    let shop = target.database("shop").await;
    project.alembic(&shop, &["upgrade", "head"]).exits(0);
    let pooler = Pooler::start(target.host(), 1);
    let served = Served::start(&project, &[&pooler.url("shop"), "--interval", "0.1"]);
    served.waits_for(200);
    // The pooler's one session is free between the checks.
    for _ in 0..10 {
        assert_eq!(probe(&project, &pooler.url("shop"))["status"], "ready");
    }
    let listener = Listener::start();
    let taken = format!("127.0.0.1:{}", listener.port());
    let run = project.rebaseline(&["health", &shop, "--listen", &taken]).exits(3);
    assert!(run.stderr.contains("cannot listen on"), "{}", run.stderr);
}
