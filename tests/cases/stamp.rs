//! `stamp` and `status` on real databases: wherever a database stands, it is brought to the baseline in
//! one transaction, or it is refused and stays as it is.

use serde_json::Value;
use sqlx::Connection;

use crate::support::project::{ENV_SYNC, Project, Run};
use crate::support::target::Target;

const KEYS: [&str; 10] = [
    "target", "outcome", "found", "expected", "missing", "ghosts", "catalog", "why", "help",
    "seconds",
];

/// Three revisions in a chain: `r1 -> r2 -> r3`.
fn chain() -> Project {
    Project::chain(&[
        "op.execute('create table room (id int primary key)')",
        "op.execute('create table guest (id int primary key)')",
        "op.execute('create table stay (id int primary key)')",
    ])
}

/// The lines of a report, each with exactly the agreed keys.
#[track_caller]
fn told(run: &Run) -> Vec<Value> {
    let report = run.json();
    let targets = report["targets"].as_array().unwrap().clone();
    for told in &targets {
        // Where the version table says too little, `status` adds what the catalog says.
        let keys = told.as_object().unwrap().keys().filter(|key| *key != "nearest");
        assert_eq!(keys.collect::<Vec<_>>(), KEYS);
        assert!(told["seconds"].is_number());
        let refused = told["outcome"] == "refused";
        assert_eq!(told["why"].is_string(), refused, "{told}");
        assert_eq!(told["help"].is_string(), refused, "{told}");
        assert!(refused || told["catalog"].is_object(), "{told}");
    }
    targets
}

#[track_caller]
fn outcomes(run: &Run) -> Vec<String> {
    told(run).iter().map(|told| told["outcome"].as_str().unwrap().to_owned()).collect()
}

/// `rebaseline --format json VERB URL...`
fn report(project: &Project, verb: &[&str], urls: &[&str]) -> Run {
    project.rebaseline(&[&["--format", "json"], verb, urls].concat())
}

#[track_caller]
fn assert_says(told: &Value, field: &str, word: &str) {
    assert!(told[field].as_str().unwrap().contains(word), "{field} without {word:?}: {told}");
}

#[tokio::test]
async fn a_kept_id_needs_no_stamp_and_other_places_are_refused() {
    let old = chain();
    let project = old.copy();
    project.squash(&[]);
    let target = Target::start().await;
    let behind = target.database("behind").await;
    old.alembic(&behind, &["upgrade", "r2"]).exits(0);
    let head = target.copy("behind", "head").await;
    old.alembic(&head, &["upgrade", "head"]).exits(0);
    project.revision("r4", &["r3"], "op.execute('create table bill (id int)')");
    let later = target.copy("head", "later").await;
    project.alembic(&later, &["upgrade", "head"]).exits(0);
    let unknown = target.copy("head", "unknown").await;
    target.execute("unknown", "update alembic_version set version_num = 'ffff'").await;
    let none = target.database("none").await;
    let empty = target.copy("head", "empty").await;
    target.execute("empty", "delete from alembic_version").await;

    let urls = [&behind, &head, &later, &unknown, &none, &empty].map(String::as_str);
    for verb in [&["stamp"][..], &["stamp", "--dry-run"], &["status"]] {
        let run = report(&project, verb, &urls).exits(1);
        let told = told(&run);
        let expected =
            ["refused", "already_there", "already_there", "refused", "refused", "refused"];
        assert_eq!(outcomes(&run), expected);
        // In the order of the arguments.
        for (told, name) in told.iter().zip(["behind", "head", "later", "unknown", "none", "empty"])
        {
            assert_says(told, "target", &format!("/{name}?"));
            assert_eq!(told["expected"], "r3");
        }
        assert_eq!(told[0]["found"], serde_json::json!(["r2"]));
        assert_says(&told[0], "why", "behind");
        assert_says(&told[0], "help", "--catch-up");
        assert_eq!(told[2]["found"], serde_json::json!(["r4"]));
        assert_eq!(told[3]["found"], serde_json::json!(["ffff"]));
        assert_says(&told[3], "why", "ffff");
        assert_eq!(told[4]["found"], Value::Null);
        assert_says(&told[4], "why", "no version table");
        assert_eq!(told[5]["found"], serde_json::json!([]));
        assert_says(&told[5], "why", "empty");
    }
    assert_eq!(target.versions("behind").await, ["r2"]);
    assert_eq!(target.versions("head").await, ["r3"]);
    assert_eq!(target.versions("later").await, ["r4"]);
    assert_eq!(target.versions("unknown").await, ["ffff"]);
    assert_eq!(target.versions("empty").await, Vec::<String>::new());
    let tables = "select relname::text from pg_class where relname ~ 'alembic'";
    assert_eq!(target.column("none", tables).await, Vec::<String>::new());

    let text = project.rebaseline(&["stamp", &head, &behind]).exits(1).stdout;
    assert!(text.contains("already there") && text.contains("refused"), "{text}");
    assert!(text.contains("why: ") && text.contains("help: "), "{text}");
    assert!(text.contains("(found r2)"), "{text}");
    project.rebaseline(&["stamp", &head]).exits(0);
}

#[tokio::test]
async fn a_new_id_is_stamped_once() {
    let old = chain();
    let project = old.copy();
    let result = project.squash(&["--revision-id", "fresh"]);
    assert_eq!(result["baseline"]["revision"], "fresh");
    let target = Target::start().await;
    let shop = target.database("shop").await;
    old.alembic(&shop, &["upgrade", "head"]).exits(0);

    for verb in [&["status"][..], &["stamp", "--dry-run"]] {
        let run = report(&project, verb, &[&shop]).exits(0);
        assert_eq!(outcomes(&run), ["would_stamp"]);
        assert_eq!(told(&run)[0]["found"], serde_json::json!(["r3"]));
        assert_eq!(target.versions("shop").await, ["r3"]);
    }
    let run = report(&project, &["stamp"], &[&shop]).exits(0);
    assert_eq!(outcomes(&run), ["stamped"]);
    assert_eq!(told(&run)[0]["found"], serde_json::json!(["r3"]));
    assert_eq!(told(&run)[0]["expected"], "fresh");
    assert_eq!(target.versions("shop").await, ["fresh"]);
    let again = report(&project, &["stamp"], &[&shop]).exits(0);
    assert_eq!(outcomes(&again), ["already_there"]);
    assert_eq!(target.versions("shop").await, ["fresh"]);

    // The project's own Alembic goes on from there.
    let current = project.alembic(&shop, &["current"]).exits(0).stdout;
    assert!(current.contains("fresh (head)"), "{current}");
    project.revision("r9", &["fresh"], "op.execute('create table bill (id int)')");
    project.alembic(&shop, &["upgrade", "head"]).exits(0);
    assert_eq!(outcomes(&report(&project, &["stamp"], &[&shop]).exits(0)), ["already_there"]);
    assert_eq!(target.versions("shop").await, ["r9"]);
}

#[tokio::test]
async fn forty_databases_at_once_and_bad_ones_among_them() {
    let old = chain();
    let project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    let first = target.database("first").await;
    old.alembic(&first, &["upgrade", "head"]).exits(0);
    let mut urls = Vec::new();
    for number in 0..40 {
        urls.push(target.copy("first", &format!("shop_{number}")).await);
    }
    // A port where nobody listens, and a database that is not there.
    urls.insert(10, "postgresql://me:s3cret@127.0.0.1:1/closed".to_owned());
    urls.insert(30, target.url("missing"));
    let arguments: Vec<&str> = urls.iter().map(String::as_str).collect();
    let run = report(&project, &["stamp", "--jobs", "8"], &arguments).exits(1);
    let told = told(&run);
    assert_eq!(told.len(), 42);
    for (number, told) in told.iter().enumerate() {
        let refused = number == 10 || number == 30;
        assert_eq!(told["outcome"], if refused { "refused" } else { "stamped" }, "{told}");
        let name = urls[number].rsplit('/').find(|part| part.contains("shop_"));
        if let Some(name) = name.and_then(|part| part.split('?').next()) {
            assert_says(told, "target", &format!("/{name}?"));
        }
    }
    assert_says(&told[10], "target", "closed");
    assert_says(&told[10], "why", "cannot connect");
    assert_says(&told[10], "why", "refused");
    assert_says(&told[30], "why", "missing");
    assert!(!format!("{}{}", run.stdout, run.stderr).contains("s3cret"));
    for number in 0..40 {
        assert_eq!(target.versions(&format!("shop_{number}")).await, ["fresh"]);
    }
}

#[tokio::test]
async fn two_heads_are_joined() {
    let old = Project::bare();
    old.revision("root", &[], "op.execute('create table room (id int)')");
    old.revision("left", &["root"], "op.execute('create table guest (id int)')");
    old.revision("right", &["root"], "op.execute('create table stay (id int)')");
    let project = old.copy();
    let result = project.squash(&[]);
    let id = result["baseline"]["revision"].as_str().unwrap().to_owned();
    assert!(!["root", "left", "right"].contains(&id.as_str()));
    let target = Target::start().await;
    let one = target.database("one").await;
    old.alembic(&one, &["upgrade", "left"]).exits(0);
    let both = target.copy("one", "both").await;
    old.alembic(&both, &["upgrade", "heads"]).exits(0);

    let run = report(&project, &["stamp"], &[&one, &both]).exits(1);
    assert_eq!(outcomes(&run), ["refused", "stamped"]);
    assert_eq!(told(&run)[0]["found"], serde_json::json!(["left"]));
    assert_says(&told(&run)[0], "why", "behind");
    assert_eq!(told(&run)[1]["found"], serde_json::json!(["left", "right"]));
    assert_eq!(target.versions("one").await, ["left"]);
    assert_eq!(target.versions("both").await, [id.as_str()]);
    project.alembic(&both, &["upgrade", "head"]).exits(0);
    assert_eq!(outcomes(&report(&project, &["stamp"], &[&both]).exits(0)), ["already_there"]);
}

#[tokio::test]
async fn the_version_table_of_env_py_is_the_one_that_is_stamped() {
    let old = chain();
    let table = "configure(version_table='schema_revision', version_table_schema='admin', ";
    old.write(
        "migrations/env.py",
        ENV_SYNC.replace("context.configure(", &format!("context.{table}")),
    );
    old.write(
        "migrations/versions/r1_.py",
        old.read("migrations/versions/r1_.py")
            .replace("create table room", "create table public.room"),
    );
    let project = old.copy();
    let prelude = project.path().join("prelude.sql");
    project.write("prelude.sql", "create schema admin;");
    project.squash(&["--revision-id", "fresh", "--scratch-sql", prelude.to_str().unwrap()]);
    let target = Target::start().await;
    let shop = target.database("shop").await;
    // Another tool's table of the usual name must be left alone.
    let sql = "create schema admin; create table alembic_version (version_num text); \
               insert into alembic_version values ('other')";
    target.execute("shop", sql).await;
    old.alembic(&shop, &["upgrade", "head"]).exits(0);
    // It is none of this history's, and lies in its schema.
    let refused = report(&project, &["stamp"], &[&shop]).exits(1);
    assert_says(&told(&refused)[0], "why", "table `public.alembic_version` is too much");
    let accept = ["stamp", "--accept-drift", "table public.alembic_version"];
    assert_eq!(outcomes(&report(&project, &accept, &[&shop]).exits(0)), ["stamped"]);
    let rows = target.column("shop", "select version_num::text from admin.schema_revision").await;
    assert_eq!(rows, ["fresh"]);
    assert_eq!(target.versions("shop").await, ["other"]);
    project.alembic(&shop, &["upgrade", "head"]).exits(0);
}

#[tokio::test]
async fn a_locked_version_table_is_refused_and_the_others_are_stamped() {
    let old = chain();
    let project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    let locked = target.database("locked").await;
    old.alembic(&locked, &["upgrade", "head"]).exits(0);
    let free = target.copy("locked", "free").await;
    let mut other = target.connect("locked").await;
    let mut transaction = other.begin().await.unwrap();
    sqlx::raw_sql("lock table alembic_version in access exclusive mode")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let verb = ["stamp", "--lock-timeout", "0.3"];
    let run = report(&project, &verb, &[&locked, &free]).exits(1);
    assert_eq!(outcomes(&run), ["refused", "stamped"]);
    assert_says(&told(&run)[0], "why", "locked");
    assert_says(&told(&run)[0], "help", "--lock-timeout");
    let status = report(&project, &["status", "--lock-timeout", "0.3"], &[&locked]).exits(1);
    assert_says(&told(&status)[0], "why", "locked");
    transaction.rollback().await.unwrap();
    assert_eq!(target.versions("locked").await, ["r3"]);
    assert_eq!(target.versions("free").await, ["fresh"]);
    assert_eq!(outcomes(&report(&project, &verb, &[&locked]).exits(0)), ["stamped"]);
}

#[tokio::test]
async fn targets_from_variables_and_files_and_passwords_stay_hidden() {
    let old = chain();
    let mut project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    let one = target.database("one").await;
    old.alembic(&one, &["upgrade", "head"]).exits(0);
    let names = ["two", "three"];
    for name in names {
        target.copy("one", name).await;
    }
    let secret = |name: &str| target.url(name).replace("postgres@", "postgres:s3cret@");
    project.set("SHOP_URL", &secret("two"));
    let list = format!("# all shops\n\n  {}\nenv:SHOP_URL\n", secret("three"));
    project.write("shops.txt", list);
    let run = project.rebaseline(&[
        "-vv",
        "--format",
        "json",
        "stamp",
        &secret("one"),
        "env:SHOP_URL",
        "--targets",
        "shops.txt",
    ]);
    let run = run.exits(0);
    assert!(!run.stdout.contains("s3cret") && !run.stderr.contains("s3cret"));
    let told = told(&run);
    for (told, name) in told.iter().zip(["one", "two", "three"]) {
        assert_says(told, "target", &format!("/{name}?"));
    }
    // Two of them are the same database: it is done once.
    assert_eq!(outcomes(&run), ["stamped", "stamped", "stamped"]);
    assert!(run.stderr.contains("named more than once"), "{}", run.stderr);
    // A time that is none is a usage error as well.
    for flag in ["--lock-timeout=inf", "--connect-timeout=1e300", "--lock-timeout=-1"] {
        let run = project.rebaseline(&["stamp", flag, "env:SHOP_URL"]);
        assert_eq!(run.code, Some(2), "{flag}: {}", run.stderr);
        assert!(run.stderr.contains(flag.split('=').next().unwrap()), "{}", run.stderr);
    }
}

#[test]
fn targets_that_cannot_be_meant_are_a_usage_error() {
    let mut project = chain();
    project.set("BROKEN_URL", "postgresql://me:s3cret@host:port/x");
    for (arguments, words) in [
        (&["stamp"][..], &["no database was named"][..]),
        (&["status"], &["no database was named"]),
        (&["stamp", "env:MISSING_URL"], &["MISSING_URL", "not set"]),
        (&["stamp", "env:BROKEN_URL"], &["BROKEN_URL"]),
        (&["stamp", "--jobs", "0", "postgresql://me@host/x"], &["--jobs", "1.."]),
        (&["status", "--jobs", "-1", "postgresql://me@host/x"], &["-1"]),
        (&["stamp", "--targets", "nowhere.txt"], &["nowhere.txt"]),
        (&["stamp", "mysql+pymysql://me:s3cret@host/x"], &["mysql", "not PostgreSQL"]),
        (&["stamp", "me:s3cret@host/x"], &["postgresql://"]),
    ] {
        let run = project.rebaseline(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}: {}", run.stderr);
        for word in words {
            assert!(run.stderr.contains(word), "{arguments:?} without {word:?}: {}", run.stderr);
        }
        assert!(!format!("{}{}", run.stdout, run.stderr).contains("s3cret"), "{}", run.stderr);
    }
    // No archive: nobody knows what the baseline stands for.
    let run = project.rebaseline(&["stamp", "postgresql://me@127.0.0.1:1/x"]).exits(1);
    assert!(run.stderr.contains("there is no archive"), "{}", run.stderr);
    assert!(run.stderr.contains("rebaseline squash"), "{}", run.stderr);
}
