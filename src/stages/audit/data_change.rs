//! `data-change`: rows are written, changed or removed.

use super::content::{Seen, Subject};
use super::rule::{Group, Rule};
use crate::format::alembic::code::{Call, Code, sql::Kind};
use crate::history::Severity;

pub(super) const RULE: Rule = Rule {
    code: "data-change",
    group: Group::Content,
    severity: Severity::Info,
    fixed: false,
    summary: "a revision that inserts, updates or deletes rows",
    why: "Rows that are there after the whole history, on an empty database, are seed data: a squash carries them into \
          the baseline and proves them. A change of rows that users made has happened in each database that is \
          past it, and new databases have no such rows; databases behind the baseline still need it \
          (`stamp --catch-up`).",
    mend: "Nothing must be done. Look at the seed rows of the baseline: are they what a new installation should have?",
};

/// What an ORM session is asked to do with rows.
const SESSION: [&str; 7] = [
    "add",
    "add_all",
    "merge",
    "delete",
    "bulk_save_objects",
    "bulk_insert_mappings",
    "bulk_update_mappings",
];

pub(super) fn see(subject: &Subject<'_>) -> Vec<Seen> {
    let code = subject.code;
    let mut seen: Vec<Seen> = code
        .sent(Kind::Changes)
        .map(|sent| Seen::new(sent.range.clone(), format!("changes rows: `{}`", sent.fact.what)))
        .collect();
    for call in &code.calls {
        if let Some(what) = changes(call, code) {
            seen.push(Seen::new(call.place(), format!("changes rows: `{what}`")));
        }
    }
    seen
}

fn changes(call: &Call<'_>, code: &Code<'_>) -> Option<String> {
    let (name, last) = (call.name.as_str(), call.last());
    let session = || {
        let root = name.rsplit_once('.').map_or("", |(root, _)| root);
        root.ends_with("Session()")
            || root.contains("sessionmaker()")
            || root.ends_with("session")
            || root.contains("Session.begin()")
    };
    let table = || {
        let root = name.rsplit_once('.').map_or("", |(root, _)| root);
        ["table()", "Table()", "__table__"].iter().any(|end| root.ends_with(end))
    };
    match last {
        "bulk_insert" if name.contains("op.") => Some("bulk_insert".to_owned()),
        "insert" | "update" | "delete" if name.starts_with("sqlalchemy.") || table() => {
            Some(format!("{last}()"))
        }
        // A table that is reflected, or comes from elsewhere, in a statement that is executed.
        "execute" | "exec_driver_sql" => {
            let argument = call.node.arguments.args.first()?;
            let statement = code.dotted(argument)?;
            let verb = [".insert()", ".update()", ".delete()"];
            let verb = verb.iter().find(|verb| statement.contains(*verb))?;
            // Told at the statement itself where that is known to be a table.
            let known = ["table()", "Table()", "__table__"]
                .iter()
                .any(|end| statement.contains(&format!("{end}{verb}")));
            (!known && !statement.starts_with("sqlalchemy.")).then(|| verb[1..].to_owned())
        }
        verb if SESSION.contains(&verb) && session() => Some(format!("session.{verb}")),
        "update" | "delete" if name.contains(".query()") => Some(format!("query.{last}")),
        _ => None,
    }
}
