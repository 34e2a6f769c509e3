//! Sequences: parameters, owner column and position.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterSeqStmt, CreateSeqStmt, Node, SelectStmt};

use crate::schema::compare::facts::Part;
use crate::schema::compare::tree;

/// `CREATE SEQUENCE`
pub fn create(create: &CreateSeqStmt, text: &str) -> Part {
    let unlogged = create.sequence.as_ref().is_some_and(|name| name.relpersistence == "u");
    let part = Part::object().either("persistence", unlogged, "unlogged", "logged");
    parameters(part, &create.options).rest(create, &["sequence", "options"], text)
}

/// `ALTER SEQUENCE ... OWNED BY`
pub fn alter(alter: &AlterSeqStmt) -> Part {
    parameters(Part::object(), &alter.options)
}

fn parameters(part: Part, options: &[Node]) -> Part {
    tree::options(options).fold(part, |part, option| {
        let name = match option.defname.as_str() {
            "as" => "type",
            "owned_by" => "owned by",
            other => other,
        };
        let value = match option.arg.as_ref().and_then(|arg| arg.node.as_ref()) {
            Some(NodeEnum::List(list)) => tree::name(&list.items),
            None => "none".to_owned(),
            Some(_) => tree::option_value(option),
        };
        part.fact(name, value)
    })
}

/// `SELECT pg_catalog.setval('s', 5, true)`
pub fn position(select: &SelectStmt, text: &str) -> Part {
    let target = select.target_list.first().and_then(|node| match &node.node {
        Some(NodeEnum::ResTarget(target)) => target.val.as_ref()?.node.as_ref(),
        _ => None,
    });
    match target {
        Some(NodeEnum::FuncCall(call)) if tree::name(&call.funcname).ends_with("setval") => {
            let values = super::expressions(&call.args);
            let position = values.get(1).cloned().unwrap_or_default();
            let called = values.get(2).is_none_or(|called| called == "true");
            Part::object()
                .word("position", if called { position } else { position + " (not yet given out)" })
        }
        _ => Part::object().text("definition", text, select),
    }
}
