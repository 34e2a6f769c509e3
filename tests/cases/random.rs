//! Random histories: a drawn graph, drawn DDL, a drawn cut. The proof must hold, and a database that
//! stands at any kept revision must reach the same schema as a fresh one.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::project::Project;
use crate::support::target::Target;

/// A revision: its parents and dependency among those before it, and what it does.
#[derive(Debug, Clone)]
struct Drawn {
    parents: Vec<usize>,
    depends_on: Option<usize>,
    statements: Vec<String>,
}

/// All revisions that must have run before this one.
fn ancestors(history: &[Drawn], of: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut todo = history[of].parents.clone();
    todo.extend(history[of].depends_on);
    while let Some(next) = todo.pop() {
        if found.insert(next) {
            todo.extend(&history[next].parents);
            todo.extend(history[next].depends_on);
        }
    }
    found
}

/// What one revision does: always a table of its own; the rest touches tables of its ancestors in ways
/// that do not depend on the order in which branches run.
fn statements(own: usize, on: &[usize], choices: &[(u8, Index)]) -> Vec<String> {
    let mut made = vec![format!(
        "CREATE TABLE t{own} (id int PRIMARY KEY, name varchar(20) DEFAULT 'n{own}', price numeric(8, 2) NOT NULL \
         DEFAULT 0, at timestamptz, tags text[], kind varchar(4) CHECK (kind IN ('a', 'b')))"
    )];
    for (number, (choice, index)) in choices.iter().enumerate() {
        let own_name = format!("x{own}_{number}");
        let other = if on.is_empty() { own } else { on[index.index(on.len())] };
        made.push(match choice {
            0 => format!("INSERT INTO t{own} (id, name) SELECT i, 'row :x % ' || i FROM generate_series({number}0, {number}4) i"),
            1 => format!("CREATE INDEX {own_name} ON t{other} (lower(name)) WHERE price > {own}"),
            2 => format!("ALTER TABLE t{other} ADD CONSTRAINT {own_name} CHECK (name NOT IN ('{own}', 'z')) NOT VALID"),
            3 => format!("CREATE VIEW {own_name} AS SELECT id, name FROM t{other} WHERE kind IN ('a', 'b')"),
            4 => format!("ALTER TABLE t{own} ADD COLUMN {own_name} int REFERENCES t{other} ON DELETE SET NULL"),
            5 => format!("CREATE TYPE {own_name} AS ENUM ('it''s', '{own}')"),
            6 => format!(
                "CREATE FUNCTION {own_name}(a int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN a + {own}; -- ;\nEND $$"
            ),
            7 => format!("CREATE SEQUENCE {own_name} START {own}1"),
            8 => format!("COMMENT ON TABLE t{own} IS 'of :{own} % \"'"),
            _ => format!("ALTER TABLE t{own} ENABLE ROW LEVEL SECURITY"),
        });
    }
    made
}

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let choices = proptest::collection::vec((0..10u8, any::<Index>()), 0..4);
    let revision = (any::<Index>(), any::<Index>(), 0..12u8, choices);
    proptest::collection::vec(revision, 3..9).prop_map(|revisions| {
        let mut history: Vec<Drawn> = Vec::new();
        for (own, (one, other, how, choices)) in revisions.into_iter().enumerate() {
            let mut new = Drawn { parents: Vec::new(), depends_on: None, statements: Vec::new() };
            if own > 0 {
                let (one, other) = (one.index(own), other.index(own));
                match how {
                    0 => {}
                    1 => new.depends_on = Some(one),
                    2..=4 if one != other => new.parents = vec![one, other],
                    5 if one != other => (new.parents, new.depends_on) = (vec![one], Some(other)),
                    6 | 7 => new.parents = vec![one],
                    _ => new.parents = vec![own - 1],
                }
            }
            history.push(new);
            let on: Vec<usize> = ancestors(&history, own).into_iter().collect();
            history[own].statements = statements(own, &on, &choices);
        }
        history
    })
}

fn project(history: &[Drawn]) -> Project {
    let project = Project::bare();
    for (own, drawn) in history.iter().enumerate() {
        let parents: Vec<String> =
            drawn.parents.iter().map(|parent| format!("r{parent}")).collect();
        let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
        let body: Vec<String> = drawn
            .statements
            .iter()
            .map(|s| format!("op.get_bind().exec_driver_sql({s:?}, execution_options={{'no_parameters': True}})"))
            .collect();
        let id = format!("r{own}");
        project.revision(&id, &parents, &body.join("\n"));
        if let Some(on) = drawn.depends_on {
            let file = format!("migrations/versions/{id}_.py");
            let text = project.read(&file);
            project
                .write(&file, text.replace("depends_on = None", &format!("depends_on = 'r{on}'")));
        }
    }
    project
}

/// Builds a database by these steps and gives its dump after one round trip: what was made before the
/// squash and what the baseline made print alike then.
async fn built(target: &Target, name: &str, steps: &[(&Project, &str)]) -> String {
    let url = target.database(name).await;
    for (project, to) in steps {
        project.alembic(&url, &["upgrade", to]).exits(0);
    }
    let dump = target.restored(name).await;
    // The rows of the version table may differ: the baseline can have a new id.
    let (before, rest) = dump.split_once("COPY public.alembic_version").unwrap();
    format!("{before}{}", rest.split_once("\\.\n").unwrap().1)
}

/// Squashes with this cut and holds databases at kept revisions against a fresh one.
async fn holds(history: &[Drawn], cut: &[String], pick: Index) -> Result<(), TestCaseError> {
    let (old, new) = (project(history), project(history));
    let arguments: Vec<&str> =
        ["--format", "json", "squash"].into_iter().chain(cut.iter().map(String::as_str)).collect();
    let run = new.rebaseline(&arguments);
    // A cut that splits the graph, or cuts nothing, is told before anything runs.
    if matches!(run.code, Some(1 | 2)) && run.stderr.contains("the cut ") {
        return Ok(());
    }
    prop_assert_eq!(run.code, Some(0), "{}", run.stderr);
    let result = run.json();
    prop_assert_eq!(&result["proof"]["equal"], true);
    prop_assert_eq!(&result["proof"]["offline"]["outcome"], "equal");
    let target = Target::start().await;
    let whole = built(&target, "whole", &[(&old, "heads")]).await;
    prop_assert_eq!(&built(&target, "fresh", &[(&new, "heads")]).await, &whole);
    let squashed = usize::try_from(result["history"]["squashed"].as_u64().unwrap()).unwrap();
    if squashed < history.len() {
        // Whoever has a kept revision that builds on the baseline has all that was squashed.
        let rows = result["baseline"]["replaces"].as_array().unwrap();
        let heads: BTreeSet<usize> =
            rows.iter().map(|row| row.as_str().unwrap()[1..].parse().unwrap()).collect();
        let on_top: Vec<usize> =
            (0..history.len()).filter(|own| heads.is_subset(&ancestors(history, *own))).collect();
        if !on_top.is_empty() {
            let at = format!("r{}", on_top[pick.index(on_top.len())]);
            prop_assert_eq!(&built(&target, "kept", &[(&old, &at), (&new, "heads")]).await, &whole);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_random_history_with_a_random_cut(
        history in drawn(),
        keep in 0..6usize,
        upto in proptest::option::of(any::<Index>()),
        new_id in any::<bool>(),
        pick in any::<Index>(),
    ) {
        let mut cut = match upto {
            Some(index) => vec!["--upto".to_owned(), format!("r{}", index.index(history.len()))],
            None => vec!["--keep".to_owned(), keep.to_string()],
        };
        if new_id {
            cut.extend(["--revision-id".to_owned(), "new".to_owned()]);
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(holds(&history, &cut, pick))?;
    }
}
