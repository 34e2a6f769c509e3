//! How two objects differ, property by property.
//!
//! Pure. Statements are parsed and handed to the family of their kind; what no family tells is told by the
//! first line that differs. Telling never decides: two objects that differ by text differ, and if their
//! trees are equal that is what is told.

use arcstr::Substr;
use pg_query::NodeEnum;

use crate::schema::Statements;
use crate::schema::compare::change::{Change, Told, What};
use crate::schema::compare::facts::{self, Part};
use crate::schema::compare::{Difference, family, inline, rows, tree};

/// Parsing deep expressions takes more stack than a thread has by default.
const STACK: usize = 64 * 1024 * 1024;

/// Objects that are nothing but their properties: where one is missing, its properties are told.
const NOTHING_BUT_PROPERTIES: [&str; 8] = [
    "ACL",
    "DEFAULT ACL",
    "PRIVILEGES",
    "SETTING",
    "COMMENT",
    "SEQUENCE SET",
    "DEFAULT",
    "DATABASE",
];

/// The differences by property. Each difference is told by at least one.
pub fn changes(differences: &[Difference]) -> Vec<Change> {
    if differences.is_empty() {
        return Vec::new();
    }
    std::thread::scope(|scope| {
        let explain = || explained(differences);
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, explain);
        let changes = thread.ok().and_then(|thread| thread.join().ok());
        // Without a thread there is still the name of each object.
        changes.unwrap_or_else(|| differences.iter().map(|d| change(d, unexplained(d))).collect())
    })
}

fn change(difference: &Difference, what: What) -> Change {
    let also = difference.also.clone();
    Change { context: difference.context, also, object: difference.object.clone(), what }
}

fn explained(differences: &[Difference]) -> Vec<Change> {
    let inline = inline::constraints(differences);
    let mut changes = Vec::new();
    for (number, difference) in differences.iter().enumerate() {
        let told = match inline.told.get(&number) {
            Some(told) => told.clone(),
            None => told(difference),
        };
        let elsewhere = inline.elsewhere.get(&number);
        let here = told.into_iter().filter(|what| {
            !elsewhere.is_some_and(|parts| what.told == Told::Absent && parts.contains(&what.part))
        });
        changes.extend(here.map(|what| change(difference, what)));
    }
    changes
}

fn told(difference: &Difference) -> Vec<What> {
    let kind = difference.object.kind.as_str();
    let both = difference.expected.as_deref().zip(difference.actual.as_deref());
    let expected = difference.expected.as_deref().unwrap_or_default();
    let actual = difference.actual.as_deref().unwrap_or_default();
    match both {
        _ if kind == "TABLE DATA" => rows::changes(expected, actual, &difference.key),
        _ if NOTHING_BUT_PROPERTIES.contains(&kind) => properties(difference, expected, actual),
        Some((expected, actual)) if kind == family::MEMBER => {
            let version = |all: &[Substr]| all.iter().map(|m| family::member_version(m)).collect();
            vec![named("version", Some(version(expected)), Some(version(actual)))]
        }
        // Content, in calls that have no properties.
        _ if kind == "BLOBS" => vec![unexplained(difference)],
        Some((expected, actual)) => properties(difference, expected, actual),
        // Not made here, only changed (the schema public): what is missing is the change.
        None if kind == "SCHEMA"
            && !expected.iter().chain(actual).any(|s| s.starts_with("CREATE ")) =>
        {
            properties(difference, expected, actual)
        }
        None => vec![unexplained(difference)],
    }
}

/// The object as a whole.
fn unexplained(difference: &Difference) -> What {
    let text = |side: &Option<Statements>| {
        side.as_ref().map(|all| all.iter().map(Substr::as_str).collect::<Vec<_>>().join(";\n"))
    };
    let (expected, actual) = (text(&difference.expected), text(&difference.actual));
    if expected.is_some() && actual.is_some() {
        return definition(expected, actual);
    }
    What::absent("", expected, actual)
}

fn definition(expected: Option<String>, actual: Option<String>) -> What {
    named("definition", expected, actual)
}

fn named(name: &str, expected: Option<String>, actual: Option<String>) -> What {
    let (part, name) = (String::new(), name.to_owned());
    What { part, name, expected, actual, told: Told::Value }
}

fn properties(difference: &Difference, expected: &[Substr], actual: &[Substr]) -> Vec<What> {
    let parsed = |all: &[Substr]| -> Option<Vec<NodeEnum>> {
        all.iter().map(|statement| tree::parse(statement)).collect()
    };
    let (Some(wanted), Some(found)) = (parsed(expected), parsed(actual)) else {
        return vec![unexplained(difference)];
    };
    let parts = |texts: &[Substr], nodes: &[NodeEnum]| -> Vec<Part> {
        let mut parts = Vec::new();
        // Privileges that another role than the owner gave stand between two of these.
        let mut by = String::new();
        for (text, node) in texts.iter().zip(nodes) {
            match node {
                NodeEnum::VariableSetStmt(set) if set.name == "session_authorization" => {
                    by = family::granted_by(set);
                }
                _ => {
                    let of_statement = family::parts(&difference.object, text, node);
                    parts.extend(of_statement.into_iter().map(|part| part.behind(&by)));
                }
            }
        }
        parts
    };
    let changes = facts::compare(&parts(expected, &wanted), &parts(actual, &found));
    if !changes.is_empty() {
        return changes;
    }
    let trees = |nodes: &[NodeEnum]| -> Vec<String> {
        nodes.iter().map(|node| tree::tree(node).to_string()).collect()
    };
    let (mut wanted, mut found) = (trees(&wanted), trees(&found));
    if wanted == found {
        let texts = (Some(expected.join(";\n")), Some(actual.join(";\n")));
        return vec![named("printed differently", texts.0, texts.1)];
    }
    wanted.sort_unstable();
    found.sort_unstable();
    if wanted == found {
        return vec![What::note("order", "its statements stand in another order")];
    }
    vec![unexplained(difference)]
}
