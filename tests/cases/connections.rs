//! Connections as people have them: through PgBouncer, encrypted and checked, by files of libpq, to several hosts.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::network::{self, Authority};
use crate::support::pooler::Pooler;
use crate::support::project::{ENV_ASYNC, ENV_SYNC, Project, Run};
use crate::support::target::Target;

/// A squashed project of two revisions, whose baseline is `fresh`, and the project before.
fn squashed() -> (Project, Project) {
    let old = Project::chain(&["op.execute('create table room (id int)')", "pass"]);
    let project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    (old, project)
}

/// `rebaseline --format json status URL`: what is said of the one database.
#[track_caller]
fn status(project: &Project, url: &str) -> Value {
    let run = project.rebaseline(&["--format", "json", "status", "--retries", "0", url]);
    assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
    run.json()["targets"][0].clone()
}

#[track_caller]
fn connects(project: &Project, url: &str) {
    let told = status(project, url);
    assert_eq!(told["outcome"], "would_stamp", "{url}: {told}");
}

#[track_caller]
fn refused(project: &Project, url: &str, word: &str) {
    let told = status(project, url);
    assert_eq!(told["outcome"], "refused", "{url}: {told}");
    assert!(told["why"].as_str().unwrap().contains(word), "{url}: {told}");
}

#[tokio::test]
async fn stamp_status_and_health_work_behind_pgbouncer_in_transaction_mode() {
    let (old, project) = squashed();
    let target = Target::start().await;
    let direct = target.database("shop").await;
    old.alembic(&direct, &["upgrade", "head"]).exits(0);
    // Forty version tables in one database, all of them behind two sessions.
    let schemas: String = (0..40)
        .map(|n| {
            format!(
                "create schema tenant_{n}; create table tenant_{n}.alembic_version (version_num varchar(32) \
                 primary key); insert into tenant_{n}.alembic_version values ('r2');"
            )
        })
        .collect();
    target.execute("shop", &schemas).await;
    let pooler = Pooler::start(target.host(), 2);
    let url = pooler.url("shop");
    // They hold nothing else, so there is no catalog to compare.
    let schemas = ["--schemas", "tenant_%", "--jobs", "16", "--no-drift-check"];
    let all = |verb: &'static str| [&["--format", "json", verb, &url], &schemas[..]].concat();
    for (verb, outcome) in
        [("status", "would_stamp"), ("stamp", "stamped"), ("stamp", "already_there")]
    {
        let run = project.rebaseline(&all(verb)).exits(0).json();
        assert_eq!(run["summary"]["outcomes"], serde_json::json!({ outcome: 40 }), "{run}");
    }
    let health = |url: &str| -> Run { project.rebaseline(&["status", "--health", url]) };
    health(&url).exits(1);
    project.rebaseline(&["stamp", &url]).exits(0);
    health(&url).exits(0);
    // Nothing is left behind on the sessions that others use next.
    let left = target
        .column("shop", "select count(*)::text from pg_stat_activity where query ~ 'alembic_version' and state like 'idle in%'")
        .await;
    assert_eq!(left, ["0"]);
}

/// A server with a certificate of a private authority for its first address; it listens on a second one too.
struct Encrypted {
    target: Target,
    folder: tempfile::TempDir,
    addresses: [String; 2],
    authority: Authority,
}

impl Encrypted {
    async fn start() -> Self {
        let folder = network::open_folder();
        let addresses = [network::address(), network::address()];
        let authority = Authority::new(folder.path(), "authority");
        let (certificate, key) = authority.issue(folder.path(), "server", &[&addresses[0]]);
        network::give_to_server(&key);
        let hba = folder.path().join("pg_hba.conf");
        let rules = "local all all trust\n\
                     host all scrammed all scram-sha-256\n\
                     hostssl all certified all cert\n\
                     hostssl all postgres all trust\n";
        std::fs::write(&hba, rules).unwrap();
        let settings = vec![
            format!("listen_addresses={}", addresses.join(",")),
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", certificate.display()),
            format!("ssl_key_file={}", key.display()),
            format!("ssl_ca_file={}", authority.certificate.display()),
            format!("hba_file={}", hba.display()),
        ];
        let target = Target::start_with(None, settings).await;
        Self { target, folder, addresses, authority }
    }
}

/// The migrations of a catch-up are led to the same database, by the same way: by libpq, and by a driver without it.
#[tokio::test]
async fn catch_up_goes_the_same_way() {
    let (old, project) = squashed();
    let server = Encrypted::start().await;
    server.target.execute("postgres", "create role certified superuser login").await;
    let (certificate, key) = server.authority.issue(server.folder.path(), "certified", &[]);
    let root = server.authority.certificate.display();
    let (certificate, key) = (certificate.display(), key.display());
    let query =
        format!("sslmode=verify-full&sslrootcert={root}&sslcert={certificate}&sslkey={key}");
    let encrypted = |scheme: &str, name: &str| {
        format!("{scheme}://certified@{}/{name}?{query}", server.addresses[0])
    };
    // One session holds the lock, the migrations have another, and the stamp comes after them.
    let pooler = Pooler::start(server.target.host(), 2);
    for (name, env, url) in [
        ("libpq", ENV_SYNC, encrypted("postgresql+psycopg", "libpq")),
        ("asyncpg", ENV_ASYNC, encrypted("postgresql+asyncpg", "asyncpg")),
        ("pooled", ENV_SYNC, pooler.url("pooled")),
    ] {
        let direct = server.target.database(name).await;
        old.alembic(&direct, &["upgrade", "r1"]).exits(0);
        project.write("migrations/env.py", env);
        let run = project.rebaseline(&["--format", "json", "stamp", "--catch-up", "--yes", &url]);
        let told = &run.json()["targets"][0];
        assert_eq!(told["outcome"], "caught_up", "{told}");
        assert_eq!(server.target.versions(name).await, ["fresh"]);
    }
}

/// So is what takes the place of a replay, by `pg_dump` too. A pooler gives `pg_dump` no session of its own: it is named.
#[tokio::test]
async fn a_known_good_database_is_read_the_same_way() {
    let project = Project::chain(&["op.execute('create table room (id int primary key)')"]);
    let server = Encrypted::start().await;
    server.target.execute("postgres", "create role certified superuser login").await;
    let direct = server.target.database("shop").await;
    project.alembic(&direct, &["upgrade", "head"]).exits(0);
    let (certificate, key) = server.authority.issue(server.folder.path(), "certified", &[]);
    let root = server.authority.certificate.display();
    let url = format!(
        "postgresql+psycopg://certified@{}/shop?sslmode=verify-full&sslrootcert={root}&sslcert={}&sslkey={}",
        server.addresses[0],
        certificate.display(),
        key.display()
    );
    let read = |url: &str| {
        project.rebaseline(&["--format", "json", "squash", "--dry-run", "--from-database", url])
    };
    let result = read(&url).exits(0).json();
    assert_eq!(result["proof"]["equal"], true, "{result}");
    assert_eq!(result["schema"]["tables"], 1, "{result}");
    let other = url.replace(&server.addresses[0], &server.addresses[1]);
    let refused = read(&other).exits(3).stderr;
    assert!(refused.contains("certificate"), "{refused}");
    let pooler = Pooler::start(server.target.host(), 2);
    let refused = read(&pooler.url("shop")).exits(3).stderr;
    assert!(refused.contains("name the server itself"), "{refused}");
}

#[tokio::test]
async fn certificates_are_checked_as_libpq_does() {
    let (old, mut project) = squashed();
    let server = Encrypted::start().await;
    let direct = server.target.database("shop").await;
    old.alembic(&direct, &["upgrade", "head"]).exits(0);
    server.target.execute("shop", "create role certified superuser login").await;
    let home = network::open_folder();
    project.set("HOME", home.path().to_str().unwrap());
    let [first, second] = &server.addresses;
    let root = server.authority.certificate.display();
    let url = |host: &str, rest: &str| format!("postgresql://postgres@{host}/shop?{rest}");

    // The rules demand encryption of `postgres`: what is tried, and in which order, shows.
    for mode in ["allow", "prefer", "require"] {
        connects(&project, &url(first, &format!("sslmode={mode}")));
    }
    connects(&project, &format!("postgresql+asyncpg://postgres@{first}/shop?ssl=require"));
    refused(&project, &url(first, "sslmode=disable"), "no encryption");
    refused(&project, &url(first, "sslmode=verify-full"), "root.crt");
    refused(&project, &url(first, "sslrootcert=system"), "certificate");
    let mut trusting = project.copy();
    trusting.set("SSL_CERT_FILE", server.authority.certificate.to_str().unwrap());
    connects(&trusting, &url(first, "sslrootcert=system"));
    refused(&trusting, &url(second, "sslrootcert=system"), "certificate");

    connects(&project, &url(first, &format!("sslmode=verify-full&sslrootcert={root}")));
    connects(&project, &url(second, &format!("sslmode=verify-ca&sslrootcert={root}")));
    refused(
        &project,
        &url(second, &format!("sslmode=verify-full&sslrootcert={root}")),
        "certificate",
    );
    connects(
        &project,
        &format!("host={first} dbname=shop user=postgres sslmode=verify-full sslrootcert={root}"),
    );

    // Another authority of the same name did not sign it.
    let elsewhere = network::open_folder();
    let other = Authority::new(elsewhere.path(), "authority");
    let wrong = other.certificate.display();
    for mode in ["verify-ca", "verify-full", "require"] {
        let told = url(first, &format!("sslmode={mode}&sslrootcert={wrong}"));
        refused(&project, &told, "certificate");
    }

    // A certificate of the client's.
    let (certificate, key) = server.authority.issue(server.folder.path(), "certified", &[]);
    let (certificate, key) = (certificate.display(), key.display());
    let certified =
        format!("postgresql://certified@{first}/shop?sslmode=verify-full&sslrootcert={root}");
    refused(&project, &certified, "certificate");
    connects(&project, &format!("{certified}&sslcert={certificate}&sslkey={key}"));
    let (theirs, their_key) = other.issue(elsewhere.path(), "certified", &[]);
    let strange =
        format!("{certified}&sslcert={}&sslkey={}", theirs.display(), their_key.display());
    assert_eq!(status(&project, &strange)["outcome"], "refused");

    // By default all of them lie in the home folder; a key that others may read is not used.
    let place = home.path().join(".postgresql");
    std::fs::create_dir(&place).unwrap();
    for (from, to) in [
        ("authority.crt", "root.crt"),
        ("certified.crt", "postgresql.crt"),
        ("certified.key", "postgresql.key"),
    ] {
        std::fs::copy(server.folder.path().join(from), place.join(to)).unwrap();
    }
    let mode = |mode| {
        std::fs::set_permissions(place.join("postgresql.key"), PermissionsExt::from_mode(mode))
            .unwrap();
    };
    mode(0o600);
    connects(&project, &format!("postgresql://certified@{first}/shop?sslmode=verify-full"));
    project.set("PGSSLMODE", "verify-full");
    connects(&project, &format!("postgresql://certified@{first}/shop"));
    refused(&project, &format!("postgresql://postgres@{second}/shop"), "certificate");
    mode(0o644);
    refused(&project, &format!("postgresql://certified@{first}/shop"), "may be read by others");
}

#[tokio::test]
async fn passwords_services_and_variables_as_libpq_has_them() {
    let (old, mut project) = squashed();
    let server = Encrypted::start().await;
    let direct = server.target.database("shop").await;
    old.alembic(&direct, &["upgrade", "head"]).exits(0);
    let role = "set password_encryption = 'scram-sha-256'; create role scrammed superuser login password 's3cret:w'";
    server.target.execute("shop", role).await;
    let home = network::open_folder();
    project.set("HOME", home.path().to_str().unwrap());
    let host = &server.addresses[0];
    let url = format!("postgresql://scrammed@{host}/shop");

    refused(&project, &url, "password authentication failed");
    let wrong = status(&project, &url.replace('@', ":wr0ng@"));
    assert!(wrong["help"].as_str().unwrap().contains("password"), "{wrong}");
    assert!(!wrong.to_string().contains("wr0ng"), "{wrong}");
    connects(&project, &url.replace('@', ":s3cret%3Aw@"));
    connects(&project, &format!("{url}?password=s3cret:w&sslmode=disable"));
    connects(
        &project,
        &format!(
            "host={host} user=scrammed dbname=shop password='s3cret:w' options='-c search_path=public'"
        ),
    );

    // The password file, which must be closed to others.
    let passwords = home.path().join(".pgpass");
    std::fs::write(&passwords, format!("# ours\n{host}:*:*:scrammed:s3cret\\:w\n")).unwrap();
    let mode =
        |mode| std::fs::set_permissions(&passwords, PermissionsExt::from_mode(mode)).unwrap();
    mode(0o644);
    let told = status(&project, &url);
    assert!(told["help"].as_str().unwrap().contains("chmod 600"), "{told}");
    mode(0o600);
    connects(&project, &url);
    let elsewhere = home.path().join("passwords");
    std::fs::rename(&passwords, &elsewhere).unwrap();
    refused(&project, &url, "password authentication failed");
    connects(&project, &format!("{url}?passfile={}", elsewhere.display()));
    project.set("PGPASSFILE", elsewhere.to_str().unwrap());
    connects(&project, &url);

    // A service, by the URL and by the variable; what is written wins over it.
    let services = format!("[shop]\nhost={host}\nuser=scrammed\ndbname=nowhere\n");
    std::fs::write(home.path().join(".pg_service.conf"), &services).unwrap();
    connects(&project, "postgresql:///shop?service=shop");
    connects(&project, "service=shop dbname=shop");
    refused(&project, "service=shop", "nowhere");
    let unknown = project.rebaseline(&["status", "service=bar"]).exits(2);
    assert!(unknown.stderr.contains("the service `bar` is not defined"), "{}", unknown.stderr);
    std::fs::rename(home.path().join(".pg_service.conf"), home.path().join("services")).unwrap();
    project.set("PGSERVICEFILE", home.path().join("services").to_str().unwrap());
    project.set("PGSERVICE", "shop");
    project.set("PGDATABASE", "shop");
    connects(&project, "postgresql:///shop");
    refused(&project, "postgresql://", "nowhere");

    // What cannot be followed.
    for (text, word) in [
        ("postgresql://h/x?gssencmode=require", "`gssencmode`"),
        ("postgresql://h/x?sslmod=require", "`sslmod` is no connection parameter"),
        ("postgresql://h/x?sslcrl=/a", "`sslcrl`"),
    ] {
        let run = project.rebaseline(&["status", text]).exits(2);
        assert!(run.stderr.contains(word), "{text}: {}", run.stderr);
    }
}

#[tokio::test]
async fn without_a_user_it_is_that_of_the_operating_system() {
    let (old, project) = squashed();
    let target = Target::start().await;
    let direct = target.database("shop").await;
    old.alembic(&direct, &["upgrade", "head"]).exits(0);
    let own = std::process::Command::new("id").arg("-un").output().unwrap();
    let own = String::from_utf8(own.stdout).unwrap();
    let url = format!("postgresql:///shop?host={}", target.host());
    let role = format!("create role \"{}\" superuser login", own.trim());
    refused(&project, &url, &format!("role \"{}\" does not exist", own.trim()));
    target.execute("postgres", &role).await;
    connects(&project, &url);
}

#[tokio::test]
async fn several_hosts_and_what_the_session_must_be() {
    let (old, project) = squashed();
    let primary = Target::start().await;
    let direct = primary.database("shop").await;
    old.alembic(&direct, &["upgrade", "head"]).exits(0);
    // One that takes connections and never answers, and a server whose sessions are read-only.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap().port();
    let settings = vec!["default_transaction_read_only=on".to_owned()];
    let read_only = Target::start_with(None, settings).await;
    let (socket, other) = (primary.host(), read_only.host());
    let url = |hosts: &str, ports: &str, more: &str| {
        format!("host={hosts} port={ports} user=postgres dbname=shop connect_timeout=1 {more}")
    };
    let three = format!("127.0.0.1,127.0.0.1,{socket}");
    connects(&project, &url(&three, &format!("1,{silent},5432"), ""));

    // The read-only server has a database of this name too, without a version table.
    let mut session = read_only.connect("postgres").await;
    for sql in ["set default_transaction_read_only = off", "create database shop"] {
        sqlx::raw_sql(sql).execute(&mut session).await.unwrap();
    }
    let both = format!("{other},{socket}");
    refused(&project, &url(&both, "5432", ""), "no version table");
    connects(&project, &url(&both, "5432", "target_session_attrs=read-write"));
    for wanted in ["read-write", "primary", "prefer-standby", "any"] {
        connects(&project, &url(socket, "5432", &format!("target_session_attrs={wanted}")));
    }
    for wanted in ["read-only", "standby"] {
        let word = format!("the session is not {wanted}");
        refused(&project, &url(socket, "5432", &format!("target_session_attrs={wanted}")), &word);
    }

    // The migrations of a catch-up are led to the one of them that was found.
    project.write("migrations/env.py", ENV_SYNC);
    primary.execute("shop", "update alembic_version set version_num = 'r1'").await;
    let flags = ["--format", "json", "stamp", "--catch-up", "--yes"];
    let caught_up = |hosts: &str, ports: &str, more: &str, code| {
        let url = url(hosts, ports, more);
        project.rebaseline(&[&flags[..], &[&url]].concat()).exits(code).json()["targets"][0].clone()
    };
    let told = caught_up(other, "5432", "", 1);
    assert!(told["why"].as_str().unwrap().contains("its transactions are read-only"), "{told}");
    let read_write = caught_up(&both, "5432", "target_session_attrs=read-write", 0);
    assert_eq!(read_write["outcome"], "caught_up", "{read_write}");
    assert_eq!(primary.versions("shop").await, ["fresh"]);

    // All of them are told.
    let told = status(&project, &url("127.0.0.1,127.0.0.1", &format!("1,{silent}"), ""));
    let why = told["why"].as_str().unwrap();
    assert!(why.contains("127.0.0.1:1: ") && why.contains("refused"), "{told}");
    assert!(why.contains(&format!("127.0.0.1:{silent}: no answer within 1 s")), "{told}");
}
