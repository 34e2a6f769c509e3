//! Functions, views, triggers, policies, types and sequences.

use super::told;

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
