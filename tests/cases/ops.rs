//! Style `ops`: what SQLAlchemy can say is an operation, everything else stays SQL at its place, and the
//! proof finds both alike. The histories lie beside this file, one group a file: statements with an
//! empty line between.

use std::process::Command;

use ruff_python_ast::{Expr, Stmt};

use crate::support::environment;
use crate::support::newer;
use crate::support::project::{ENV_ASYNC, ENV_SYNC, Project};

/// A history of one revision that runs these statements as they are.
fn history(sql: &str) -> Project {
    let list: Vec<String> = sql
        .split("\n\n")
        .map(|statement| format!("{:?}", statement.trim().trim_end_matches(';')))
        .collect();
    let project = Project::bare();
    project.revision(
        "r1",
        &[],
        &format!(
            "for s in [{}]:\n    op.get_bind().exec_driver_sql(s, execution_options={{'no_parameters': True}})",
            list.join(", ")
        ),
    );
    project
}

/// Squashes in this style and gives the file: proved online and offline, and as `ruff` wants it.
#[track_caller]
fn squashed(project: &Project, style: &str) -> String {
    let result = project.squash(&["--style", style]);
    assert_eq!(result["proof"]["offline"]["outcome"], "equal", "{}", result["proof"]);
    ruff(project, &["check", "--isolated"]);
    ruff(project, &["format", "--isolated", "--diff"]);
    std::fs::read_to_string(project.baseline()).unwrap()
}

#[track_caller]
fn ruff(project: &Project, arguments: &[&str]) {
    let mut command = Command::new(environment().join("bin/ruff"));
    let output =
        command.args(arguments).arg("--no-cache").arg(project.baseline()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[track_caller]
fn group(sql: &str) -> String {
    let project = history(sql);
    squashed(&project, "ops")
}

/// The statements that `upgrade()` sends as they are.
fn executed(baseline: &str) -> Vec<String> {
    let parsed = ruff_python_parser::parse_module(baseline).unwrap();
    let body = |statement: &Stmt| match statement {
        Stmt::FunctionDef(function) if &*function.name == "upgrade" => Some(function.body.clone()),
        _ => None,
    };
    let upgrade = parsed.syntax().body.iter().find_map(body).unwrap();
    let sent = upgrade.iter().filter_map(|statement| {
        let Stmt::Expr(statement) = statement else { return None };
        let Expr::Call(call) = &*statement.value else { return None };
        let Expr::Name(name) = &*call.func else { return None };
        let Expr::StringLiteral(text) = call.arguments.args.first()? else { return None };
        (&*name.id == "execute").then(|| text.value.to_str().to_owned())
    });
    sent.collect()
}

/// Asserts that these are the only statements of a kind that are sent as they are.
#[track_caller]
fn assert_executed(baseline: &str, begins: &str, contain: &[&str]) {
    let found: Vec<_> =
        executed(baseline).into_iter().filter(|sent| sent.starts_with(begins)).collect();
    let all = found.len() == contain.len()
        && found.iter().zip(contain).all(|(found, part)| found.contains(part));
    assert!(all, "{begins}: {found:#?}");
}

#[track_caller]
fn assert_holds(baseline: &str, parts: &[&str]) {
    let squeezed: String = baseline.split_whitespace().collect();
    for part in parts {
        // However it is broken into lines.
        let part: String = part.split_whitespace().collect();
        assert!(squeezed.contains(&part) || squeezed.replace(",)", ")").contains(&part), "{part}");
    }
}

/// The example on this driver: nothing that is plain is sent as SQL.
#[track_caller]
fn example(driver: &str) -> Project {
    let mut project = Project::example();
    project.set("DATABASE_URL", &format!("postgresql+{driver}://u:s3cret@127.0.0.1:1/production"));
    let baseline = squashed(&project, "ops");
    // Partitioned tables and their partitions are what SQLAlchemy cannot say.
    let family = |sent: &str| {
        ["delivery_events", "stock_movements"]
            .iter()
            .any(|name| sent.contains(&format!("public.{name}")))
    };
    let sent = executed(&baseline);
    let plain: Vec<_> = sent.iter().filter(|sent| !family(sent)).collect();
    let is = |begins: &str| plain.iter().filter(|sent| sent.starts_with(begins)).count();
    assert_eq!((is("CREATE TABLE"), is("CREATE INDEX"), is("CREATE UNIQUE INDEX")), (0, 0, 0));
    assert!(!sent.iter().any(|sent| sent.contains(" AS ENUM ")));
    // One check holds a backslash and a colon that text() cannot tell apart from its own.
    let constraints: Vec<_> = plain.iter().filter(|sent| sent.contains("ADD CONSTRAINT")).collect();
    assert_eq!(constraints, Vec::<&&String>::new());
    for call in
        ["op.create_table(", "op.create_index(", "op.bulk_insert(", "op.create_foreign_key("]
    {
        assert!(baseline.contains(call), "{call}");
    }
    project
}

#[test]
fn the_example_in_operations_on_psycopg() {
    let mut project = Project::example();
    project.set("SOURCE_DATE_EPOCH", "1700000000");
    let copy = project.copy();
    let first = squashed(&project, "ops");
    assert_eq!(first, squashed(&copy, "ops"));
    example("psycopg");
}

#[test]
fn the_example_in_operations_on_psycopg2() {
    example("psycopg2");
}

#[test]
fn the_example_in_operations_on_asyncpg() {
    example("asyncpg");
}

#[test]
fn the_example_as_sql_is_what_ruff_wants() {
    squashed(&Project::example(), "sql");
}

#[test]
fn types() {
    let baseline = group(include_str!("ops/types.sql"));
    assert_executed(&baseline, "CREATE TABLE", &["public.odd_type"]);
    // Offline a backslash would be doubled; an enum without labels is none to SQLAlchemy.
    assert_executed(&baseline, "CREATE TYPE", &["\"100%\"", "public.empty", "public.point3"]);
    assert_holds(
        &baseline,
        &[
            r#"sa.Column("a06", sa.Numeric(precision=10, scale=3))"#,
            r#"sa.Column("b08", PgType("public.citext"))"#,
            r#"sa.Column("b09", sa.Text(collation="C"))"#,
            r#"sa.Column("b11", PgType("text COLLATE public.german"))"#,
            r#"sa.Column("c13", postgresql.INTERVAL(fields="DAY TO SECOND", precision=3))"#,
            r#"sa.Column("e08", postgresql.BIT(length=9, varying=True))"#,
            r#"sa.Column("g02", postgresql.ARRAY(postgresql.ENUM(name="mood", schema="public", create_type=False)))"#,
            r#"postgresql.CreateEnumType(postgresql.ENUM("a", "b:c", name="Mood", schema="ext"))"#,
        ],
    );
}

#[test]
fn names_and_texts() {
    let baseline = group(include_str!("ops/names.sql"));
    // A `%` comes out doubled or not, by driver and mode; `lateral` is a word SQLAlchemy does not quote.
    assert_executed(
        &baseline,
        "CREATE TABLE",
        &[
            "\"50%\"",
            "public.computed (",
            "public.computed_percent",
            "\"lateral\"",
            "public.percent",
            "public.words",
        ],
    );
    assert_executed(
        &baseline,
        "CREATE INDEX",
        &["\"50% off\"", "\"collation\"", "percents", "tabs"],
    );
    assert_executed(&baseline, "COMMENT ON COLUMN", &["texts.a", "texts.b", "texts.c"]);
    assert_holds(
        &baseline,
        &[
            r#"server_default=sa.text(r"""'\:x'::text""")"#,
            r#"sa.CheckConstraint(r"""c <> '\:z'::text""", name=op.f("colon"))"#,
            r#"comment="two\nlines: :a""#,
        ],
    );
}

#[test]
fn keys_and_constraints() {
    let baseline = group(include_str!("ops/keys.sql"));
    assert_executed(&baseline, "CREATE TABLE", &[]);
    // Storage parameters, columns of SET NULL, NO INHERIT, and an operator that needs its schema.
    assert_executed(
        &baseline,
        "ALTER TABLE",
        &["eight", "CLUSTER ON", "eleven", "REPLICA IDENTITY", "four"],
    );
    assert_holds(
        &baseline,
        &[
            r#"sa.UniqueConstraint("b", "c", name=op.f("latest"), deferrable=True, initially="DEFERRED")"#,
            r#"sa.PrimaryKeyConstraint("a", name=op.f("covered_pkey"), postgresql_include=["b"])"#,
            r#"sa.Column("n", sa.Numeric(), autoincrement=False, nullable=False)"#,
            r#"op.create_unique_constraint(op.f("a_again"), "twice", ["a"], schema="public", deferrable=True)"#,
            r#"onupdate="SET NULL", ondelete="CASCADE""#,
            r#"match="FULL""#,
            "postgresql_not_valid=True",
            r#"(sa.literal_column("tsrange(lower(during), upper(during), '[]'::text)"), "&&")"#,
        ],
    );
}

#[test]
fn indexes() {
    let baseline = group(include_str!("ops/indexes.sql"));
    // A parameter of an operator class is part of the element's text; so there is nothing left.
    assert_executed(&baseline, "CREATE INDEX", &[]);
    assert_executed(&baseline, "CREATE UNIQUE INDEX", &[]);
    assert_holds(
        &baseline,
        &[
            r#"[sa.text("a DESC"), sa.text("c NULLS FIRST"), sa.text("b DESC NULLS LAST")]"#,
            r#"postgresql_ops={"a": "public.gin_trgm_ops"}"#,
            r#"postgresql_include=["b", "c"]"#,
            r#"postgresql_with={"fillfactor": "70"}"#,
            r#"postgresql_with={"fastupdate": "off"}"#,
            "postgresql_nulls_not_distinct=True",
            r#"postgresql_where=sa.text("(g = 'open'::public.state) AND (a IS NOT NULL)")"#,
        ],
    );
    // What calls a function waits until all functions, and what they use, are there.
    let at = |part: &str| baseline.find(part).unwrap_or_else(|| panic!("{part}"));
    assert!(at(r#"op.f("i28")"#) < at("# rows of `public.t`"));
    assert!(at(r#"op.f("i17")"#) > at("# rows of `public.t`"));
}

#[test]
fn sequences() {
    let baseline = group(include_str!("ops/sequences.sql"));
    assert_executed(&baseline, "CREATE TABLE", &[]);
    assert_holds(
        &baseline,
        &[
            r#"sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False)"#,
            r#"sa.Column("a", sa.Integer(), sa.Identity(always=True), nullable=False)"#,
            "sa.Identity(start=5, increment=2, minvalue=5, maxvalue=500, cycle=True, cache=7)",
            r#"op.alter_column("big", "other", server_default=sa.text("nextval('public.big_other_seq'::regclass)"), schema="public")"#,
        ],
    );
    // A name that PostgreSQL would not choose, other values, another owner, or no part of the key.
    let created = executed(&baseline);
    let made: Vec<&str> = created
        .iter()
        .filter_map(|sent| sent.strip_prefix("CREATE SEQUENCE public."))
        .filter_map(|sent| sent.split_whitespace().next())
        .collect();
    insta::assert_snapshot!(made.join("\n"), @r"
    a_b_c_seq1
    an_extremely_long_table_name_that_goes_to_the_limit_o_an_id_seq
    big_other_seq
    big_small_seq
    grown_id_seq
    lone
    no_key_id_seq
    owned
    renamed_before_id_seq
    strange_id_seq
    theirs_id_seq
    two_keys_id_seq
    ");
}

#[test]
fn rows() {
    let baseline = group(include_str!("ops/rows.sql"));
    let mut sent: Vec<String> = executed(&baseline)
        .iter()
        .filter_map(|sent| {
            Some(sent.strip_prefix("INSERT INTO public.")?.split(' ').next()?.to_owned())
        })
        .collect();
    sent.dedup();
    // What could change on its way, and what an INSERT of SQLAlchemy cannot say.
    insta::assert_snapshot!(sent.join("\n"), @r"
    defaults
    nothing
    odd
    only_fresh
    selfish
    with_bits
    with_control
    with_nan
    with_percent
    with_slash
    with_tab
    ");
    assert_holds(
        &baseline,
        &[
            r#"sa.column("n", PgType("timestamp with time zone"))"#,
            r#"{"id": 1, "b": "row 1"}"#,
            r#""c": Decimal("-12.340")"#,
        ],
    );
}

#[test]
fn rows_on_every_driver() {
    for (driver, env) in [("psycopg2", ENV_SYNC), ("asyncpg", ENV_ASYNC)] {
        let mut project = history(include_str!("ops/rows.sql"));
        project.write("migrations/env.py", env);
        project.set("DATABASE_URL", &format!("postgresql+{driver}://u@127.0.0.1:1/production"));
        squashed(&project, "ops");
    }
}

#[test]
fn names_on_every_driver() {
    for (driver, env) in [("psycopg2", ENV_SYNC), ("asyncpg", ENV_ASYNC)] {
        let mut project = history(include_str!("ops/names.sql"));
        project.write("migrations/env.py", env);
        project.set("DATABASE_URL", &format!("postgresql+{driver}://u@127.0.0.1:1/production"));
        squashed(&project, "ops");
    }
}

#[test]
fn partitions_children_and_storage() {
    let baseline = group(include_str!("ops/family.sql"));
    assert_executed(
        &baseline,
        "CREATE TABLE",
        &[
            "public.base (",
            "public.counted (",
            "public.counted_child (",
            "public.derived (",
            "public.parts (",
            "public.parts_2024 (",
            "public.parts_more (",
            "public.typed OF",
        ],
    );
    assert_holds(
        &baseline,
        &[r#"prefixes=["UNLOGGED"]"#, r#"postgresql_with={"fillfactor": "70","#],
    );
}

#[test]
fn what_must_wait_for_something_else() {
    let baseline = group(include_str!("ops/order.sql"));
    assert_executed(&baseline, "CREATE TABLE", &[]);
    assert_executed(&baseline, "CREATE INDEX", &[]);
}

#[test]
fn operator_classes_hold_everything_in_its_place() {
    let baseline = group(include_str!("ops/classes.sql"));
    assert_holds(
        &baseline,
        &[
            r#"op.create_primary_key(op.f("t_pkey"), "t", ["id"], schema="public")"#,
            r#"op.create_unique_constraint(op.f("t_a_key"), "t", ["a"], schema="public")"#,
            r#"postgresql_ops={"a": "public.length_ops"}"#,
        ],
    );
}

#[test]
fn an_env_without_paramstyle_doubles_no_percent_sign() {
    let project = history(include_str!("ops/names.sql"));
    let env = ENV_SYNC.replace(", dialect_opts={\"paramstyle\": \"named\"}", "");
    assert_ne!(env, ENV_SYNC);
    project.write("migrations/env.py", env);
    squashed(&project, "ops");
}

#[test]
fn a_naming_convention_changes_no_name() {
    let project = history(include_str!("ops/keys.sql"));
    let convention = "from sqlalchemy import MetaData\n\nMETADATA = MetaData(naming_convention={\n    \
        'ix': 'IX_%(column_0_label)s', 'uq': 'UQ_%(table_name)s_%(column_0_name)s',\n    \
        'ck': 'CK_%(table_name)s_%(constraint_name)s', 'pk': 'PK_%(table_name)s',\n    \
        'fk': 'FK_%(table_name)s_%(column_0_name)s_%(referred_table_name)s'})\n";
    let env = ENV_SYNC
        .replace("URL = os", &format!("{convention}\nURL = os"))
        .replace("context.configure(", "context.configure(target_metadata=METADATA, ");
    project.write("migrations/env.py", env);
    squashed(&project, "ops");
}

#[test]
fn what_18_prints_of_its_own() {
    let project = history(include_str!("ops/since_18.sql"));
    let binaries = newer::binaries(18).display().to_string();
    let result = project.squash(&["--style", "ops", "--pg-bin", &binaries]);
    assert_eq!(result["proof"]["offline"]["outcome"], "equal");
    let baseline = std::fs::read_to_string(project.baseline()).unwrap();
    // A name of NOT NULL can be given afterwards, if it is not the one that another table will choose.
    assert_executed(&baseline, "CREATE TABLE", &["public.computed", "public.first", "public.kept"]);
    assert_holds(
        &baseline,
        &[r#"RENAME CONSTRAINT "renamed_B c_not_null" TO "renamed_before_A_not_null""#],
    );
}
