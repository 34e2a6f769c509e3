//! What `pg_dump` says of a table or an index by `ALTER`: defaults, constraints, storage, partitions,
//! owners.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableCmd, AlterTableStmt, AlterTableType, Node, PartitionCmd};

use super::{constraint, table};
use crate::schema::Object;
use crate::schema::compare::facts::Part;
use crate::schema::compare::tree;

/// `ALTER TABLE`, and its kin for indexes, views and sequences.
pub fn table(object: &Object, alter: &AlterTableStmt, text: &str) -> Vec<Part> {
    let commands = alter.cmds.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::AlterTableCmd(command)) => Some(command.as_ref()),
        _ => None,
    });
    commands.map(|command| part(object, alter, command, text)).collect()
}

fn part(object: &Object, alter: &AlterTableStmt, command: &AlterTableCmd, text: &str) -> Part {
    use AlterTableType as At;
    let def = command.def.as_deref();
    let node = def.and_then(|def| def.node.as_ref());
    let value = |def: Option<&Node>| def.map(tree::value).unwrap_or_default();
    match (command.subtype(), node) {
        // The object is this column's default.
        (At::AtColumnDefault, _) if object.kind == "DEFAULT" => {
            Part::object().expression("default", def).bare()
        }
        (At::AtColumnDefault, _) => column(command).expression("default", def),
        (At::AtSetNotNull, _) => column(command).word("nullability", "not null"),
        (At::AtSetStatistics, _) => column(command).fact("statistics", value(def)),
        (At::AtSetStorage, _) => column(command).fact("storage", value(def)),
        (At::AtSetCompression, _) => column(command).fact("compression", value(def)),
        (At::AtSetOptions, _) => column(command).fact("options", value(def)),
        (At::AtAddIdentity, Some(NodeEnum::Constraint(identity))) => {
            table::identity(column(command), identity)
        }
        (At::AtAddConstraint, Some(NodeEnum::Constraint(added))) => {
            if object.kind.ends_with("CONSTRAINT") {
                constraint::object(added, text)
            } else {
                constraint::named(added, text)
            }
        }
        (At::AtChangeOwner, _) => Part::object()
            .fact("owner", command.newowner.as_ref().map(tree::role).unwrap_or_default()),
        (At::AtEnableRowSecurity, _) => Part::object().fact("row level security", "enabled"),
        (At::AtForceRowSecurity, _) => {
            Part::object().fact("row level security for the owner", "forced")
        }
        (At::AtClusterOn, _) => Part::object().fact("clustered on", &command.name),
        (At::AtReplicaIdentity, Some(NodeEnum::ReplicaIdentityStmt(identity))) => {
            let kind = match identity.identity_type.as_str() {
                "n" => "nothing",
                "f" => "full",
                "i" => identity.name.as_str(),
                _ => "default",
            };
            Part::object().fact("replica identity", kind)
        }
        (At::AtAttachPartition, Some(NodeEnum::PartitionCmd(attached))) => {
            attach(alter, command, attached)
        }
        (At::AtEnableAlwaysTrig | At::AtEnableAlwaysRule, _) => {
            Part::object().fact("fires", "always")
        }
        (At::AtEnableReplicaTrig | At::AtEnableReplicaRule, _) => {
            Part::object().fact("fires", "on replicas")
        }
        (At::AtDisableTrig | At::AtDisableRule, _) => Part::object().fact("fires", "never"),
        _ => Part::object().text("definition", text, alter),
    }
}

/// The column that the command is about. Of an index it is told by number.
fn column(command: &AlterTableCmd) -> Part {
    match command.name.as_str() {
        "" => Part::named(format!("column {}", command.num)),
        name => Part::named(format!("column {name}")),
    }
}

fn attach(alter: &AlterTableStmt, command: &AlterTableCmd, attached: &PartitionCmd) -> Part {
    let part = Part::object()
        .fact("partition", tree::relation(attached.name.as_ref()))
        .fact("partition of", tree::relation(alter.relation.as_ref()));
    if attached.bound.is_none() {
        return part;
    }
    let with = |attached: PartitionCmd| {
        let def = Node { node: Some(NodeEnum::PartitionCmd(attached)) };
        let command = AlterTableCmd { def: Some(Box::new(def)), ..command.clone() };
        let node = Node { node: Some(NodeEnum::AlterTableCmd(Box::new(command))) };
        NodeEnum::AlterTableStmt(AlterTableStmt { cmds: vec![node], ..alter.clone() })
    };
    let bare = PartitionCmd { bound: None, ..attached.clone() };
    part.fact("bound", tree::clause(with(attached.clone()), with(bare)))
}
