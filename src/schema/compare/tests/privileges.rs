//! Privileges, comments, roles and settings.

use super::{lines, told};
use crate::schema::compare::{made_entries, member_entries};

#[test]
fn privileges() {
    let grant = |what: &str| format!("GRANT {what} ON TABLE s.t TO app");
    let defaults = |what: &str| {
        format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA s GRANT {what} ON TABLES TO app"
        )
    };
    let shown = [
        told(
            "ACL",
            "TABLE t",
            &[&grant("SELECT,INSERT"), "REVOKE ALL ON TABLE s.t FROM PUBLIC"],
            &[
                "GRANT SELECT ON TABLE s.t TO app WITH GRANT OPTION",
                "GRANT UPDATE ON TABLE s.t TO PUBLIC",
            ],
        ),
        told("ACL", "COLUMN t.a", &[&grant("SELECT(a)")], &[&grant("SELECT(a),UPDATE(a)")]),
        told(
            "DEFAULT ACL",
            "DEFAULT PRIVILEGES FOR TABLES",
            &[&defaults("SELECT")],
            &[&defaults("ALL")],
        ),
    ];
    insta::assert_snapshot!(shown.concat(), @"
    privileges on table s.t: GRANT SELECT TO app is missing
    privileges on table s.t: GRANT INSERT TO app is missing
    privileges on table s.t: REVOKE ALL FROM PUBLIC is missing
    privileges on table s.t: GRANT SELECT TO app WITH GRANT OPTION is too much
    privileges on table s.t: GRANT UPDATE TO PUBLIC is too much
    privileges on column s.t.a: GRANT UPDATE (a) TO app is too much
    default privileges for tables in schema s: GRANT SELECT ON TABLES TO app for objects of postgres in schema s is missing
    default privileges for tables in schema s: GRANT ALL ON TABLES TO app for objects of postgres in schema s is too much
    ");
}

#[test]
fn comments() {
    let comment = |text: &str| format!("COMMENT ON COLUMN s.t.a IS '{text}'");
    let long = "one\ntwo\nthree";
    let shown = [
        told("COMMENT", "COLUMN t.a", &[&comment("a")], &[&comment("b")]),
        told("COMMENT", "COLUMN t.a", &[&comment(long)], &[&comment("one\ntwo\nfour")]),
    ];
    insta::assert_snapshot!(shown.concat(), @"
    comment on column s.t.a: 'a' -> 'b'
    comment on column s.t.a, line 3: three -> four
    ");
}

#[test]
fn roles_and_settings() {
    let text = |all: &[&str]| -> Vec<String> { all.iter().map(|s| (*s).to_owned()).collect() };
    let role = |attributes: &str| {
        format!(
            "DO $rebaseline$\nBEGIN\n  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'waiter') \
             THEN\n    CREATE ROLE \"waiter\" WITH {attributes};\n  END IF;\nEND\n$rebaseline$"
        )
    };
    let database = |what: &str| {
        format!(
            "DO $rebaseline$\nBEGIN\n  EXECUTE pg_catalog.format('{what}', pg_catalog.current_database());\nEND\n\
             $rebaseline$"
        )
    };
    let expected = text(&[
        &role("INHERIT NOCREATEROLE CREATEDB LOGIN CONNECTION LIMIT 3"),
        "COMMENT ON ROLE \"waiter\" IS 'ours'",
        "GRANT \"waiter\" TO \"head\" WITH ADMIN OPTION",
        "GRANT \"waiter\" TO CURRENT_USER",
        "ALTER ROLE \"waiter\" SET \"statement_timeout\" TO '5s'",
        &database("ALTER ROLE \"waiter\" IN DATABASE %I SET \"search_path\" TO app, public"),
        &database("ALTER DATABASE %I SET \"app\".\"rate\" TO ''10%%''"),
        &database("ALTER DATABASE %I CONNECTION LIMIT 7"),
        &database("COMMENT ON DATABASE %I IS ''a''"),
        &database("GRANT CONNECT ON DATABASE %I TO \"waiter\""),
    ]);
    let actual = text(&[
        &role("INHERIT NOCREATEROLE NOCREATEDB LOGIN"),
        "COMMENT ON ROLE \"waiter\" IS 'theirs'",
        "GRANT \"waiter\" TO \"head\"",
        "ALTER ROLE \"waiter\" SET \"statement_timeout\" TO '6s'",
        &database("ALTER ROLE \"waiter\" IN DATABASE %I SET \"search_path\" TO public"),
        &database("ALTER DATABASE %I SET \"app\".\"rate\" TO ''20%%''"),
        &database("ALTER DATABASE %I CONNECTION LIMIT 8"),
        &database("ALTER DATABASE %I OWNER TO \"waiter\""),
        &database("GRANT TEMPORARY ON DATABASE %I TO \"waiter\""),
    ]);
    let members = |version: &str| {
        member_entries(&[
            format!("function f(integer) of extension e {version}"),
            "table t of extension e 1".into(),
        ])
    };
    insta::assert_snapshot!(
        lines(&made_entries(&expected), &made_entries(&actual)) + &lines(&members("1.0"), &members("1.1")),
        @"
        role waiter: createdb -> nocreatedb
        role waiter: connection limit 3 -> none
        comment on role waiter: 'ours' -> 'theirs'
        membership of head in waiter: with admin option -> without options
        membership of CURRENT_USER in waiter is missing
        setting statement_timeout of role waiter: 5s -> 6s
        setting search_path of role waiter in this database: app, public -> public
        setting app.rate of the database: 10% -> 20%
        database: connection limit 7 -> 8
        database: owner none -> waiter
        comment on database: 'a' -> none
        privileges on the database: GRANT CONNECT TO waiter is missing
        privileges on the database: GRANT TEMPORARY TO waiter is too much
        extension member function f(integer) of extension e: version 1.0 -> 1.1
        "
    );
}
