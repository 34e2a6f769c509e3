//! What lies beyond `pg_dump`'s tables: its loss is caught too, by name.

use super::{caught_in, mutated, squash_of};

/// One of everything that a mutation below takes away.
const HISTORY: &str = r#"
from sqlalchemy import text
for statement in [
    "CREATE ROLE cook LOGIN",
    "CREATE ROLE chef CREATEROLE",
    "COMMENT ON ROLE cook IS 'cooks'",
    "GRANT pg_monitor TO chef",
    "ALTER ROLE cook IN DATABASE rebaseline_scratch_history SET work_mem = '5MB'",
    "COMMENT ON DATABASE rebaseline_scratch_history IS 'the kitchen'",
    "GRANT CREATE ON DATABASE rebaseline_scratch_history TO chef",
    "ALTER DATABASE rebaseline_scratch_history CONNECTION LIMIT 77",
    "SELECT lo_from_bytea(16500, 'steam')",
    "ALTER LARGE OBJECT 16500 OWNER TO cook",
    "GRANT SELECT ON LARGE OBJECT 16500 TO chef",
    "COMMENT ON LARGE OBJECT 16500 IS 'hot'",
    "CREATE TABLE pot (id int PRIMARY KEY, a int, b int, weight float8)",
    "INSERT INTO pot VALUES (1, 2, 3, '-0')",
    "CREATE STATISTICS pot_ab ON a, b FROM pot",
    "CREATE PUBLICATION news FOR TABLE pot (id, a) WHERE (id > 5)",
    "CREATE PUBLICATION everything FOR ALL TABLES",
    "ALTER DEFAULT PRIVILEGES FOR ROLE cook REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
    "CREATE FUNCTION nothing() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end'",
    "CREATE EVENT TRIGGER bell ON ddl_command_end EXECUTE FUNCTION nothing()",
    "ALTER EVENT TRIGGER bell ENABLE ALWAYS",
    "CREATE EXTENSION citext",
    "COMMENT ON EXTENSION citext IS NULL",
    "CREATE EXTENSION postgres_fdw",
    "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h')",
    "CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (\"user\" 'u')",
    "GRANT USAGE ON FOREIGN SERVER far TO cook",
    "ALTER SCHEMA public OWNER TO CURRENT_USER",
    "GRANT SELECT ON pot TO cook WITH GRANT OPTION",
    "SET SESSION AUTHORIZATION cook",
    "GRANT SELECT ON pot TO chef",
    "RESET SESSION AUTHORIZATION",
    "CREATE VIEW stand AS SELECT version_num FROM alembic_version",
]:
    op.get_bind().exec_driver_sql(statement, execution_options={"no_parameters": True})
"#;

#[track_caller]
fn caught(old: &str, new: Option<&str>, told: &str, in_diff: &[&str]) {
    caught_in(HISTORY, old, new, &told.lines().collect::<Vec<_>>(), in_diff);
}

#[test]
fn without_a_mutation_the_proof_is_equal() {
    let hooked = mutated("CREATE STATISTICS", Some("CREATE STATISTICS"));
    squash_of(HISTORY, &hooked).1.exits(0);
}

#[test]
fn roles() {
    caught("COMMENT ON ROLE", None, "comment on role cook: 'cooks' -> none", &["-COMMENT ON ROLE"]);
    caught(
        "pg_monitor",
        None,
        "membership of chef in pg_monitor is missing",
        &["-GRANT \"pg_monitor\""],
    );
    caught(
        "\"work_mem\" TO ''5MB''",
        Some("\"work_mem\" TO ''6MB''"),
        "setting work_mem of role cook in this database: 5MB -> 6MB",
        &["-", "+"],
    );
    caught(
        " CREATEROLE",
        Some(" NOCREATEROLE"),
        "role chef: createrole -> nocreaterole",
        &["-", "+"],
    );
}

#[test]
fn the_database() {
    caught("the kitchen", None, "comment on database: 'the kitchen' -> none", &["-"]);
    caught(
        "GRANT CREATE ON DATABASE",
        None,
        "privileges on the database: GRANT CREATE TO chef is missing",
        &["-"],
    );
    caught("CONNECTION LIMIT 77", None, "database: connection limit 77 -> none", &["-"]);
}

#[test]
fn large_objects() {
    caught(
        "lo_put(16500, 0, '\\x737465616d')",
        Some("lo_put(16500, 0, '\\x737465616e')"),
        "content of large objects: definition, line 3: SELECT pg_catalog.lowrite(0, '\\x737465616d'); -> SELECT pg_catalog.lowrite(0, '\\x737465616e');",
        &["-", "+"],
    );
    caught(
        "SELECT pg_catalog.lo_put",
        None,
        "content of large objects: definition, line 3: SELECT pg_catalog.lowrite(0, '\\x737465616d'); -> SELECT pg_catalog.lo_close(0);",
        &["-"],
    );
    caught(
        "ALTER LARGE OBJECT 16500 OWNER",
        None,
        "large object 16500: owner cook -> postgres",
        &["-ALTER LARGE OBJECT"],
    );
    caught(
        "GRANT SELECT ON LARGE OBJECT",
        None,
        "privileges on large object 16500: GRANT SELECT TO chef is missing",
        &["-GRANT SELECT ON LARGE"],
    );
    caught(
        "COMMENT ON LARGE OBJECT",
        None,
        "comment on large object 16500: 'hot' -> none",
        &["-COMMENT ON LARGE OBJECT"],
    );
}

#[test]
fn a_negative_zero() {
    caught(
        "'-0'",
        Some("-0"),
        "rows of public.pot: row id=1: weight -0 -> 0",
        &["-INSERT INTO public.pot", "+"],
    );
}

#[test]
fn statistics_and_publications() {
    caught(
        "CREATE STATISTICS",
        None,
        "statistics public.pot_ab is missing",
        &["-CREATE STATISTICS"],
    );
    caught(
        "(id, a) WHERE ((id > 5))",
        Some("(id, a)"),
        "publication table public.news pot: definition ...blic.pot (id, a) WHERE ((id > 5)) -> ...blic.pot (id, a)",
        &["-ALTER PUBLICATION", "+"],
    );
    caught(
        "CREATE PUBLICATION everything",
        None,
        "publication everything is missing",
        &["-CREATE"],
    );
}

#[test]
fn default_privileges_of_another_role() {
    caught(
        "ALTER DEFAULT PRIVILEGES",
        None,
        "default privileges for functions: REVOKE ALL ON FUNCTIONS FROM PUBLIC for objects of cook is missing",
        &["-ALTER"],
    );
}

#[test]
fn event_triggers() {
    caught(
        "CREATE EVENT TRIGGER bell ON ddl_command_end",
        Some("CREATE EVENT TRIGGER bell ON sql_drop"),
        "event trigger bell: event ddl_command_end -> sql_drop",
        &["-CREATE", "+CREATE"],
    );
    caught(
        "ENABLE ALWAYS",
        None,
        "event trigger bell: fires always -> none",
        &["-ALTER EVENT TRIGGER"],
    );
}

#[test]
fn the_comment_that_an_extension_brings() {
    caught(
        "COMMENT ON EXTENSION",
        None,
        "comment on extension citext: none -> 'data type for case-insensitive character strings'",
        &["+COMMENT ON EXTENSION"],
    );
}

#[test]
fn foreign_servers() {
    caught(
        "CREATE USER MAPPING",
        None,
        "user mapping postgres SERVER far is missing",
        &["-CREATE USER MAPPING"],
    );
    caught("host 'h'", Some("host 'g'"), "server far: host h -> g", &["-", "+"]);
    caught(
        "GRANT ALL ON FOREIGN SERVER",
        None,
        "privileges on foreign server far: GRANT ALL TO cook is missing",
        &["-GRANT ALL"],
    );
}

#[test]
fn the_owner_of_schema_public() {
    caught(
        "ALTER SCHEMA public OWNER",
        None,
        "schema public: owner postgres -> none",
        &["-ALTER SCHEMA public"],
    );
}

#[test]
fn a_privilege_that_another_role_gave() {
    caught(
        "'cook', false",
        Some("'none', false"),
        "privileges on table public.pot: GRANT SELECT TO chef by cook is missing\n\
         privileges on table public.pot: GRANT SELECT TO chef is too much",
        &["-SET SESSION AUTHORIZATION"],
    );
    caught(
        "GRANT SELECT ON TABLE public.pot TO chef",
        None,
        "privileges on table public.pot: GRANT SELECT TO chef by cook is missing",
        &["-GRANT SELECT"],
    );
}

#[test]
fn a_view_on_the_version_table() {
    caught("CREATE VIEW", None, "view public.stand is missing", &["-CREATE VIEW"]);
}
