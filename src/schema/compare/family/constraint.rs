//! Constraints of tables and domains.

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AlterTableCmd, AlterTableStmt, AlterTableType, ConstrType, Constraint, Node, ObjectType,
    RangeVar,
};

use crate::schema::compare::facts::Part;
use crate::schema::compare::tree;

/// A constraint as a part of its table.
pub fn named(constraint: &Constraint, text: &str) -> Part {
    facts(Part::named(format!("constraint {}", constraint.conname)), constraint, text)
}

/// A constraint that is an object of its own.
pub fn object(constraint: &Constraint, text: &str) -> Part {
    facts(Part::object(), constraint, text)
}

fn facts(part: Part, constraint: &Constraint, text: &str) -> Part {
    let part = match constraint.contype() {
        ConstrType::ConstrForeign => foreign_key(part, constraint),
        ConstrType::ConstrCheck => part.expression("definition", constraint.raw_expr.as_deref()),
        _ => part.fact("definition", definition(constraint)),
    };
    let deferrable = match (constraint.deferrable, constraint.initdeferred) {
        (true, true) => "initially deferred",
        (true, false) => "deferrable",
        _ => "not deferrable",
    };
    let known = [
        "contype",
        "conname",
        "deferrable",
        "initdeferred",
        "is_enforced",
        "skip_validation",
        "initially_valid",
        "is_no_inherit",
        "raw_expr",
        "nulls_not_distinct",
        "keys",
        "including",
        "exclusions",
        "options",
        "indexspace",
        "access_method",
        "where_clause",
        "pktable",
        "fk_attrs",
        "pk_attrs",
        "fk_matchtype",
        "fk_upd_action",
        "fk_del_action",
        "fk_del_set_cols",
        "without_overlaps",
        "fk_with_period",
        "pk_with_period",
        "generated_when",
        "generated_kind",
    ];
    let part = part.word("deferral", deferrable);
    let part = match constraint.contype() {
        ConstrType::ConstrForeign | ConstrType::ConstrCheck | ConstrType::ConstrNotnull => part
            .either("validity", constraint.skip_validation, "not valid", "valid")
            .either("enforcement", constraint.is_enforced, "enforced", "not enforced")
            .either("inheritance", constraint.is_no_inherit, "not inherited", "inherited"),
        _ => part,
    };
    part.rest(constraint, &known, text)
}

fn foreign_key(part: Part, constraint: &Constraint) -> Part {
    let columns = |nodes: &[Node], period: bool| {
        let mut names = tree::strings(nodes);
        if let (true, Some(last)) = (period, names.last_mut()) {
            *last = format!("PERIOD {last}");
        }
        names.join(", ")
    };
    let keys = columns(&constraint.pk_attrs, constraint.pk_with_period);
    let table = tree::relation(constraint.pktable.as_ref());
    let set = tree::strings(&constraint.fk_del_set_cols);
    part.fact("columns", columns(&constraint.fk_attrs, constraint.fk_with_period))
        .fact("references", if keys.is_empty() { table } else { format!("{table}({keys})") })
        .fact("on delete", action(&constraint.fk_del_action))
        .list("columns set on delete", &set)
        .fact("on update", action(&constraint.fk_upd_action))
        .fact("match", if constraint.fk_matchtype == "f" { "full" } else { "simple" })
}

fn action(letter: &str) -> &'static str {
    match letter {
        "r" => "restrict",
        "c" => "cascade",
        "n" => "set null",
        "d" => "set default",
        _ => "no action",
    }
}

/// The clause as it stands behind the constraint's name.
fn definition(constraint: &Constraint) -> String {
    // What has properties of its own is left out here.
    let plain = Constraint {
        conname: "c".to_owned(),
        deferrable: false,
        initdeferred: false,
        skip_validation: false,
        initially_valid: true,
        ..constraint.clone()
    };
    let cmd = AlterTableCmd {
        subtype: AlterTableType::AtAddConstraint.into(),
        def: Some(Box::new(Node { node: Some(NodeEnum::Constraint(Box::new(plain))) })),
        behavior: pg_query::protobuf::DropBehavior::DropRestrict.into(),
        ..AlterTableCmd::default()
    };
    let relation = RangeVar {
        relname: "t".to_owned(),
        inh: true,
        relpersistence: "p".to_owned(),
        ..RangeVar::default()
    };
    let alter = AlterTableStmt {
        relation: Some(relation),
        cmds: vec![Node { node: Some(NodeEnum::AlterTableCmd(Box::new(cmd))) }],
        objtype: ObjectType::ObjectTable.into(),
        missing_ok: false,
    };
    let text = tree::statement(NodeEnum::AlterTableStmt(alter));
    let text = text
        .and_then(|text| Some(text.strip_prefix("ALTER TABLE t ADD CONSTRAINT c ")?.to_owned()));
    text.unwrap_or_else(|| "a constraint".to_owned())
}
