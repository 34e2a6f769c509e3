//! Whether two texts of a definition say the same and only print differently.
//!
//! Pure. `PostgreSQL` prints a definition from its parsed form, and each major in its own way: blanks,
//! parentheses, quotes. Both texts are parsed again, and their trees compared without locations. A text
//! that the parser does not take is equal to nothing but itself.

use crate::schema::compare::tree;

/// Whether two values of a property have the same tree.
pub fn same(kind: &str, property: &str, one: &str, other: &str) -> bool {
    // `stored lower(name)`: the word is no part of the expression.
    if property == "generated"
        && let (Some((word, one)), Some((other_word, other))) =
            (one.split_once(' '), other.split_once(' '))
    {
        return word == other_word && same(kind, "default", one, other);
    }
    let Some(frame) = frame(kind, property) else { return false };
    let tree = |text: &str| {
        let (before, after) = frame;
        tree::parse(&format!("{before}{text}{after}")).map(|node| tree::tree(&node))
    };
    tree(one).is_some_and(|one| tree(other).is_some_and(|other| one == other))
}

/// What makes a statement of a property's text, before and behind it.
fn frame(kind: &str, property: &str) -> Option<(&'static str, &'static str)> {
    let frame = match (kind, property) {
        ("constraint" | "not-null constraint", "definition") => {
            ("ALTER TABLE t ADD CONSTRAINT c ", "")
        }
        ("domain constraint", "definition") => ("ALTER DOMAIN d ADD CONSTRAINT c ", ""),
        (_, "definition") => ("", ""),
        ("column" | "attribute" | "domain", "default")
        | ("policy", "using" | "check")
        | ("publication member", "where") => ("SELECT ", ""),
        ("table" | "foreign table", "bound") => ("CREATE TABLE t PARTITION OF p ", ""),
        ("table", "partitioned by") => ("CREATE TABLE t () PARTITION BY ", ""),
        _ => return None,
    };
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn only_print_differs() {
        for (kind, property, one, other) in [
            ("constraint", "definition", "CHECK ((a > 0))", "CHECK (a > 0)"),
            ("view", "definition", " SELECT a\n   FROM s.t;", "SELECT a FROM s.t"),
            ("column", "default", "('a'::text)", "'a'::text"),
            ("column", "default", "\"f\"()", "f()"),
            ("column", "generated", "stored (a + b)", "stored ((a + b))"),
            ("policy", "using", "((a = b))", "(a = b)"),
            (
                "index",
                "definition",
                "CREATE INDEX i ON s.t (a)",
                "CREATE INDEX i ON s.t USING btree (a)",
            ),
            ("table", "bound", "FOR VALUES FROM (1) TO (2)", "FOR VALUES FROM ((1)) TO (2)"),
            ("table", "partitioned by", "RANGE (a)", "range (\"a\")"),
            ("domain constraint", "definition", "CHECK ((VALUE > 0))", "CHECK (VALUE > 0)"),
        ] {
            assert!(same(kind, property, one, other), "{one} and {other}");
        }
    }

    #[test]
    fn what_says_something_else_is_not_the_same() {
        for (kind, property, one, other) in [
            ("constraint", "definition", "CHECK (a > 0)", "CHECK (a > 1)"),
            ("constraint", "definition", "CHECK (a > 0)", "CHECK (a > 0) NOT VALID"),
            ("column", "default", "'a'::text", "'a'::name"),
            ("column", "default", "a b c", "a  b c"),
            ("column", "generated", "stored (a + b)", "virtual (a + b)"),
            ("column", "comment", "a", "(a)"),
            (
                "function",
                "definition",
                "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$select 1$$",
                "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$select  1$$",
            ),
        ] {
            assert!(!same(kind, property, one, other), "{one} and {other}");
        }
    }
}
