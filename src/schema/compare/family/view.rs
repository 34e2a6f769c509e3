//! Views, materialized views and rules: definitions that are told by their first differing line, as
//! `pg_dump` prints them.

use pg_query::protobuf::{CreateTableAsStmt, RuleStmt, ViewCheckOption, ViewStmt};

use crate::schema::compare::facts::Part;
use crate::schema::compare::tree;

/// `CREATE VIEW`
pub fn create(view: &ViewStmt, text: &str) -> Part {
    let check = match view.with_check_option() {
        ViewCheckOption::LocalCheckOption => "local",
        ViewCheckOption::CascadedCheckOption => "cascaded",
        _ => "",
    };
    let known = ["view", "aliases", "query", "options", "with_check_option"];
    let part = Part::object()
        .list("columns", &tree::strings(&view.aliases))
        .options(&view.options)
        .fact("check option", check);
    let part = match &view.query {
        Some(query) => part.text("definition", text, query),
        None => part,
    };
    part.rest(view, &known, text)
}

/// `CREATE MATERIALIZED VIEW`
pub fn materialized(view: &CreateTableAsStmt, text: &str) -> Part {
    let mut part = Part::object();
    if let Some(into) = &view.into {
        part = part
            .list("columns", &tree::strings(&into.col_names))
            .fact("access method", &into.access_method)
            .list("storage parameters", &super::expressions(&into.options))
            .fact("tablespace", &into.table_space_name);
    }
    if let Some(query) = &view.query {
        part = part.text("definition", text, query);
    }
    part.rest(view, &["query", "into", "objtype"], text)
}

/// `CREATE RULE`
pub fn rule(rule: &RuleStmt, text: &str) -> Part {
    let part = Part::object()
        .either("manner", rule.instead, "instead", "also")
        .expression("condition", rule.where_clause.as_deref());
    part.text("definition", text, &(&rule.actions, rule.event))
}
