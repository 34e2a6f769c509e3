//! Parsed statements: trees without locations, and parts of them as text.
//!
//! Pure. Two statements say the same if their trees are equal once the locations are taken out; a
//! fingerprint would not do, since it leaves literals and types out. What cannot be printed again is told
//! by a general word: equality never depends on the text.

use pg_query::NodeEnum;
use pg_query::protobuf::{self, DefElem, Node, ParseResult, RawStmt, RoleSpec, TypeName};
use serde::Serialize;
use serde_json::Value;

/// Fields that tell where something stood in the text.
const LOCATIONS: [&str; 8] = [
    "location",
    "arg_location",
    "stmt_location",
    "stmt_len",
    "list_start",
    "list_end",
    "rexpr_list_start",
    "rexpr_list_end",
];

/// The one statement of a text, or `None` if the parser does not take it.
pub fn parse(text: &str) -> Option<NodeEnum> {
    let mut parsed = pg_query::parse(text, 0).ok()?.protobuf;
    let one = parsed.stmts.len() == 1;
    parsed.stmts.pop().filter(|_| one)?.stmt?.node
}

/// The tree without locations.
pub fn tree(node: &impl Serialize) -> Value {
    let mut value = serde_json::to_value(node).unwrap_or_default();
    without_locations(&mut value);
    value
}

fn without_locations(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !LOCATIONS.contains(&name.as_str()));
            fields.values_mut().for_each(without_locations);
        }
        Value::Array(items) => items.iter_mut().for_each(without_locations),
        _ => {}
    }
}

/// A statement as text.
pub fn statement(node: NodeEnum) -> Option<String> {
    let stmt = Some(Box::new(Node { node: Some(node) }));
    let stmts = vec![RawStmt { stmt, stmt_location: 0, stmt_len: 0 }];
    ParseResult { version: 0, stmts }.deparse(pg_query::DeparseOptions::default()).ok()
}

/// The text of one clause: what a statement prints more than its bare form.
pub fn clause(full: NodeEnum, bare: NodeEnum) -> String {
    let texts = statement(full).zip(statement(bare));
    let clause = texts.and_then(|(full, bare)| Some(full.strip_prefix(&bare)?.trim().to_owned()));
    clause.unwrap_or_else(|| "an expression".to_owned())
}

/// An expression as text.
pub fn expression(node: &Node) -> String {
    use protobuf::{ResTarget, SelectStmt};
    let target = ResTarget { val: Some(Box::new(node.clone())), ..ResTarget::default() };
    let target_list = vec![Node { node: Some(NodeEnum::ResTarget(Box::new(target))) }];
    let select = SelectStmt {
        target_list,
        limit_option: protobuf::LimitOption::Default.into(),
        op: protobuf::SetOperation::SetopNone.into(),
        ..SelectStmt::default()
    };
    let text = statement(NodeEnum::SelectStmt(Box::new(select)));
    let text = text.and_then(|text| Some(text.strip_prefix("SELECT ")?.to_owned()));
    text.unwrap_or_else(|| "an expression".to_owned())
}

/// The strings of a list of nodes.
pub fn strings(nodes: &[Node]) -> Vec<String> {
    let string = |node: &Node| match &node.node {
        Some(NodeEnum::String(string)) => Some(string.sval.clone()),
        _ => None,
    };
    nodes.iter().filter_map(string).collect()
}

/// A name that may be qualified, as in `public.f`.
pub fn name(nodes: &[Node]) -> String {
    strings(nodes).join(".")
}

/// A table's name.
pub fn relation(relation: Option<&protobuf::RangeVar>) -> String {
    let Some(relation) = relation else { return String::new() };
    match relation.schemaname.as_str() {
        "" => relation.relname.clone(),
        schema => format!("{schema}.{}", relation.relname),
    }
}

/// A role's name.
pub fn role(role: &RoleSpec) -> String {
    use protobuf::RoleSpecType;
    match role.roletype() {
        RoleSpecType::RolespecPublic => "PUBLIC".to_owned(),
        RoleSpecType::RolespecCurrentUser => "CURRENT_USER".to_owned(),
        _ => role.rolename.clone(),
    }
}

/// The names of a list of roles.
pub fn roles(nodes: &[Node]) -> Vec<String> {
    let name = |node: &Node| match &node.node {
        Some(NodeEnum::RoleSpec(spec)) => Some(role(spec)),
        _ => None,
    };
    nodes.iter().filter_map(name).collect()
}

/// The SQL names of PostgreSQL's own types, with what stands behind their length.
const TYPES: [(&str, &str, &str); 14] = [
    ("int2", "smallint", ""),
    ("int4", "integer", ""),
    ("int8", "bigint", ""),
    ("float4", "real", ""),
    ("float8", "double precision", ""),
    ("bool", "boolean", ""),
    ("varchar", "character varying", ""),
    ("bpchar", "character", ""),
    ("bit", "bit", ""),
    ("varbit", "bit varying", ""),
    ("time", "time", " without time zone"),
    ("timetz", "time", " with time zone"),
    ("timestamp", "timestamp", " without time zone"),
    ("timestamptz", "timestamp", " with time zone"),
];

/// A type as `pg_dump` calls it.
pub fn type_name(type_name: &TypeName) -> String {
    let names = strings(&type_name.names);
    let own = match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["pg_catalog", name] => TYPES.iter().find(|(own, ..)| *own == name),
        _ => None,
    };
    let set = if type_name.setof { "SETOF " } else { "" };
    let array = "[]".repeat(type_name.array_bounds.len());
    let modifiers: Vec<String> = type_name.typmods.iter().map(expression).collect();
    let length = match modifiers.join(",") {
        list if list.is_empty() => list,
        list => format!("({list})"),
    };
    match (own, names.as_slice()) {
        (Some((_, name, behind)), _) => format!("{set}{name}{length}{behind}{array}"),
        // The fields of an interval are kept as bits.
        (None, [schema, name]) if schema == "pg_catalog" && name == "interval" => {
            let plain = TypeName { setof: false, ..type_name.clone() };
            let cast = protobuf::TypeCast {
                arg: Some(Box::new(null())),
                type_name: Some(plain),
                location: 0,
            };
            let text = expression(&Node { node: Some(NodeEnum::TypeCast(Box::new(cast))) });
            format!("{set}{}", text.strip_prefix("NULL::").unwrap_or(&text))
        }
        (None, names) => {
            let names = names.strip_prefix(&["pg_catalog".to_owned()]).unwrap_or(names);
            let of = if type_name.pct_type { "%TYPE" } else { "" };
            format!("{set}{}{of}{length}{array}", names.join("."))
        }
    }
}

fn null() -> Node {
    let null = protobuf::AConst { isnull: true, location: 0, val: None };
    Node { node: Some(NodeEnum::AConst(null)) }
}

/// The text of an option's value: `START 5`, `fillfactor='70'`, `LANGUAGE sql`.
pub fn option_value(option: &DefElem) -> String {
    option.arg.as_deref().map_or_else(|| "set".to_owned(), value)
}

/// The text of a node in the place of a value.
pub fn value(node: &Node) -> String {
    match &node.node {
        Some(NodeEnum::String(string)) => string.sval.clone(),
        Some(NodeEnum::Integer(integer)) => integer.ival.to_string(),
        Some(NodeEnum::Float(float)) => float.fval.clone(),
        Some(NodeEnum::Boolean(boolean)) => boolean.boolval.to_string(),
        Some(NodeEnum::TypeName(name)) => type_name(name),
        Some(NodeEnum::RoleSpec(spec)) => role(spec),
        Some(NodeEnum::DefElem(option)) => format!("{}={}", option.defname, option_value(option)),
        Some(NodeEnum::List(list)) => list.items.iter().map(value).collect::<Vec<_>>().join(", "),
        Some(NodeEnum::AConst(constant)) => match &constant.val {
            Some(protobuf::a_const::Val::Sval(string)) => string.sval.clone(),
            _ => expression(node),
        },
        None => "none".to_owned(),
        _ => expression(node),
    }
}

/// The options of a list.
pub fn options(nodes: &[Node]) -> impl Iterator<Item = &DefElem> {
    nodes.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::DefElem(option)) => Some(option.as_ref()),
        _ => None,
    })
}
