//! Seed values that change from run to run: found, written so that each install gets its own, proved.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::project::{Project, Run};
use crate::support::target::Target;

/// The revision's body that runs these statements.
fn sql(all: &[&str]) -> String {
    all.iter()
        .map(|s| format!("op.get_bind().exec_driver_sql({s:?}, execution_options={{'no_parameters': True}})\n"))
        .collect()
}

/// The statements that fill tables, and the notes of the docstring.
fn written(project: &Project) -> String {
    let text = std::fs::read_to_string(project.baseline()).unwrap();
    let salt = "overlay(overlay(md5(current_setting('rebaseline.salt') || 'N') PLACING '4' FROM 13) PLACING '8' FROM 17)";
    let (before, after) = salt.split_once('N').unwrap();
    let notes = text.lines().skip_while(|line| !line.starts_with("Seed values"));
    let notes = notes.take_while(|line| !line.starts_with("Revision ID"));
    let rows = text
        .lines()
        .filter(|line| line.contains("INSERT INTO") || line.contains("rebaseline.salt'"));
    let lines: Vec<String> = notes
        .chain(rows)
        .map(|line| line.trim().replace(before, "SALT<").replace(after, ">"))
        .collect();
    lines.join("\n").trim().to_owned()
}

/// Class by column, as the result tells it.
fn classes(result: &Value) -> BTreeMap<String, String> {
    let told = result["volatile"].as_array().unwrap().iter();
    told.map(|t| {
        let column = t["column"].as_str().unwrap_or("*");
        (
            format!("{}.{column}", t["table"].as_str().unwrap()),
            t["class"].as_str().unwrap().to_owned(),
        )
    })
    .collect()
}

/// Installs the project in two fresh databases and gives the columns whose values differ.
async fn differing(project: &Project) -> Vec<String> {
    let target = Target::start().await;
    for name in ["one", "two"] {
        let url = target.database(name).await;
        project.alembic(&url, &["upgrade", "heads"]).exits(0);
    }
    let columns = "select format('%I.%I|%I', n.nspname, c.relname, a.attname) from pg_attribute a \
        join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace \
        where relkind = 'r' and nspname !~ '^pg_' and nspname <> 'information_schema' and attnum > 0 order by 1";
    let mut found = Vec::new();
    for column in target.column("one", columns).await {
        let (table, name) = column.split_once('|').unwrap();
        let query = format!("select coalesce({name}::text, 'NULL') from {table} order by ctid");
        if target.column("one", &query).await != target.column("two", &query).await {
            found.push(format!("{table}.{name}"));
        }
    }
    found
}

fn refused(project: &Project, arguments: &[&str], code: i32) -> Run {
    let before = project.tree();
    let run = project.rebaseline(&[&["squash"], arguments].concat()).exits(code);
    assert_eq!(project.tree(), before);
    assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
    run
}

const BY_SQL: [&str; 10] = [
    "CREATE TABLE a_member (id int PRIMARY KEY, team uuid, label text, score float DEFAULT random(), joined date)",
    "CREATE TABLE team (id uuid PRIMARY KEY, name text, made timestamptz DEFAULT now() NOT NULL, until timestamp(0))",
    "CREATE TABLE note (id uuid DEFAULT gen_random_uuid(), text jsonb, code text DEFAULT 'x' || md5(random()::text))",
    "INSERT INTO team SELECT gen_random_uuid(), n, now(), localtimestamp + interval '30 days' FROM unnest(ARRAY['red', 'blue']) n",
    "INSERT INTO a_member (id, team, label, joined) SELECT row_number() OVER (ORDER BY name), id, 'team ' || id, CURRENT_DATE FROM team",
    "INSERT INTO note (text) SELECT jsonb_build_object('team', id, 'at', now()) FROM team WHERE name = 'red'",
    "INSERT INTO note (text) VALUES ('{\"plain\": true}'), (NULL)",
    "INSERT INTO a_member (id, joined) VALUES (9, '2020-02-29')",
    "ALTER TABLE a_member ADD FOREIGN KEY (team) REFERENCES team",
    "CREATE TABLE stable (id uuid, at timestamptz); INSERT INTO stable VALUES ('7d444840-9dc0-41d1-b245-5ffdce74fad2', '2024-05-01 10:00+00')",
];

async fn values_of_sql(driver: &str) {
    let mut project = Project::chain(&[
        &sql(&BY_SQL[..9]),
        &sql(&BY_SQL[9..].iter().flat_map(|s| s.split("; ")).collect::<Vec<_>>()),
    ]);
    project.set("DATABASE_URL", &format!("postgresql+{driver}://u:s3cret@127.0.0.1:1/production"));
    if driver == "asyncpg" {
        project.write("migrations/env.py", crate::support::project::ENV_ASYNC);
    }
    let result = project.squash(&[]);
    assert_eq!(result["proof"]["offline"]["outcome"], "equal");
    if driver == "psycopg" {
        insta::assert_snapshot!(written(&project));
    }
    assert_eq!(result["volatile_schema"], serde_json::json!([]));
    let made = classes(&result);
    assert_eq!(made["public.team.made"], "default");
    assert_eq!(made["public.team.id"], "uuid");
    let mut changing: Vec<String> = made.into_keys().collect();
    // Dates, and times to the second, are equal in two installs that are made at once.
    changing.retain(|column| {
        !["public.a_member.joined", "public.team.until"].contains(&column.as_str())
    });
    let mut found = differing(&project).await;
    found.retain(|column| column != "public.team.until");
    assert_eq!(found, changing);
    let target = Target::start().await;
    let url = target.database("x").await;
    project.alembic(&url, &["upgrade", "heads"]).exits(0);
    let joined = "select count(*)::text from a_member m join team t on t.id = m.team where label = 'team ' || t.id";
    assert_eq!(target.column("x", joined).await, ["2"]);
    let versions = "select distinct substr(id::text, 15, 1) || substr(id::text, 20, 1) from team";
    assert_eq!(target.column("x", versions).await, ["48"]);
    let salt = "select coalesce(current_setting('rebaseline.salt', true), '')";
    assert_eq!(target.column("x", salt).await, [""]);
}

#[tokio::test]
async fn values_that_sql_makes() {
    values_of_sql("psycopg").await;
}

#[tokio::test]
async fn values_that_sql_makes_on_psycopg2() {
    values_of_sql("psycopg2").await;
}

#[tokio::test]
async fn values_that_sql_makes_on_asyncpg() {
    values_of_sql("asyncpg").await;
}

const BY_PYTHON: &str = r#"
import json, secrets, time, uuid
from datetime import date, datetime, timedelta, timezone
op.get_bind().exec_driver_sql("CREATE TABLE owner (id varchar(36) PRIMARY KEY, hex varchar(32), slug text UNIQUE)")
op.get_bind().exec_driver_sql("CREATE TABLE thing (n int, owner varchar(36) REFERENCES owner, naive timestamp, later timestamptz, "
    "day date, due date, iso text, doc json, epoch bigint, millis bigint, of_day time, ids uuid[], fixed text, spot tstzrange)")
key, other = uuid.uuid4(), uuid.uuid4()
op.execute(sa.text("INSERT INTO owner VALUES (:a, :b, :c)").bindparams(a=str(key), b=key.hex, c="shop-" + secrets.token_hex(4)))
now = datetime.now(timezone.utc)
for n in range(3):
    op.execute(sa.text("INSERT INTO thing VALUES (:n, :o, :na, :la, :d, :du, :i, CAST(:doc AS json), :e, :m, :t, CAST(:ids AS uuid[]), :f, CAST(:s AS tstzrange))").bindparams(
        n=n, o=str(key), na=now.replace(tzinfo=None), la=now + timedelta(days=30), d=date.today(),
        du=date.today() + timedelta(days=14), i=now.isoformat(), doc=json.dumps({"owner": str(key), "at": now.isoformat(timespec="seconds"), "it's": n}),
        e=int(time.time()), m=int(time.time() * 1000), t=now.time(), ids="{%s,%s}" % (key, other),
        f=str(uuid.uuid5(uuid.NAMESPACE_DNS, "x")), s="[%s,%s)" % (now, now + timedelta(hours=2))))
"#;

#[tokio::test]
async fn values_that_python_makes() {
    let project = Project::chain(&[BY_PYTHON]);
    let result = project.squash(&[]);
    assert_eq!(result["proof"]["offline"]["outcome"], "equal");
    insta::with_settings!({filters => vec![(r"shop-[0-9a-f]{8}", "shop-XXXXXXXX")]}, {
        insta::assert_snapshot!(written(&project));
    });
    let found = differing(&project).await;
    for column in [
        "public.owner.id",
        "public.owner.hex",
        "public.thing.ids",
        "public.thing.doc",
        "public.thing.iso",
    ] {
        assert!(found.contains(&column.to_owned()), "{column}: {found:?}");
    }
    for column in ["public.owner.slug", "public.thing.fixed", "public.thing.n"] {
        assert!(!found.contains(&column.to_owned()), "{column}");
    }
}

#[test]
fn what_cannot_be_made_again_is_refused_until_the_user_decides() {
    let body = sql(&[
        "CREATE TABLE settings (name text PRIMARY KEY, jwt_secret text, price float)",
        "INSERT INTO settings SELECT n, md5(random()::text), random() FROM unnest(ARRAY['a', 'b']) n",
        "INSERT INTO settings VALUES ('c', 'plain', 1)",
        "CREATE TABLE item (name text REFERENCES settings)",
        "INSERT INTO item VALUES ('a')",
    ]);
    let project = Project::chain(&[&body]);
    let run = refused(&project, &[], 1);
    insta::assert_snapshot!(
        run.stderr.lines().skip_while(|l| !l.starts_with("error")).collect::<Vec<_>>().join("\n")
    );
    // Decided for one of them only.
    let run = refused(&project, &["--freeze", "settings.price"], 1);
    assert!(
        run.stderr.contains("settings.jwt_secret: ") && !run.stderr.contains("settings.price: "),
        "{}",
        run.stderr
    );
    // Names that match nothing.
    for (arguments, wanted) in [
        (["--freeze", "settings.prices"], "--freeze names `settings.prices`, which is no column"),
        (["--drop-seed", "setting"], "--drop-seed names `setting`, which is no table"),
    ] {
        let run = refused(&project, &arguments, 2);
        assert!(run.stderr.contains(wanted), "{}", run.stderr);
        assert!(run.stderr.contains("public.settings"), "{}", run.stderr);
    }
    let run = refused(&project, &["--drop-seed", "public.settings"], 1);
    assert!(
        run.stderr.contains("public.item.name: its rows refer to rows of public.settings"),
        "{}",
        run.stderr
    );

    let frozen = project.copy();
    let result = frozen.squash(&["--freeze", "settings.price", "--freeze", "settings.jwt_secret"]);
    assert_eq!(classes(&result)["public.settings.price"], "frozen");
    assert!(written(&frozen).is_empty() || !written(&frozen).contains("SALT"));

    let dropped = project.copy();
    let result = dropped.squash(&["--drop-seed", "settings", "--drop-seed", "item"]);
    assert_eq!(result["schema"]["seed_rows"], 0);
    assert_eq!(classes(&result)["public.settings.*"], "dropped");

    project.write(
        "rebaseline.toml",
        "[seed]\n\"settings.jwt_secret\" = \"md5(gen_random_uuid()::text)\"\n\"public.settings.price\" = \"NULL\"\n",
    );
    project.squash(&[]);
    insta::assert_snapshot!(written(&project));
}

#[test]
fn an_expression_may_take_the_place_of_what_never_changes() {
    let body =
        sql(&["CREATE TABLE t (id int, secret text)", "INSERT INTO t VALUES (1, 'x'), (2, NULL)"]);
    for more in [&[][..], &["--once"]] {
        let project = Project::chain(&[&body]);
        project.write("rebaseline.toml", "[seed]\n\"t.secret\" = \"'changed'\"\n");
        project.squash(more);
        let text = std::fs::read_to_string(project.baseline()).unwrap();
        assert!(
            text.contains("VALUES (1, 'changed')") && text.contains("VALUES (2, NULL)"),
            "{text}"
        );
    }
    let project = Project::chain(&[&body]);
    project.write("rebaseline.toml", "[seed]\n\"t.secret\" = \"no_such_function()\"\n");
    let run = project.rebaseline(&["squash"]).exits(4);
    assert!(run.stderr.contains("no_such_function"), "{}", run.stderr);
    project.write("rebaseline.toml", "[seed]\n\"t.nothing\" = \"1\"\n");
    assert!(refused(&project, &[], 2).stderr.contains("[seed] names `t.nothing`"));
}

#[test]
fn once_freezes_everything_and_says_so() {
    let project = Project::chain(&[&sql(&BY_SQL[..9])]);
    let run = project.rebaseline(&["squash", "--once"]).exits(0);
    assert!(run.stderr.contains("--once"), "{}", run.stderr);
    let text = std::fs::read_to_string(project.baseline()).unwrap();
    assert!(!text.contains("rebaseline.salt") && !text.contains("DEFAULT,"), "{text}");
}

#[test]
fn frozen_keys() {
    let project = Project::chain(&[&sql(&BY_SQL[..9])]);
    let result = project.squash(&["--frozen-keys"]);
    let made = classes(&result);
    assert_eq!(made["public.team.id"], "frozen");
    assert_eq!(made["public.a_member.label"], "frozen");
    assert_eq!(made["public.team.made"], "default");
    assert!(!std::fs::read_to_string(project.baseline()).unwrap().contains("rebaseline.salt"));
}

#[test]
fn a_uuid_that_the_schema_holds_stays() {
    let body = r#"
import uuid
key = uuid.uuid4()
op.get_bind().exec_driver_sql("CREATE TABLE org (id uuid PRIMARY KEY)")
op.get_bind().exec_driver_sql(f"INSERT INTO org VALUES ('{key}'), ('{uuid.uuid4()}')")
op.get_bind().exec_driver_sql(f"CREATE TABLE person (id int, org uuid DEFAULT '{key}' REFERENCES org)")
op.get_bind().exec_driver_sql("INSERT INTO person VALUES (1)")
"#;
    let project = Project::chain(&[body]);
    let result = project.squash(&[]);
    assert_eq!(classes(&result)["public.person.org"], "frozen");
    let schema = result["volatile_schema"].to_string();
    assert!(schema.contains("public.person"), "{schema}");
    let run = project.rebaseline(&["undo"]);
    run.exits(0);
}

#[test]
fn schema_that_depends_on_the_run_is_told() {
    let body = r#"
from datetime import date, datetime
op.get_bind().exec_driver_sql("CREATE TABLE event (day date, made timestamp DEFAULT '%s') PARTITION BY RANGE (day)" % datetime.now())
op.get_bind().exec_driver_sql("CREATE TABLE event_%s PARTITION OF event DEFAULT" % date.today().strftime("%Y_%m_%d"))
op.get_bind().exec_driver_sql("CREATE TABLE memo (text text)")
op.get_bind().exec_driver_sql("INSERT INTO memo VALUES ('written on %s')" % date.today())
"#;
    let project = Project::chain(&[body]);
    let run = project.rebaseline(&["--format", "json", "squash"]).exits(0);
    let result = run.json();
    let told = result["volatile_schema"].as_array().unwrap();
    assert!(
        told.iter()
            .any(|t| t.as_str().unwrap().contains("differs from run to run: made timestamp")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|t| t.as_str().unwrap().contains("it holds the date of the run")),
        "{told:?}"
    );
    assert_eq!(classes(&result)["public.memo.text"], "dated");
    assert!(run.stderr.contains("public.memo.text: 'written on "), "{}", run.stderr);
    let text = std::fs::read_to_string(project.baseline()).unwrap();
    assert!(text.contains("The schema depends on when the history runs"));
}

#[tokio::test]
async fn a_default_that_froze_the_time_is_no_drift() {
    let body = r#"
from datetime import datetime
now = datetime.now()
op.get_bind().exec_driver_sql("CREATE TABLE memo (seen timestamp DEFAULT '%s', day date DEFAULT '%s')" % (now, now.date()))
"#;
    let project = Project::chain(&[body]);
    let target = Target::start().await;
    let (old, other) = (target.database("old").await, target.database("other").await);
    project.alembic(&old, &["upgrade", "heads"]).exits(0);
    project.alembic(&other, &["upgrade", "heads"]).exits(0);
    // As if it had been built on another day.
    target.execute("old", "ALTER TABLE memo ALTER day SET DEFAULT '2001-02-03'").await;
    target.execute("other", "ALTER TABLE memo ALTER seen SET NOT NULL").await;
    project.squash(&["--revision-id", "new"]);
    let run = project.rebaseline(&["stamp", &old]).exits(0);
    assert!(run.stdout.contains("each run of the history makes it differently"), "{}", run.stdout);
    let run = project.rebaseline(&["stamp", &other]).exits(1);
    assert!(run.stdout.contains("memo.seen`: not null"), "{}", run.stdout);
}

#[test]
fn rows_in_another_order_and_another_number() {
    let body = sql(&[
        "CREATE TABLE team (id uuid PRIMARY KEY, name text)",
        "CREATE TABLE a_seat (team uuid REFERENCES team, kind text)",
        "INSERT INTO team SELECT gen_random_uuid(), 'team ' || n FROM generate_series(1, 40) n",
        "INSERT INTO a_seat SELECT id, 'plain' FROM team ORDER BY id",
    ]);
    let one = Project::chain(&[&body]);
    let two = one.copy();
    for project in [&one, &two] {
        project.squash(&[]);
    }
    assert_eq!(written(&one), written(&two));
    let project = Project::chain(&[&sql(&[
        "CREATE TABLE dice (n int)",
        "INSERT INTO dice SELECT n FROM generate_series(1, (EXTRACT(epoch FROM clock_timestamp()) * 1000000)::bigint % 997 + 1) n",
    ])]);
    let run = refused(&project, &[], 1);
    assert!(run.stderr.contains("public.dice: one replay made"), "{}", run.stderr);
    let project = project.copy();
    project.squash(&["--drop-seed", "dice"]);
}

#[test]
fn a_calendar_holds_today_by_chance() {
    let project = Project::chain(&[&sql(&[
        "CREATE TABLE calendar (day date PRIMARY KEY)",
        "INSERT INTO calendar SELECT d::date FROM generate_series(date '2020-01-01', date '2039-12-31', interval '1 day') d",
    ])]);
    let result = project.squash(&[]);
    assert_eq!(
        classes(&result),
        BTreeMap::from([("public.calendar.day".to_owned(), "dated".to_owned())])
    );
}

/// The history, whose second replay in this folder fails: which of both that is, time tells.
const ONCE_ONLY: &str = r#"
import os, time
try:
    os.mkdir("first")
except FileExistsError:
    TWIN
"#;

#[test]
fn a_history_that_cannot_run_twice_at_once() {
    // It waits until the first one is through, so that only the other one fails, whichever it is.
    let body =
        ONCE_ONLY.replace("TWIN", "time.sleep(1); raise ValueError('somebody else was here')");
    let project = Project::chain(&[&body]);
    let run = project.rebaseline(&["squash"]).exits(3);
    assert!(run.stderr.contains("ValueError: somebody else was here"), "{}", run.stderr);
    assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
    let project = Project::chain(&[&body]);
    project.rebaseline(&["squash", "--once"]).exits(0);
}

#[test]
fn a_second_replay_that_fails_is_told_as_such() {
    // Until the first replay's own folder is known, the one whose folder is the other one is the twin.
    let body = r#"
import os, time
host = op.get_bind().exec_driver_sql("SHOW unix_socket_directories").scalar()
open(os.path.join(os.environ["MEETING"], str(os.stat(host).st_ctime_ns)), "w").close()
time.sleep(0.7)
others = sorted(int(name) for name in os.listdir(os.environ["MEETING"]))
if len(others) > 1 and os.stat(host).st_ctime_ns == others[-1]:
    raise ValueError("this is the younger server")
"#;
    let mut project = Project::chain(&[body]);
    let meeting = tempfile::tempdir().unwrap();
    project.set("MEETING", meeting.path().to_str().unwrap());
    let run = project.rebaseline(&["squash"]).exits(3);
    assert!(
        run.stderr.contains("error: the history could be replayed, but not a second time: "),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("this is the younger server"), "{}", run.stderr);
    assert!(run.stderr.contains("--once"), "{}", run.stderr);
    assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
}

/// What the proof says of a baseline whose statements are changed like this.
#[track_caller]
fn caught(old: &str, new: &str, object: &str) {
    let project = Project::chain(&[&sql(&[
        "CREATE TABLE parent (id uuid PRIMARY KEY, name text)",
        "INSERT INTO parent SELECT gen_random_uuid(), n FROM unnest(ARRAY['a', 'b']) n",
        "CREATE TABLE child (parent uuid REFERENCES parent, day date, at timestamptz, code text DEFAULT md5(random()::text))",
        "INSERT INTO child SELECT id, CURRENT_DATE, now() + interval '2 hours' FROM parent WHERE name = 'a'",
    ])]);
    project.write("wrong/baseline.py.tera", super::mutations::mutated(old, Some(new)));
    let run = project.rebaseline(&["squash", "--templates", "wrong"]);
    let run = run.exits(4);
    assert!(run.stderr.contains(object), "{}", run.stderr);
}

const REFERENCE: &str = "child (parent, day, at, code) VALUES (overlay(overlay(md5(current_setting('rebaseline.salt') || '1')";

#[test]
fn wrong_values_that_change_are_caught_by_the_proof() {
    caught("CURRENT_DATE", "date '2020-01-01'", "rows of public.child: row");
    caught("CURRENT_DATE", "NULL", "rows of public.child: row");
    caught("now() + interval '2 hours'", "NULL", "rows of public.child: row");
    caught("now() + interval '2 hours'", "now()", "rows of public.child: row");
    caught(", DEFAULT)", ", NULL)", "rows of public.child: row");
}

#[test]
fn wrong_references_are_caught_by_the_proof() {
    caught(REFERENCE, &REFERENCE.replace("'1'", "'2'"), "rows of public.child: row");
    caught(REFERENCE, &REFERENCE.replace("'1'", "'3'"), "child_parent_fkey");
    caught(
        "gen_random_uuid()::text, false)",
        "'the same in every run', false)",
        "offline: rows of public.parent: row",
    );
}

#[test]
fn a_partial_squash_with_values_that_change_on_both_sides_of_the_cut() {
    let project = Project::chain(&[
        &sql(&BY_SQL[..9]),
        &sql(&[
            "INSERT INTO team VALUES (gen_random_uuid(), 'green')",
            "UPDATE a_member SET score = random() WHERE id = 1",
        ]),
    ]);
    let result = project.squash(&["--keep", "1"]);
    assert_eq!(result["history"]["kept"], 1);
}

#[tokio::test]
async fn one_baseline_for_each_base() {
    let project = Project::bare();
    let team = sql(&[
        "CREATE TABLE team (id uuid PRIMARY KEY, made timestamptz)",
        "INSERT INTO team SELECT gen_random_uuid(), now() FROM generate_series(1, 2)",
        "CREATE TABLE seat (team uuid REFERENCES team)",
        "INSERT INTO seat SELECT id FROM team",
    ]);
    project.revision("a1", &[], &team);
    // What refers to another baseline's uuids keeps them, and so does that baseline.
    let guest = sql(&[
        "CREATE TABLE guest (id uuid PRIMARY KEY, host uuid)",
        "INSERT INTO guest SELECT gen_random_uuid(), id FROM team ORDER BY ctid LIMIT 1",
    ]);
    project.revision("b1", &[], &guest);
    let file = project.read("migrations/versions/b1_.py");
    project.write(
        "migrations/versions/b1_.py",
        file.replace("depends_on = None", "depends_on = 'a1'"),
    );
    let result = project.squash(&["--per-branch"]);
    let made = classes(&result);
    assert_eq!(made["public.guest.host"], "frozen", "{made:?}");
    assert_eq!(made["public.guest.id"], "uuid", "{made:?}");
    assert_eq!(made["public.team.made"], "now", "{made:?}");
    let target = Target::start().await;
    let url = target.database("x").await;
    project.alembic(&url, &["upgrade", "heads"]).exits(0);
    let joined =
        "select count(*)::text from guest join team on team.id = host join seat on team = host";
    assert_eq!(target.column("x", joined).await, ["1"]);
}

#[test]
fn the_example_squashes_twice_to_the_same_bytes() {
    let trees: Vec<_> = (0..2)
        .map(|_| {
            let mut project = Project::example();
            project.set("SOURCE_DATE_EPOCH", "1700000000");
            project.rebaseline(&["squash"]).exits(0);
            project.tree()
        })
        .collect();
    crate::support::assert_same_tree(&trees[0], &trees[1]);
}
