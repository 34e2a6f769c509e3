//! Types: labels of enums, attributes, ranges, domains, and what is made by `DEFINE` statements.

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AlterDomainStmt, CompositeTypeStmt, ConstrType, CreateDomainStmt, CreateEnumStmt,
    CreateRangeStmt, DefineStmt,
};

use super::{constraint, table};
use crate::postgres::identifier;
use crate::schema::compare::facts::Part;
use crate::schema::compare::tree;

/// `CREATE TYPE ... AS ENUM`
pub fn labels(labels: &CreateEnumStmt) -> Vec<Part> {
    let labels = tree::strings(&labels.vals).into_iter();
    labels
        .map(|label| Part::named(format!("label {}", identifier::literal(&label))).ordered())
        .collect()
}

/// `CREATE TYPE ... AS (...)`
pub fn composite(composite: &CompositeTypeStmt, text: &str) -> Vec<Part> {
    let attributes = composite.coldeflist.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::ColumnDef(column)) => Some(table::column("attribute", column, text)),
        _ => None,
    });
    attributes.collect()
}

/// `CREATE TYPE ... AS RANGE`
pub fn range(range: &CreateRangeStmt) -> Part {
    Part::object().options(&range.params)
}

/// `CREATE TYPE`, `CREATE AGGREGATE`, `CREATE OPERATOR`, `CREATE COLLATION` and their kin.
pub fn define(define: &DefineStmt, text: &str) -> Part {
    let known = ["kind", "defnames", "definition"];
    Part::object().options(&define.definition).rest(define, &known, text)
}

/// `CREATE DOMAIN`
pub fn domain(domain: &CreateDomainStmt, text: &str) -> Vec<Part> {
    let collation = domain.coll_clause.as_ref().map(|clause| tree::name(&clause.collname));
    let mut object = Part::object()
        .fact("type", domain.type_name.as_ref().map(tree::type_name).unwrap_or_default())
        .fact("collation", collation.unwrap_or_default());
    let mut parts = Vec::new();
    let mut not_null = false;
    for node in &domain.constraints {
        let Some(NodeEnum::Constraint(of_domain)) = &node.node else { continue };
        match of_domain.contype() {
            ConstrType::ConstrNotnull => not_null = true,
            ConstrType::ConstrDefault => {
                object = object.expression("default", of_domain.raw_expr.as_deref());
            }
            _ => parts.push(constraint::named(of_domain, text)),
        }
    }
    parts.push(object.either("nullability", not_null, "not null", "nullable"));
    parts
}

/// `ALTER DOMAIN`: a constraint that is not valid is added behind the domain.
pub fn alter_domain(alter: &AlterDomainStmt, text: &str) -> Vec<Part> {
    match alter.def.as_ref().and_then(|def| def.node.as_ref()) {
        Some(NodeEnum::Constraint(added)) if alter.subtype == "C" => {
            vec![constraint::object(added, text)]
        }
        _ => vec![Part::object().text("definition", text, alter)],
    }
}
