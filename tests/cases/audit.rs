//! What `audit` tells: by rule, as the user sees it; by comment and configuration; by format; about a database.

mod broken;
mod content;
mod database;
mod formats;
mod switches;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::project::{Project, Run};

/// A revision file. Its downgrade raises, which is none of any rule's business.
fn revision(id: &str, parent: Option<&str>, imports: &str, upgrade: &str) -> String {
    let down = parent.map_or("None".to_owned(), |parent| format!("{parent:?}"));
    let body: String = upgrade.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "\"\"\"step {id}\n\nRevision ID: {id}\nCreate Date: 2024-01-01 10:00:00\n\n\"\"\"\n\
         from alembic import op\nimport sqlalchemy as sa\n{imports}\n\
         revision = {id:?}\ndown_revision = {down}\nbranch_labels = None\ndepends_on = None\n\n\n\
         def upgrade():\n{body}\n\n\
         def downgrade():\n    raise NotImplementedError\n"
    )
}

/// A project with one revision that imports and does this.
fn one(imports: &str, upgrade: &str) -> Project {
    let project = Project::bare();
    project.write("migrations/versions/a1_.py", revision("a1", None, imports, upgrade));
    project
}

fn audit(project: &Project, arguments: &[&str]) -> Run {
    project.rebaseline(&[&["audit"], arguments].concat())
}

/// The rules that find something.
fn rules(project: &Project) -> BTreeSet<String> {
    let run = project.rebaseline(&["--format", "json", "audit"]);
    let found = run.json()["findings"].as_array().unwrap().clone();
    found.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

/// The findings of a rule.
fn of<'a>(result: &'a Value, rule: &str) -> Vec<&'a Value> {
    result["findings"].as_array().unwrap().iter().filter(|found| found["rule"] == rule).collect()
}
