//! What is told of two objects, family by family; and that equal ones have no difference.

use proptest::prelude::*;

use super::*;

fn entry(kind: &str, name: &str, statements: &[&str]) -> Entry {
    let object = Object { kind: kind.to_owned(), schema: Some("s".into()), name: name.to_owned() };
    let statements = statements.iter().map(|s| (*s).to_owned()).collect();
    Entry { object, owner: None, statements }
}

fn shown(differences: &[Difference]) -> String {
    changes(differences).iter().fold(String::new(), |all, change| format!("{all}{change}\n"))
}

/// The lines about two entries.
fn lines(expected: &[Entry], actual: &[Entry]) -> String {
    let differences = differences(Context::Baseline, expected, actual);
    shown(&differences)
}

/// The lines about one object that has these statements on the two sides.
fn told(kind: &str, name: &str, expected: &[&str], actual: &[&str]) -> String {
    lines(&[entry(kind, name, expected)], &[entry(kind, name, actual)])
}

#[test]
fn each_kind_of_difference_names_its_object() {
    let expected = [
        entry("TABLE", "a", &["CREATE TABLE s.a (x int DEFAULT 0)"]),
        entry("TABLE", "gone", &["CREATE TABLE s.gone ()"]),
        entry("TABLE DATA", "a", &["INSERT 1", "INSERT 2", "INSERT 2"]),
    ];
    let actual = [
        entry("TABLE", "a", &["CREATE TABLE s.a (x int)"]),
        entry("TABLE", "new", &["CREATE TABLE s.new ()"]),
        entry("TABLE DATA", "a", &["INSERT 2", "INSERT 3", "INSERT 1"]),
    ];
    insta::assert_snapshot!(lines(&expected, &actual), @"
    table s.a: column x: default 0 -> none
    table s.gone is missing
    rows of s.a: row INSERT 2 is missing
    rows of s.a: row INSERT 3 is too much
    table s.new is too much
    ");
}

#[test]
fn the_order_of_rows_is_no_difference_but_their_number_is() {
    let of = |rows: &[&str]| [entry("TABLE DATA", "a", rows)];
    let one = of(&["INSERT 1", "INSERT 2"]);
    let other = of(&["INSERT 2", "INSERT 1"]);
    assert_eq!(differences(Context::Baseline, &one, &other), []);
    let twice = of(&["INSERT 2", "INSERT 1", "INSERT 1"]);
    assert_eq!(differences(Context::Baseline, &one, &twice).len(), 1);
}

#[test]
fn the_order_of_statements_of_an_object_matters() {
    let one = ["REVOKE ALL ON TABLE s.t FROM a", "GRANT SELECT ON TABLE s.t TO a"];
    let other = [one[1], one[0]];
    insta::assert_snapshot!(told("ACL", "TABLE t", &one, &other), @"privileges on table s.t: order: its statements stand in another order");
}

#[test]
fn columns_of_a_table() {
    let expected = "CREATE TABLE s.t (\n    id integer NOT NULL,\n    total numeric(10,2) DEFAULT 0,\n    \
        name character varying(5) COLLATE \"C\",\n    gone text,\n    a integer,\n    b integer,\n    \
        n integer GENERATED ALWAYS AS (a + 1) STORED\n)";
    let actual = "CREATE TABLE s.t (\n    id bigint,\n    total numeric(10,2),\n    \
        name character varying(6) COLLATE \"C.utf8\" NOT NULL,\n    b integer DEFAULT 1,\n    \
        a integer,\n    n integer GENERATED ALWAYS AS (a + 2) STORED,\n    new text\n)";
    insta::assert_snapshot!(told("TABLE", "t", &[expected], &[actual]), @"
    table s.t: column id: type integer -> bigint
    table s.t: column id: not null -> nullable
    table s.t: column total: default 0 -> none
    table s.t: column name: type character varying(5) -> character varying(6)
    table s.t: column name: collation C -> C.utf8
    table s.t: column name: nullable -> not null
    table s.t: column gone is missing
    table s.t: column a: position 4 -> 5
    table s.t: column b: default none -> 1
    table s.t: column n: generated a + 1 -> a + 2
    table s.t: column new is too much
    ");
}

#[test]
fn a_table_besides_its_columns() {
    let expected = [
        "CREATE UNLOGGED TABLE s.t (\n    a integer,\n    CONSTRAINT c CHECK ((a > 1)),\n    \
         CONSTRAINT d CHECK ((a > 2))\n)\nPARTITION BY RANGE (a)\nWITH (fillfactor='70')",
        "ALTER TABLE s.t OWNER TO postgres",
        "ALTER TABLE ONLY s.t ALTER COLUMN a SET STATISTICS 100",
        "ALTER TABLE ONLY s.t ALTER COLUMN a SET STORAGE MAIN",
        "ALTER TABLE ONLY s.t FORCE ROW LEVEL SECURITY",
        "ALTER TABLE ONLY s.t REPLICA IDENTITY FULL",
    ];
    let actual = [
        "CREATE TABLE s.t (\n    a integer,\n    CONSTRAINT c CHECK ((a > 3)) NO INHERIT\n)\n\
         INHERITS (s.p)\nPARTITION BY LIST (a)\nWITH (fillfactor='80')",
        "ALTER TABLE s.t OWNER TO app",
        "ALTER TABLE ONLY s.t ALTER COLUMN a SET STATISTICS 200",
    ];
    insta::assert_snapshot!(told("TABLE", "t", &expected, &actual), @"
    table s.t: unlogged -> logged
    table s.t: partition by RANGE (a) -> LIST (a)
    table s.t: storage parameters fillfactor=70 -> fillfactor=80
    table s.t: owner postgres -> app
    table s.t: row level security for the owner forced -> none
    table s.t: replica identity full -> none
    table s.t: inherits none -> s.p
    table s.t: column a: statistics 100 -> 200
    table s.t: column a: storage main -> none
    table s.t: constraint c: definition a > 1 -> a > 3
    table s.t: constraint c: inherited -> not inherited
    table s.t: constraint d is missing
    ");
}

#[test]
fn identity_and_default_of_a_column() {
    let identity = |start: u32, kind: &str| {
        format!(
            "ALTER TABLE s.t ALTER COLUMN id ADD GENERATED {kind} AS IDENTITY (\n    SEQUENCE NAME \
             s.t_id_seq\n    START WITH {start}\n    INCREMENT BY 1\n    NO MINVALUE\n    CACHE 1\n)"
        )
    };
    let (one, other) = (identity(1, "ALWAYS"), identity(100, "BY DEFAULT"));
    let identity = told("SEQUENCE", "t_id_seq", &[&one], &[&other]);
    let set = |to: &str| format!("ALTER TABLE ONLY s.t ALTER COLUMN id SET DEFAULT {to}");
    let default = told("DEFAULT", "t id", &[&set("1")], &[&set("nextval('s.q'::regclass)")]);
    insta::assert_snapshot!(identity + &default, @"
    sequence s.t_id_seq: column id: identity always -> by default
    sequence s.t_id_seq: column id: identity start 1 -> 100
    default of column s.t.id: 1 -> nextval('s.q'::regclass)
    ");
}

#[test]
fn constraints() {
    let add = |what: &str| format!("ALTER TABLE ONLY s.t\n    ADD CONSTRAINT c {what}");
    let compare = |kind: &str, expected: &str, actual: &str| {
        told(kind, "t c", &[&add(expected)], &[&add(actual)])
    };
    let shown = [
        compare("CHECK CONSTRAINT", "CHECK ((a > 1)) NOT VALID", "CHECK ((a > 1))"),
        compare("CONSTRAINT", "PRIMARY KEY (a, b)", "PRIMARY KEY (b, a)"),
        compare("CONSTRAINT", "UNIQUE (a)", "UNIQUE NULLS NOT DISTINCT (a)"),
        compare("CONSTRAINT", "UNIQUE (a)", "UNIQUE (a) DEFERRABLE INITIALLY DEFERRED"),
        compare("CONSTRAINT", "UNIQUE (a) INCLUDE (b)", "UNIQUE (a)"),
        compare("CONSTRAINT", "EXCLUDE USING gist (a WITH =)", "EXCLUDE USING gist (a WITH &&)"),
        compare(
            "FK CONSTRAINT",
            "FOREIGN KEY (a) REFERENCES s.u(id) ON DELETE CASCADE",
            "FOREIGN KEY (b) REFERENCES s.v(id) MATCH FULL ON UPDATE SET NULL NOT VALID",
        ),
        compare(
            "FK CONSTRAINT",
            "FOREIGN KEY (a, b) REFERENCES s.u(a, b) ON DELETE SET NULL (a)",
            "FOREIGN KEY (a, b) REFERENCES s.u(a, b) ON DELETE SET NULL (b)",
        ),
    ];
    insta::assert_snapshot!(shown.concat(), @"
    constraint c on s.t: not valid -> valid
    constraint c on s.t: definition PRIMARY KEY (a, b) -> PRIMARY KEY (b, a)
    constraint c on s.t: definition UNIQUE (a) -> UNIQUE NULLS NOT DISTINCT (a)
    constraint c on s.t: not deferrable -> initially deferred
    constraint c on s.t: definition UNIQUE (a) INCLUDE (b) -> UNIQUE (a)
    constraint c on s.t: definition EXCLUDE USING gist (a WITH =) -> EXCLUDE USING gist (a WITH &&)
    foreign key c on s.t: columns a -> b
    foreign key c on s.t: references s.u(id) -> s.v(id)
    foreign key c on s.t: on delete cascade -> no action
    foreign key c on s.t: on update no action -> set null
    foreign key c on s.t: match simple -> full
    foreign key c on s.t: valid -> not valid
    foreign key c on s.t: columns set on delete a -> b
    ");
}

#[test]
fn a_check_that_is_valid_on_one_side_is_told_once() {
    let add = "ALTER TABLE s.t\n    ADD CONSTRAINT c CHECK ((a > 1)) NOT VALID";
    let outside = [
        entry("TABLE", "t", &["CREATE TABLE s.t (\n    a integer\n)"]),
        entry("CHECK CONSTRAINT", "t c", &[add]),
    ];
    let inside = [entry(
        "TABLE",
        "t",
        &["CREATE TABLE s.t (\n    a integer,\n    CONSTRAINT c CHECK ((a > 1))\n)"],
    )];
    insta::assert_snapshot!(lines(&outside, &inside) + &lines(&inside, &outside), @"
    constraint c on s.t: not valid -> valid
    constraint c on s.t: valid -> not valid
    ");
}

#[test]
fn what_differs_online_and_offline_is_told_once() {
    let of = |label: &str| {
        [entry("COMMENT", "TABLE t", &[&format!("COMMENT ON TABLE s.t IS '{label}'")])]
    };
    let differences = |online: &str, offline: &str| {
        let mut all = differences(Context::Baseline, &of("a"), &of(online));
        all.extend(differences(Context::Offline, &of("a"), &of(offline)));
        shown(&folded(all))
    };
    let shown = [
        differences("b", "b"),
        differences("b", "c"),
        differences("a", "b"),
        differences("b", "a"),
    ];
    insta::assert_snapshot!(shown.join("\n"), @"
    comment on table s.t: 'a' -> 'b'

    comment on table s.t: 'a' -> 'b'
    offline: comment on table s.t: 'a' -> 'c'

    offline: comment on table s.t: 'a' -> 'b'

    comment on table s.t: 'a' -> 'b'
    ");
}

#[test]
fn what_differs_at_the_cut_is_not_told_again_of_the_heads() {
    let of =
        |text: &str| [entry("COMMENT", "TABLE t", &[&format!("COMMENT ON TABLE s.t IS '{text}'")])];
    let compared = |cut: &str, heads: &str| {
        let mut all = differences(Context::Baseline, &of("a"), &of(cut));
        all.extend(differences(Context::Heads, &of("a"), &of(heads)));
        shown(&folded(all))
    };
    insta::assert_snapshot!(compared("b", "b") + "\n" + &compared("b", "c") + "\n" + &compared("a", "b"), @"
    comment on table s.t: 'a' -> 'b'

    comment on table s.t: 'a' -> 'b'
    at the heads: comment on table s.t: 'a' -> 'c'

    at the heads: comment on table s.t: 'a' -> 'b'
    ");
}

#[test]
fn indexes() {
    let expected = "CREATE UNIQUE INDEX i ON s.t USING btree (lower(a) COLLATE \"C\" text_pattern_ops \
        DESC, b) INCLUDE (c) NULLS NOT DISTINCT WITH (fillfactor='70') WHERE (b > 0)";
    let actual = "CREATE INDEX i ON ONLY s.t USING gin (lower(a), b DESC)";
    let attach = |index: &str| format!("ALTER INDEX s.parent ATTACH PARTITION s.{index}");
    let attached = told("INDEX ATTACH", "i", &[&attach("i")], &[&attach("j")]);
    insta::assert_snapshot!(told("INDEX", "i", &[expected], &[actual]) + &attached, @r#"
    index s.i: unique -> not unique
    index s.i: with partitions -> without partitions
    index s.i: method btree -> gin
    index s.i: columns lower(a) COLLATE "C" text_pattern_ops DESC, b -> lower(a), b DESC
    index s.i: included columns c -> none
    index s.i: nulls not distinct -> nulls distinct
    index s.i: predicate b > 0 -> none
    index s.i: storage parameters fillfactor=70 -> none
    partition s.i: partition s.i -> s.j
    "#);
}

#[test]
fn partitions() {
    let attach = |bound: &str| format!("ALTER TABLE ONLY s.p ATTACH PARTITION s.c {bound}");
    let (one, other) = (
        attach("FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')"),
        attach("FOR VALUES FROM ('2024-01-01') TO ('2024-03-01')"),
    );
    insta::assert_snapshot!(
        told("TABLE ATTACH", "c", &[&one], &[&other])
            + &told("TABLE ATTACH", "c", &[&one], &[&attach("DEFAULT")]),
        @"
    partition s.c: bound FOR VALUES FROM ('2024-01-01') TO ('2024-02-01') -> FOR VALUES FROM ('2024-01-01') TO ('2024-03-01')
    partition s.c: bound FOR VALUES FROM ('2024-01-01') TO ('2024-02-01') -> DEFAULT
    "
    );
}

#[test]
fn functions() {
    let expected = "CREATE FUNCTION s.f(a integer, b text DEFAULT 'x'::text) RETURNS integer\n    \
        LANGUAGE plpgsql STABLE SECURITY DEFINER COST 5\n    SET search_path TO 's', 'public'\n    \
        AS $$\nBEGIN\n  RETURN 1;\nEND\n$$";
    let actual = "CREATE FUNCTION s.f(a integer, b text DEFAULT 'y'::text) RETURNS bigint\n    \
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE\n    SET search_path TO ''\n    \
        AS $$\nBEGIN\n  RETURN 2;\nEND\n$$";
    let atomic = |value: u32| {
        format!(
            "CREATE FUNCTION s.g() RETURNS integer\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT {value};\nEND"
        )
    };
    let atomic = told("FUNCTION", "g()", &[&atomic(1)], &[&atomic(2)]);
    let spaces = told(
        "FUNCTION",
        "f()",
        &["CREATE FUNCTION s.f() RETURNS integer LANGUAGE sql AS $$\nselect 1\n$$"],
        &["CREATE FUNCTION s.f() RETURNS integer LANGUAGE sql AS $$\n  select 1\n$$"],
    );
    let ends = told(
        "FUNCTION",
        "f()",
        &["CREATE FUNCTION s.f() RETURNS integer LANGUAGE sql AS $$\nselect 1\n$$"],
        &["CREATE FUNCTION s.f() RETURNS integer LANGUAGE sql AS $$\nselect 1\r\n$$"],
    );
    let all = told("FUNCTION", "f(integer, text)", &[expected], &[actual]);
    insta::assert_snapshot!(all + &atomic + &spaces + &ends, @r#"
    function s.f(integer, text): returns integer -> bigint
    function s.f(integer, text): volatility stable -> immutable
    function s.f(integer, text): security definer -> invoker
    function s.f(integer, text): cost 5 -> none
    function s.f(integer, text): setting search_path s, public -> ''
    function s.f(integer, text): body, line 3: RETURN 1; -> RETURN 2;
    function s.f(integer, text): on null input is called -> returns null
    function s.f(integer, text): parallel unsafe -> safe
    function s.f(integer, text): argument 2: default 'x'::text -> 'y'::text
    function s.g(): body, line 4: SELECT 1; -> SELECT 2;
    function s.f(): body, line 2: "select 1" -> "  select 1"
    function s.f(): body "\nselect 1\n" -> "\nselect 1\r\n"
    "#);
}

#[test]
fn views_and_rules() {
    let view = |limit: u32, options: &str| {
        format!("CREATE VIEW s.v{options} AS\n SELECT a\n   FROM s.t\n  WHERE (b < {limit})")
    };
    let plain = told("VIEW", "v", &[&view(5, "")], &[&view(6, "")]);
    let barrier =
        told("VIEW", "v", &[&view(5, " WITH (security_barrier='true')")], &[&view(5, "")]);
    let materialized =
        |text: &str| format!("CREATE MATERIALIZED VIEW s.m AS\n SELECT {text}\n  WITH NO DATA");
    let materialized =
        told("MATERIALIZED VIEW", "m", &[&materialized("1 AS a")], &[&materialized("2 AS a")]);
    let rule = |what: &str| format!("CREATE RULE r AS\n    ON INSERT TO s.t {what}");
    let rule = told("RULE", "t r", &[&rule("DO INSTEAD NOTHING")], &[&rule("DO ALSO NOTHING")]);
    insta::assert_snapshot!(plain + &barrier + &materialized + &rule, @"
    view s.v: definition, line 4: WHERE (b < 5) -> WHERE (b < 6)
    view s.v: security barrier true -> none
    materialized view s.m: definition, line 2: SELECT 1 AS a -> SELECT 2 AS a
    rule r on s.t: instead -> also
    ");
}

#[test]
fn triggers() {
    let expected = "CREATE TRIGGER k BEFORE INSERT OR UPDATE OF a ON s.t FOR EACH ROW WHEN ((new.a > 1)) \
        EXECUTE FUNCTION s.f('x')";
    let actual =
        "CREATE TRIGGER k AFTER UPDATE OF b ON s.t FOR EACH STATEMENT EXECUTE FUNCTION s.g()";
    let off = told("TRIGGER", "t k", &[expected, "ALTER TABLE s.t DISABLE TRIGGER k"], &[expected]);
    let event = |tag: &str| {
        format!(
            "CREATE EVENT TRIGGER e ON ddl_command_end\n WHEN TAG IN ('{tag}')\n EXECUTE FUNCTION s.f()"
        )
    };
    let event = told("EVENT TRIGGER", "e", &[&event("CREATE TABLE")], &[&event("DROP TABLE")]);
    insta::assert_snapshot!(told("TRIGGER", "t k", &[expected], &[actual]) + &off + &event, @"
    trigger k on s.t: timing before -> after
    trigger k on s.t: events insert, update -> update
    trigger k on s.t: columns a -> b
    trigger k on s.t: for each row -> for each statement
    trigger k on s.t: condition new.a > 1 -> none
    trigger k on s.t: function s.f -> s.g
    trigger k on s.t: arguments x -> none
    trigger k on s.t: fires never -> none
    event trigger s.e: tag CREATE TABLE -> DROP TABLE
    ");
}

#[test]
fn policies() {
    let expected = "CREATE POLICY p ON s.t FOR SELECT TO waiter USING ((sold > 0))";
    let actual = "CREATE POLICY p ON s.t AS RESTRICTIVE WITH CHECK ((sold > 1))";
    insta::assert_snapshot!(told("POLICY", "t p", &[expected], &[actual]), @"
    policy p on s.t: permissive -> restrictive
    policy p on s.t: command select -> all
    policy p on s.t: roles waiter -> PUBLIC
    policy p on s.t: using sold > 0 -> none
    policy p on s.t: check none -> sold > 1
    ");
}

#[test]
fn types() {
    let labels = |labels: &str| format!("CREATE TYPE s.c AS ENUM (\n    {labels}\n)");
    let labels = told(
        "TYPE",
        "c",
        &[&labels("'a',\n    'b',\n    'c',\n    'it''s'")],
        &[&labels("'b',\n    'a',\n    'c',\n    'd'")],
    );
    let composite = told(
        "TYPE",
        "c",
        &["CREATE TYPE s.c AS (\n    a integer,\n    b text\n)"],
        &["CREATE TYPE s.c AS (\n    a bigint,\n    c text\n)"],
    );
    let range = told(
        "TYPE",
        "r",
        &["CREATE TYPE s.r AS RANGE (\n    subtype = integer,\n    multirange_type_name = s.m\n)"],
        &["CREATE TYPE s.r AS RANGE (\n    subtype = bigint,\n    multirange_type_name = s.m\n)"],
    );
    let domain = told(
        "DOMAIN",
        "d",
        &[
            "CREATE DOMAIN s.d AS text DEFAULT 'x'::text NOT NULL\n\tCONSTRAINT k CHECK ((VALUE <> ''::text))",
        ],
        &["CREATE DOMAIN s.d AS text COLLATE \"C\"\n\tCONSTRAINT k CHECK ((VALUE <> 'y'::text))"],
    );
    let aggregate = told(
        "AGGREGATE",
        "a(integer)",
        &[
            "CREATE AGGREGATE s.a(integer) (\n    SFUNC = int4pl,\n    STYPE = integer,\n    INITCOND = '0'\n)",
        ],
        &["CREATE AGGREGATE s.a(integer) (\n    SFUNC = int4mi,\n    STYPE = integer\n)"],
    );
    insta::assert_snapshot!(labels + &composite + &range + &domain + &aggregate, @"
    type s.c: label 'a': position 1 -> 2
    type s.c: label 'it''s' is missing
    type s.c: label 'd' is too much
    type s.c: attribute a: type integer -> bigint
    type s.c: attribute b is missing
    type s.c: attribute c is too much
    type s.r: subtype integer -> bigint
    domain s.d: constraint k: definition value <> ''::text -> value <> 'y'::text
    domain s.d: default 'x'::text -> none
    domain s.d: not null -> nullable
    domain s.d: collation none -> C
    aggregate s.a(integer): sfunc int4pl -> int4mi
    aggregate s.a(integer): initcond 0 -> none
    ");
}

#[test]
fn sequences() {
    let create =
        |more: &str| format!("CREATE SEQUENCE s.q\n    AS integer\n    {more}\n    CACHE 1");
    let set = |to: &str| format!("SELECT pg_catalog.setval('s.q', {to})");
    let owned = |by: &str| format!("ALTER SEQUENCE s.q OWNED BY s.{by}");
    let shown = [
        told("SEQUENCE", "q", &[&create("START WITH 1")], &[&create("START WITH 100\n    CYCLE")]),
        told("SEQUENCE SET", "q", &[&set("5, true")], &[&set("7, true")]),
        told("SEQUENCE SET", "q", &[&set("5, true")], &[&set("5, false")]),
        told("SEQUENCE OWNED BY", "q", &[&owned("t.id")], &[&owned("t.number")]),
    ];
    insta::assert_snapshot!(shown.concat(), @"
    sequence s.q: start 1 -> 100
    sequence s.q: cycle none -> true
    position of sequence s.q: 5 -> 7
    position of sequence s.q: 5 -> 5 (not yet given out)
    sequence owned by s.q: owned by s.t.id -> s.t.number
    ");
}

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

#[test]
fn rows() {
    let insert = |values: &str| {
        format!("INSERT INTO s.dish (id, title, price, api_token) VALUES ({values})")
    };
    let expected = [
        insert("1, 'soup', 4.5, 'x'"),
        insert("2, 'stew', 9.5, 'x'"),
        insert("3, 'cake', -3.5, 'x'"),
    ];
    let actual = [
        insert("1, 'Soup', 4.6, 'x'"),
        insert("3, 'cake', -3.5, 'y'"),
        insert("4, 'pie', NULL, 'x'"),
    ];
    let key = entry(
        "CONSTRAINT",
        "dish dish_pkey",
        &["ALTER TABLE ONLY s.dish\n    ADD CONSTRAINT dish_pkey PRIMARY KEY (id)"],
    );
    let key2 = key.clone();
    let of = |rows: &[String]| {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        entry("TABLE DATA", "dish", &rows)
    };
    let with_key = lines(&[of(&expected), key.clone()], &[of(&actual), key.clone()]);
    let without = lines(&[of(&expected)], &[of(&actual)]);
    let many: Vec<String> = (1..=30).map(|n| insert(&format!("{n}, 'a', 1, 'x'"))).collect();
    let others: Vec<String> = (1..=30).map(|n| insert(&format!("{n}, 'a', 2, 'x'"))).collect();
    let limited = lines(&[of(&many), key.clone()], &[of(&others), key]);
    let limited: Vec<&str> = limited.lines().skip(18).collect();
    let other_order = ["INSERT INTO s.dish (title, id) VALUES ('soup', 1)"];
    let reordered = lines(
        &[
            entry("TABLE DATA", "dish", &["INSERT INTO s.dish (id, title) VALUES (1, 'soup')"]),
            key2.clone(),
        ],
        &[entry("TABLE DATA", "dish", &other_order), key2],
    );
    insta::assert_snapshot!(reordered + &with_key + "\n" + &without + "\n" + &limited.join("\n"), @"
    rows of s.dish: 1 row has its columns in another order
    rows of s.dish: row id=1: title 'soup' -> 'Soup'
    rows of s.dish: row id=1: price 4.5 -> 4.6
    rows of s.dish: row id=2 is missing
    rows of s.dish: row id=3: api_token: differs; it is not shown
    rows of s.dish: row id=4 is too much

    rows of s.dish: row (1, 'soup', 4.5, ***) is missing
    rows of s.dish: row (2, 'stew', 9.5, ***) is missing
    rows of s.dish: row (3, 'cake', -3.5, ***) is missing
    rows of s.dish: row (1, 'Soup', 4.6, ***) is too much
    rows of s.dish: row (3, 'cake', -3.5, ***) is too much
    rows of s.dish: row (4, 'pie', NULL, ***) is too much

    rows of s.dish: row id=26: price 1 -> 2
    rows of s.dish: row id=27: price 1 -> 2
    rows of s.dish: 10 more rows differ
    ");
}

#[test]
fn what_no_family_knows_is_told_by_its_text() {
    let shown = [
        told(
            "EXTENSION",
            "e",
            &["CREATE EXTENSION IF NOT EXISTS e WITH SCHEMA a"],
            &["CREATE EXTENSION IF NOT EXISTS e WITH SCHEMA b"],
        ),
        told(
            "CAST",
            "c",
            &["CREATE CAST (a AS b) WITH FUNCTION s.f(a)"],
            &["CREATE CAST (a AS b) WITHOUT FUNCTION"],
        ),
        told("SETTING", "x", &["SET a = 1"], &["SET a = 2"]),
        told("TABLE", "t", &["not SQL"], &["no SQL"]),
    ];
    insta::assert_snapshot!(shown.concat(), @"
    extension s.e: definition CREATE EXTENSION IF NOT EXISTS e WITH SCHEMA a -> CREATE EXTENSION IF NOT EXISTS e WITH SCHEMA b
    cast s.c: definition CREATE CAST (a AS b) WITH FUNCTION s.f(a) -> CREATE CAST (a AS b) WITHOUT FUNCTION
    setting s.x: definition SET a = 1 -> SET a = 2
    table s.t: definition not SQL -> no SQL
    ");
}

#[test]
fn equal_trees_are_told_as_printed_differently() {
    let shown = told(
        "TABLE",
        "t",
        &["CREATE TABLE s.t (\n    a integer,\n    CONSTRAINT c CHECK ((a > 1))\n)"],
        &["CREATE TABLE s.t (\n    a integer,\n    CONSTRAINT c CHECK (a > 1)\n)"],
    );
    insta::assert_snapshot!(shown, @"table s.t: printed differently, line 3: CONSTRAINT c CHECK ((a > 1)) -> CONSTRAINT c CHECK (a > 1)");
}

#[test]
fn deep_expressions_are_read_too() {
    let index = |n: usize, last: &str| {
        format!("CREATE INDEX i ON s.t USING btree (({} || '{last}'))", vec!["'a'"; n].join(" || "))
    };
    let shown = told("INDEX", "i", &[&index(300, "x")], &[&index(300, "y")]);
    insta::assert_snapshot!(shown, @"index s.i: columns ... 'a' || 'a' || 'x') -> ... 'a' || 'a' || 'y')");
}

#[test]
fn a_diff_says_what_was_compared() {
    let (one, other) = (entry("VIEW", "v", &["a", "b"]), entry("VIEW", "v", &["a", "c"]));
    let contexts = [
        Context::Baseline,
        Context::Offline,
        Context::Restored,
        Context::VersionTable,
        Context::Heads,
        Context::HeadsVersionTable,
    ];
    let differences = contexts.into_iter().flat_map(|context| {
        differences(context, std::slice::from_ref(&one), std::slice::from_ref(&other))
    });
    let mut differences: Vec<Difference> = differences.collect();
    differences[0].also = vec![Context::Offline, Context::Heads];
    let heads: Vec<String> = differences
        .iter()
        .map(|difference| difference.unified().lines().take(2).collect::<Vec<_>>().join("\n"))
        .collect();
    insta::assert_snapshot!(heads.join("\n"), @"
    --- history: view s.v
    +++ baseline, also offline, also at the heads: view s.v
    --- history: view s.v
    +++ baseline, offline mode: view s.v
    --- history: view s.v
    +++ history restored by psql: view s.v
    --- history, on the version table: view s.v
    +++ baseline, on the version table: view s.v
    --- history at the heads: view s.v
    +++ baseline and kept revisions at the heads: view s.v
    --- history at the heads, on the version table: view s.v
    +++ baseline and kept revisions at the heads, on the version table: view s.v
    ");
}

#[test]
fn a_change_as_data() {
    let (one, other) = (
        entry("TABLE", "t", &["CREATE TABLE s.t (a integer DEFAULT 0, b integer)"]),
        entry("TABLE", "t", &["CREATE TABLE s.t (a integer)"]),
    );
    let changes = changes(&differences(Context::Offline, &[one], &[other]));
    insta::assert_snapshot!(serde_json::to_string_pretty(&changes).unwrap(), @r#"
    [
      {
        "context": "offline",
        "also": [],
        "object": {
          "kind": "TABLE",
          "schema": "s",
          "name": "t"
        },
        "property": "column a: default",
        "expected": "0",
        "actual": null,
        "told": "offline: table s.t: column a: default 0 -> none"
      },
      {
        "context": "offline",
        "also": [],
        "object": {
          "kind": "TABLE",
          "schema": "s",
          "name": "t"
        },
        "property": "column b",
        "expected": "type integer, nullable",
        "actual": null,
        "told": "offline: table s.t: column b is missing"
      }
    ]
    "#);
}

proptest! {
    /// Whatever the statements are: equal entries have no difference, and others at least one line.
    #[test]
    fn equal_entries_have_no_difference(
        texts in proptest::collection::vec("[ -~]{0,40}", 1..4),
        others in proptest::collection::vec("[ -~]{0,40}", 1..4),
    ) {
        let of = |kind: &str, texts: &[String]| {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            vec![entry(kind, "x", &texts)]
        };
        for kind in ["TABLE", "TABLE DATA", "ACL", "FUNCTION"] {
            let (one, other) = (of(kind, &texts), of(kind, &others));
            prop_assert_eq!(differences(Context::Baseline, &one, &one), []);
            let found = differences(Context::Baseline, &one, &other);
            prop_assert_eq!(changes(&found).is_empty(), found.is_empty());
        }
        let made = made_entries(&texts);
        prop_assert_eq!(differences(Context::Baseline, &made, &made), []);
    }
}
