//! Files of ours that take the place of the project's for a run: of a revision that is skipped, and of an
//! `env.py` that cannot be used. Pure.

use tera::{Context, Tera};

use crate::format::alembic::literal;

const SKIPPED: &str = include_str!("../../../templates/alembic/skipped.py.tera");
const ENV: &str = include_str!("../../../templates/alembic/env.py.tera");

/// What a revision says about its place in the graph.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// `revision`.
    pub id: &'a str,
    /// `down_revision`.
    pub parents: &'a [String],
    /// `depends_on`.
    pub depends_on: &'a [String],
    /// `branch_labels`.
    pub labels: &'a [String],
}

/// A revision with the same place in the graph that does nothing.
///
/// # Errors
/// What the template engine says.
pub fn skipped(identity: Identity<'_>) -> Result<String, tera::Error> {
    let mut context = Context::new();
    // Legal ids hold no quotes; what is read from an archive need not be one.
    context.insert("name", &identity.id.replace(['"', '\\', '\n'], " "));
    context.insert("id", &literal::python(identity.id));
    context.insert("parents", &literal::names(identity.parents));
    context.insert("labels", &literal::names(identity.labels));
    context.insert("depends_on", &literal::names(identity.depends_on));
    Tera::one_off(SKIPPED, &context, false)
}

/// An `env.py` with this version table.
///
/// # Errors
/// What the template engine says.
pub fn env(schema: Option<&str>, table: &str) -> Result<String, tera::Error> {
    let mut context = Context::new();
    context.insert("schema", &schema.map_or_else(|| "None".to_owned(), literal::python));
    context.insert("table", &literal::python(table));
    Tera::one_off(ENV, &context, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_revision_keeps_its_place_in_the_graph() {
        let text = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let (parents, depends_on, labels) = (text(&["a", "b"]), text(&["c"]), text(&["api"]));
        let identity =
            Identity { id: "d", parents: &parents, depends_on: &depends_on, labels: &labels };
        let source = skipped(identity).unwrap();
        assert!(source.contains("down_revision = (\"a\", \"b\")"), "{source}");
        assert!(source.contains("depends_on = \"c\""), "{source}");
        assert!(source.contains("branch_labels = \"api\""), "{source}");
        ruff_python_parser::parse_module(&source).unwrap();
        let base = Identity { id: "a", parents: &[], depends_on: &[], labels: &[] };
        assert!(skipped(base).unwrap().contains("down_revision = None"));
    }

    #[test]
    fn the_plain_env_is_python_with_the_version_table() {
        let source = env(Some("app"), "versions").unwrap();
        assert!(source.contains("SCHEMA = \"app\""), "{source}");
        assert!(source.contains("\"version_table\": \"versions\""), "{source}");
        ruff_python_parser::parse_module(&source).unwrap();
        assert!(env(None, "v").unwrap().contains("SCHEMA = None"));
    }
}
