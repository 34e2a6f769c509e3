//! Tables: columns with their order, constraints, partitioning and storage.

use pg_query::NodeEnum;
use pg_query::protobuf::{ColumnDef, ConstrType, Constraint, CreateForeignTableStmt, CreateStmt};

use super::constraint;
use crate::schema::compare::facts::Part;
use crate::schema::compare::tree;

/// `CREATE TABLE`
pub fn create(create: &CreateStmt, text: &str) -> Vec<Part> {
    let mut parts = vec![object(create, text)];
    for element in &create.table_elts {
        match &element.node {
            Some(NodeEnum::ColumnDef(column)) => parts.push(self::column("column", column, text)),
            Some(NodeEnum::Constraint(check)) => parts.push(constraint::named(check, text)),
            Some(other) => parts.push(super::whole(text, other)),
            None => {}
        }
    }
    parts
}

/// `CREATE FOREIGN TABLE`
pub fn foreign(foreign: &CreateForeignTableStmt, text: &str) -> Vec<Part> {
    let mut parts = foreign.base_stmt.as_ref().map(|base| create(base, text)).unwrap_or_default();
    let server = Part::object().fact("server", &foreign.servername).options(&foreign.options);
    parts.push(server);
    parts
}

fn object(create: &CreateStmt, text: &str) -> Part {
    let unlogged = create.relation.as_ref().is_some_and(|relation| relation.relpersistence == "u");
    let parents = super::relations(&create.inh_relations);
    let known = [
        "relation",
        "table_elts",
        "inh_relations",
        "partspec",
        "partbound",
        "of_typename",
        "options",
        "oncommit",
        "tablespacename",
        "access_method",
    ];
    Part::object()
        .either("persistence", unlogged, "unlogged", "logged")
        .list("inherits", &parents)
        .fact("partition by", partitioning(create))
        .fact("of type", create.of_typename.as_ref().map(tree::type_name).unwrap_or_default())
        .list("storage parameters", &super::expressions(&create.options))
        .fact("tablespace", &create.tablespacename)
        .fact("access method", &create.access_method)
        .rest(create, &known, text)
}

/// `RANGE (day)` of `PARTITION BY RANGE (day)`.
fn partitioning(create: &CreateStmt) -> String {
    if create.partspec.is_none() {
        return String::new();
    }
    let bare = CreateStmt {
        table_elts: Vec::new(),
        inh_relations: Vec::new(),
        options: Vec::new(),
        partspec: None,
        tablespacename: String::new(),
        access_method: String::new(),
        ..create.clone()
    };
    let full = CreateStmt { partspec: create.partspec.clone(), ..bare.clone() };
    let clause = tree::clause(NodeEnum::CreateStmt(full), NodeEnum::CreateStmt(bare));
    clause.strip_prefix("PARTITION BY ").unwrap_or(&clause).to_owned()
}

/// A column of a table, or an attribute of a composite type.
pub fn column(kind: &str, column: &ColumnDef, text: &str) -> Part {
    let known = [
        "colname",
        "type_name",
        "is_local",
        "constraints",
        "coll_clause",
        "fdwoptions",
        "compression",
        "storage_name",
        "storage",
    ];
    let collation = column.coll_clause.as_ref().map(|clause| tree::name(&clause.collname));
    let mut part = Part::named(format!("{kind} {}", column.colname))
        .ordered()
        .fact("type", column.type_name.as_ref().map(tree::type_name).unwrap_or_default())
        .fact("collation", collation.unwrap_or_default())
        .fact("compression", &column.compression)
        .fact("storage", &column.storage_name)
        .options(&column.fdwoptions);
    let mut not_null = false;
    for node in &column.constraints {
        let Some(NodeEnum::Constraint(constraint)) = &node.node else { continue };
        not_null |= constraint.contype() == ConstrType::ConstrNotnull;
        part = of_column(part, constraint, text);
    }
    if kind == "column" {
        part = part.either("nullability", not_null, "not null", "nullable");
    }
    part.rest(column, &known, text)
}

/// What stands behind a column's type.
fn of_column(part: Part, constraint: &Constraint, text: &str) -> Part {
    match constraint.contype() {
        ConstrType::ConstrNotnull => part
            .fact("name of the not-null constraint", &constraint.conname)
            .fact("inheritance", if constraint.is_no_inherit { "none" } else { "" }),
        ConstrType::ConstrDefault => part.expression("default", constraint.raw_expr.as_deref()),
        ConstrType::ConstrGenerated => {
            let kind = if constraint.generated_kind == "v" { "virtual" } else { "stored" };
            part.expression("generated", constraint.raw_expr.as_deref())
                .fact("generated values", kind)
        }
        ConstrType::ConstrIdentity => identity(part, constraint),
        _ => part.text("constraint", text, constraint),
    }
}

/// `GENERATED ALWAYS AS IDENTITY (...)`
pub fn identity(part: Part, constraint: &Constraint) -> Part {
    let always = constraint.generated_when == "a";
    let part = part.fact("identity", if always { "always" } else { "by default" });
    tree::options(&constraint.options).fold(part, |part, option| {
        let name = match option.defname.as_str() {
            "sequence_name" => "identity sequence".to_owned(),
            other => format!("identity {other}"),
        };
        part.fact(&name, tree::option_value(option))
    })
}
