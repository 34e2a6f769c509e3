//! Tables with their columns, constraints, indexes and partitions.

use super::{entry, lines, told};

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
fn a_schema_that_is_only_changed() {
    let owner = entry("SCHEMA", "public", &["ALTER SCHEMA public OWNER TO app"]);
    let made = entry("SCHEMA", "own", &["CREATE SCHEMA own", "ALTER SCHEMA own OWNER TO app"]);
    insta::assert_snapshot!(lines(&[owner, made], &[]), @r"
    schema s.public: owner app -> none
    schema s.own is missing
    ");
}
