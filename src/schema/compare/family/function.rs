//! Functions and procedures.

use pg_query::NodeEnum;
use pg_query::protobuf::{
    CreateFunctionStmt, DefElem, FunctionParameter, FunctionParameterMode, Node, VariableSetStmt,
};

use crate::schema::compare::facts::Part;
use crate::schema::compare::tree;

/// `CREATE FUNCTION`, `CREATE PROCEDURE`
pub fn create(function: &CreateFunctionStmt, text: &str) -> Vec<Part> {
    let known = ["is_procedure", "funcname", "parameters", "return_type", "options", "sql_body"];
    let mut object = Part::object()
        .fact("returns", function.return_type.as_ref().map(tree::type_name).unwrap_or_default());
    for option in tree::options(&function.options) {
        object = self::option(object, option);
    }
    if !function.is_procedure {
        object = object
            .or("volatility", "volatile")
            .or("on null input", "is called")
            .or("parallel", "unsafe");
    }
    object = object.or("security", "invoker");
    if let Some(body) = &function.sql_body {
        object = object.text("body", text, body);
    }
    let mut parts = vec![object.rest(function, &known, text)];
    let parameters = function.parameters.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::FunctionParameter(parameter)) => Some(parameter),
        _ => None,
    });
    parts.extend(parameters.enumerate().map(|(at, p)| parameter(at + 1, p, text)));
    parts
}

fn option(part: Part, option: &DefElem) -> Part {
    let arg = option.arg.as_deref().and_then(|arg| arg.node.as_ref());
    let yes = matches!(arg, Some(NodeEnum::Boolean(boolean)) if boolean.boolval);
    match (option.defname.as_str(), arg) {
        ("as", Some(NodeEnum::List(list))) => match &list.items[..] {
            [body] => part.fact("body", tree::value(body)),
            several => part.list("library and symbol", &super::expressions(several)),
        },
        ("set", Some(NodeEnum::VariableSetStmt(set))) => {
            part.fact(&format!("setting {}", set.name), setting(set))
        }
        ("strict", _) => part.fact("on null input", if yes { "returns null" } else { "is called" }),
        ("security", _) => part.fact("security", if yes { "definer" } else { "invoker" }),
        (name, Some(arg)) => {
            let value = tree::value(&Node { node: Some(arg.clone()) });
            part.fact(&name.replace('_', " "), value)
        }
        (name, None) => part.fact(name, "yes"),
    }
}

/// The value of a `SET` clause.
pub fn setting(set: &VariableSetStmt) -> String {
    let shown = |value: String| if value.is_empty() { "''".to_owned() } else { value };
    super::expressions(&set.args).into_iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn parameter(number: usize, parameter: &FunctionParameter, text: &str) -> Part {
    let mode = match parameter.mode() {
        FunctionParameterMode::FuncParamOut => "out",
        FunctionParameterMode::FuncParamInout => "inout",
        FunctionParameterMode::FuncParamVariadic => "variadic",
        FunctionParameterMode::FuncParamTable => "table",
        _ => "in",
    };
    Part::named(format!("argument {number}"))
        .fact("name", &parameter.name)
        .fact("mode", mode)
        .fact("type", parameter.arg_type.as_ref().map(tree::type_name).unwrap_or_default())
        .expression("default", parameter.defexpr.as_deref())
        .rest(parameter, &["name", "arg_type", "mode", "defexpr"], text)
}
