//! Roles, memberships, settings and the database's own properties: statements that rebaseline writes
//! itself (`schema::roles`), some of them inside a `DO` block.

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AlterRoleSetStmt, DefElem, GrantRoleStmt, VariableSetKind, VariableSetStmt,
};

use super::function;
use crate::schema::compare::facts::Part;
use crate::schema::compare::tree;
use crate::schema::{Entry, Object, Statements};

/// Stands for the name of the database, which differs from place to place.
const DATABASE: &str = "this_database";

/// The kind of a member of an extension.
pub const MEMBER: &str = "EXTENSION MEMBER";

/// The statements as entries of the objects that they speak of, for a comparison by object. The text of
/// each statement stays as it is.
pub fn made_entries(statements: &[String]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for statement in statements {
        let object = object(statement);
        match entries.iter_mut().find(|entry| entry.object == object) {
            Some(entry) => entry.statements.to_mut().push(statement.as_str().into()),
            None => {
                entries.push(Entry {
                    object,
                    owner: None,
                    statements: Statements::one(statement.as_str()),
                });
            }
        }
    }
    for entry in &mut entries {
        entry.statements.to_mut().sort_unstable();
    }
    entries
}

/// Members of extensions (`function f() of extension e 1.0`) as entries, one each.
pub fn member_entries(members: &[String]) -> Vec<Entry> {
    let entry = |member: &String| {
        let name = member.rsplit_once(' ').map_or(member.as_str(), |(name, _version)| name);
        let object = Object { kind: MEMBER.to_owned(), schema: None, name: name.to_owned() };
        Entry { object, owner: None, statements: Statements::one(member.as_str()) }
    };
    members.iter().map(entry).collect()
}

/// The version of the extension, of a member as it is read.
pub fn member_version(member: &str) -> &str {
    member.rsplit_once(' ').map_or(member, |(_name, version)| version)
}

/// What one of these statements says.
pub fn parts(object: &Object, text: &str, node: &NodeEnum) -> Vec<Part> {
    let part = match node {
        NodeEnum::DoStmt(_) => {
            let inner = inside(text).and_then(|inner| Some((tree::parse(&inner)?, inner)));
            return match inner {
                Some((NodeEnum::DoStmt(_), _)) | None => vec![super::whole(text, node)],
                Some((inner, text)) => super::parts(object, &text, &inner),
            };
        }
        NodeEnum::CreateRoleStmt(role) => {
            tree::options(&role.options).fold(Part::object(), |part, option| {
                let (name, value) = attribute(&option.defname, &tree::option_value(option));
                part.word(name, value)
            })
        }
        NodeEnum::GrantRoleStmt(grant) => {
            let option = |option: &DefElem| match tree::option_value(option).as_str() {
                "true" => format!("{} option", option.defname),
                value => format!("{} {value}", option.defname),
            };
            let options: Vec<String> = tree::options(&grant.opt).map(option).collect();
            Part::object().either("membership", grant.is_grant, "granted", "revoked").word(
                "options",
                match options.join(", ") {
                    empty if empty.is_empty() => "without options".to_owned(),
                    options => format!("with {options}"),
                },
            )
        }
        NodeEnum::AlterRoleSetStmt(set) => setting(set.setstmt.as_ref()),
        NodeEnum::AlterDatabaseSetStmt(set) => setting(set.setstmt.as_ref()),
        NodeEnum::AlterDatabaseStmt(alter) => Part::object().options(&alter.options),
        _ => super::whole(text, node),
    };
    vec![part]
}

/// The word of a role's attribute, as in `CREATE ROLE`.
fn attribute<'a>(name: &'a str, value: &str) -> (&'a str, String) {
    let word = match name {
        "canlogin" => "login",
        "isreplication" => "replication",
        "connectionlimit" => return (name, format!("connection limit {value}")),
        "validUntil" => return (name, format!("valid until {value}")),
        other => other,
    };
    (name, if value == "true" { word.to_owned() } else { format!("no{word}") })
}

fn setting(set: Option<&VariableSetStmt>) -> Part {
    let value = set.map(|set| match set.kind() {
        VariableSetKind::VarSetValue => function::setting(set),
        _ => "reset".to_owned(),
    });
    Part::object().word("value", value.unwrap_or_default())
}

/// What a statement speaks of.
fn object(statement: &str) -> Object {
    let inner = inside(statement).unwrap_or_else(|| statement.to_owned());
    let object = |kind: &str, name: String| Object { kind: kind.to_owned(), schema: None, name };
    match tree::parse(&inner) {
        Some(NodeEnum::CreateRoleStmt(role)) => object("ROLE", role.role),
        Some(NodeEnum::GrantRoleStmt(grant)) => object("MEMBERSHIP", membership(&grant)),
        Some(NodeEnum::AlterRoleSetStmt(set)) => object("SETTING", setting_of_role(&set)),
        Some(NodeEnum::AlterDatabaseSetStmt(set)) => {
            let name = set.setstmt.map(|set| set.name).unwrap_or_default();
            object("SETTING", format!("{name} of the database"))
        }
        Some(NodeEnum::GrantStmt(_)) => object("PRIVILEGES", "on the database".to_owned()),
        Some(NodeEnum::AlterDatabaseStmt(_) | NodeEnum::AlterOwnerStmt(_)) => {
            object("DATABASE", String::new())
        }
        Some(NodeEnum::CommentStmt(comment)) => {
            let name = comment.object.as_deref().map(tree::value).unwrap_or_default();
            match name.as_str() {
                DATABASE => object("COMMENT", "DATABASE".to_owned()),
                role => object("COMMENT", format!("ROLE {role}")),
            }
        }
        _ => object("ROLE OR SETTING", inner.replace('\n', " ")),
    }
}

fn membership(grant: &GrantRoleStmt) -> String {
    let granted = grant.granted_roles.iter().map(|node| match &node.node {
        Some(NodeEnum::AccessPriv(role)) => role.priv_name.clone(),
        _ => tree::value(node),
    });
    let granted: Vec<String> = granted.collect();
    format!("of {} in {}", tree::roles(&grant.grantee_roles).join(", "), granted.join(", "))
}

fn setting_of_role(set: &AlterRoleSetStmt) -> String {
    let name = set.setstmt.as_ref().map(|set| set.name.clone()).unwrap_or_default();
    let role = set.role.as_ref().map_or_else(|| "all roles".to_owned(), tree::role);
    let here = if set.database.is_empty() { "" } else { " in this database" };
    format!("{name} of role {role}{here}")
}

/// The statement inside a `DO` block: a `CREATE ROLE` behind a condition, or a text that is formatted
/// with the database's name and executed.
fn inside(statement: &str) -> Option<String> {
    let NodeEnum::DoStmt(block) = tree::parse(statement)? else { return None };
    let body = tree::options(&block.args).find(|option| option.defname == "as")?;
    let body = tree::option_value(body);
    if let Some(at) = body.find("CREATE ROLE ") {
        let rest = &body[at..];
        return Some(rest[..rest.find(";\n").unwrap_or(rest.len())].to_owned());
    }
    let call = body.split_once("EXECUTE ")?.1.rsplit_once(';')?.0;
    let NodeEnum::SelectStmt(select) = tree::parse(&format!("SELECT {call}"))? else { return None };
    let NodeEnum::ResTarget(target) = select.target_list.first()?.node.as_ref()? else {
        return None;
    };
    let NodeEnum::FuncCall(call) = target.val.as_ref()?.node.as_ref()? else { return None };
    let format = tree::value(call.args.first()?);
    Some(format.replace("%I", DATABASE).replace("%%", "%"))
}
