//! Privileges: each privilege of each role is a part of its own.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterDefaultPrivilegesStmt, GrantStmt, Node, ObjectType};

use crate::schema::compare::facts::Part;
use crate::schema::compare::tree;

/// `GRANT`, `REVOKE`
pub fn grant(grant: &GrantStmt) -> Vec<Part> {
    each(grant, "")
}

/// `ALTER DEFAULT PRIVILEGES`
pub fn defaults(alter: &AlterDefaultPrivilegesStmt) -> Vec<Part> {
    let Some(grant) = &alter.action else { return Vec::new() };
    let scopes = tree::options(&alter.options).map(|option| {
        let word = if option.defname == "roles" { "for objects of" } else { "in schema" };
        format!(" {word} {}", tree::option_value(option))
    });
    let on = match grant.objtype() {
        ObjectType::ObjectTable => " ON TABLES",
        ObjectType::ObjectSequence => " ON SEQUENCES",
        ObjectType::ObjectFunction => " ON FUNCTIONS",
        ObjectType::ObjectRoutine => " ON ROUTINES",
        ObjectType::ObjectType => " ON TYPES",
        ObjectType::ObjectSchema => " ON SCHEMAS",
        _ => " ON OBJECTS",
    };
    let scopes: String = scopes.collect();
    each(grant, on).into_iter().map(|part| part.behind(&scopes)).collect()
}

fn each(grant: &GrantStmt, on: &str) -> Vec<Part> {
    let (verb, to) = if grant.is_grant { ("GRANT", "TO") } else { ("REVOKE", "FROM") };
    let option = match (grant.is_grant, grant.grant_option) {
        (_, false) => ("", ""),
        (true, true) => ("", " WITH GRANT OPTION"),
        (false, true) => ("GRANT OPTION FOR ", ""),
    };
    let mut privileges: Vec<String> = grant.privileges.iter().map(privilege).collect();
    if privileges.is_empty() {
        privileges.push("ALL".to_owned());
    }
    let mut parts = Vec::new();
    for privilege in &privileges {
        for role in tree::roles(&grant.grantees) {
            let name = format!("{verb} {}{privilege}{on} {to} {role}{}", option.0, option.1);
            parts.push(Part::named(name));
        }
    }
    parts
}

/// `SELECT`, `UPDATE (price)`
fn privilege(node: &Node) -> String {
    let Some(NodeEnum::AccessPriv(privilege)) = &node.node else { return "ALL".to_owned() };
    let name = match privilege.priv_name.as_str() {
        "" => "ALL".to_owned(),
        name => name.to_uppercase(),
    };
    match tree::strings(&privilege.cols).join(", ") {
        empty if empty.is_empty() => name,
        columns => format!("{name} ({columns})"),
    }
}
