//! Triggers and event triggers.

use pg_query::protobuf::{AlterEventTrigStmt, CreateEventTrigStmt, CreateTrigStmt};

use crate::schema::compare::facts::Part;
use crate::schema::compare::tree;

/// PostgreSQL's bits for the events of a trigger.
const EVENTS: [(i32, &str); 4] = [(4, "insert"), (8, "delete"), (16, "update"), (32, "truncate")];

/// `CREATE TRIGGER`
pub fn create(trigger: &CreateTrigStmt, text: &str) -> Part {
    let timing = match trigger.timing {
        2 => "before",
        64 => "instead of",
        _ => "after",
    };
    let events = EVENTS.iter().filter(|(bit, _)| trigger.events & bit != 0);
    let events: Vec<String> = events.map(|(_, event)| (*event).to_owned()).collect();
    let deferrable = match (trigger.deferrable, trigger.initdeferred) {
        (true, true) => "initially deferred",
        (true, false) => "deferrable",
        _ => "",
    };
    let known = [
        "trigname",
        "relation",
        "funcname",
        "args",
        "row",
        "timing",
        "events",
        "columns",
        "when_clause",
        "transition_rels",
        "deferrable",
        "initdeferred",
        "isconstraint",
    ];
    let part = Part::object()
        .fact("table", tree::relation(trigger.relation.as_ref()))
        .fact("timing", timing)
        .list("events", &events)
        .list("columns", &tree::strings(&trigger.columns))
        .either("level", trigger.row, "for each row", "for each statement")
        .expression("condition", trigger.when_clause.as_deref())
        .fact("function", tree::name(&trigger.funcname))
        .list("arguments", &tree::strings(&trigger.args))
        .fact("deferral", deferrable)
        .either("kind", trigger.isconstraint, "constraint trigger", "trigger");
    let part = match &trigger.transition_rels[..] {
        [] => part,
        tables => part.text("transition tables", text, &tables),
    };
    part.rest(trigger, &known, text)
}

/// `CREATE EVENT TRIGGER`
pub fn event(trigger: &CreateEventTrigStmt, text: &str) -> Part {
    let known = ["trigname", "eventname", "whenclause", "funcname"];
    Part::object()
        .fact("event", &trigger.eventname)
        .options(&trigger.whenclause)
        .fact("function", tree::name(&trigger.funcname))
        .rest(trigger, &known, text)
}

/// `ALTER EVENT TRIGGER ... ENABLE`
pub fn alter_event(alter: &AlterEventTrigStmt) -> Part {
    let fires = match alter.tgenabled.as_str() {
        "A" => "always",
        "R" => "on replicas",
        "D" => "never",
        _ => "as usual",
    };
    Part::object().fact("fires", fires)
}
