//! The families: which file knows the properties of which kind of statement.
//!
//! Pure. A statement that belongs to no family is told by its whole text.

mod alter;
mod comment;
mod constraint;
mod foreign;
mod function;
mod index;
mod made;
mod policy;
mod privileges;
mod sequence;
mod table;
mod trigger;
mod types;
mod view;

use pg_query::NodeEnum;
use pg_query::protobuf::{Constraint, Node, VariableSetKind, VariableSetStmt};

use crate::schema::Object;
use crate::schema::compare::facts::Part;
use crate::schema::compare::tree;
pub use made::{MEMBER, made_entries, member_entries, member_version};

/// What a statement says of its object.
pub fn parts(object: &Object, text: &str, node: &NodeEnum) -> Vec<Part> {
    match node {
        NodeEnum::CreateStmt(create) => table::create(create, text),
        NodeEnum::CreateForeignTableStmt(create) => table::foreign(create, text),
        NodeEnum::AlterTableStmt(alter) => alter::table(object, alter, text),
        NodeEnum::AlterDomainStmt(alter) => types::alter_domain(alter, text),
        NodeEnum::IndexStmt(index) => vec![index::create(index, text)],
        NodeEnum::CreateFunctionStmt(function) => function::create(function, text),
        NodeEnum::ViewStmt(view) => vec![view::create(view, text)],
        NodeEnum::CreateTableAsStmt(view) => vec![view::materialized(view, text)],
        NodeEnum::RuleStmt(rule) => vec![view::rule(rule, text)],
        NodeEnum::CreateTrigStmt(trigger) => vec![trigger::create(trigger, text)],
        NodeEnum::CreateEventTrigStmt(trigger) => vec![trigger::event(trigger, text)],
        NodeEnum::AlterEventTrigStmt(alter) => vec![trigger::alter_event(alter)],
        NodeEnum::CreateForeignServerStmt(server) => vec![foreign::server(server, text)],
        NodeEnum::CreateUserMappingStmt(mapping) => vec![foreign::user_mapping(mapping)],
        NodeEnum::CreatePolicyStmt(policy) => vec![policy::create(policy, text)],
        NodeEnum::CreateEnumStmt(labels) => types::labels(labels),
        NodeEnum::CompositeTypeStmt(composite) => types::composite(composite, text),
        NodeEnum::CreateRangeStmt(range) => vec![types::range(range)],
        NodeEnum::CreateDomainStmt(domain) => types::domain(domain, text),
        NodeEnum::DefineStmt(define) => vec![types::define(define, text)],
        NodeEnum::CreateSeqStmt(create) => vec![sequence::create(create, text)],
        NodeEnum::AlterSeqStmt(alter) => vec![sequence::alter(alter)],
        NodeEnum::SelectStmt(select) => vec![sequence::position(select, text)],
        NodeEnum::GrantStmt(grant) => privileges::grant(grant),
        NodeEnum::AlterDefaultPrivilegesStmt(alter) => privileges::defaults(alter),
        NodeEnum::CommentStmt(comment) => vec![comment::comment(comment)],
        NodeEnum::SecLabelStmt(label) => vec![comment::label(label)],
        NodeEnum::AlterOwnerStmt(alter) => {
            vec![
                Part::object()
                    .fact("owner", alter.newowner.as_ref().map(tree::role).unwrap_or_default()),
            ]
        }
        NodeEnum::DoStmt(_)
        | NodeEnum::CreateRoleStmt(_)
        | NodeEnum::GrantRoleStmt(_)
        | NodeEnum::AlterRoleSetStmt(_)
        | NodeEnum::AlterDatabaseStmt(_)
        | NodeEnum::AlterDatabaseSetStmt(_) => made::parts(object, text, node),
        _ => vec![whole(text, node)],
    }
}

/// What is put behind a privilege that was given in a session of another role.
pub fn granted_by(set: &VariableSetStmt) -> String {
    match set.kind() {
        VariableSetKind::VarSetValue => format!(" by {}", function::setting(set)),
        _ => String::new(),
    }
}

/// A constraint by itself, wherever it was found.
pub fn constraint(found: &Constraint) -> Part {
    constraint::object(found, &found.conname)
}

/// A statement that is one property.
fn whole(text: &str, node: &NodeEnum) -> Part {
    Part::object().text("definition", text, node)
}

/// The texts of nodes, as in a list of columns.
fn expressions(nodes: &[Node]) -> Vec<String> {
    nodes.iter().map(tree::value).collect()
}

/// The names of tables.
fn relations(nodes: &[Node]) -> Vec<String> {
    let name = |node: &Node| match &node.node {
        Some(NodeEnum::RangeVar(relation)) => Some(tree::relation(Some(relation))),
        _ => None,
    };
    nodes.iter().filter_map(name).collect()
}
