//! Which entries of a dump were there before the first revision: `env.py` or the prelude made them.

use crate::run::channel::Existing;
use crate::schema::Entry;

/// Whether the object, or the table or function it belongs to, was there before the first revision.
pub fn was_there(entry: &Entry, existing: &Existing) -> bool {
    let Some(schema) = entry.object.schema.as_deref() else { return false };
    let name = entry.object.name.as_str();
    let kind = entry.object.kind.as_str();
    let is = |(s, n): (&str, &str)| s == schema && n == name;
    match kind {
        "TABLE" | "VIEW" | "MATERIALIZED VIEW" | "SEQUENCE" | "FOREIGN TABLE" | "TABLE DATA"
        | "SEQUENCE SET" | "SEQUENCE OWNED BY" | "INDEX" => {
            existing.relations.iter().any(|(s, n, _)| is((s, n)))
        }
        "TYPE" | "SHELL TYPE" | "DOMAIN" => existing.types.iter().any(|(s, n, _)| is((s, n))),
        // `t t_pkey`: the table's name comes first.
        "CONSTRAINT" | "DEFAULT" | "FK CONSTRAINT" | "CHECK CONSTRAINT" | "TRIGGER" | "RULE" => {
            existing.relations.iter().any(|(s, n, _)| {
                s == schema
                    && name.strip_prefix(n.as_str()).is_some_and(|rest| rest.starts_with(' '))
            })
        }
        "FUNCTION" | "PROCEDURE" => existing.functions.iter().any(|(s, n, arguments)| {
            s == schema && without_schemas(name) == without_schemas(&format!("{n}({arguments})"))
        }),
        _ => false,
    }
}

/// `f(public.vector, integer)` as `f(vector, integer)`: whether a type's schema is told depends on the
/// search path of whoever asks.
fn without_schemas(signature: &str) -> String {
    let unqualified = |part: &str| {
        let rest = part.rsplit_once('.').map_or(part, |(_, name)| name);
        rest.to_owned()
    };
    let Some((name, arguments)) = signature.split_once('(') else { return signature.to_owned() };
    let arguments: Vec<String> = arguments.split(", ").map(unqualified).collect();
    format!("{name}({}", arguments.join(", "))
}
