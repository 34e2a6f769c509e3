//! Which of the statements of `pg_dump --clean` a downgrade needs.
//!
//! `pg_dump --clean` also drops the indexes and keys of a table one by one, before the table. That is not
//! only idle: an index or key of a partition cannot be dropped by itself (psql goes on after the error,
//! a migration does not). So they go with their table. Foreign keys, policies, rules and triggers are
//! dropped before, because they can tie tables into a circle.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableStmt, AlterTableType, DropStmt, ObjectType};

use crate::schema::Entry;

/// Whether the downgrade runs this statement. The schema of the version table stays: Alembic still
/// needs the table in it.
pub fn is_needed(statement: &str, entries: &[Entry], version_schema: &str) -> bool {
    // What the parser does not know is kept: the proof of the pudding is PostgreSQL.
    let Ok(parsed) = pg_query::parse(statement, 0) else { return true };
    let node = parsed.protobuf.stmts.first().and_then(|raw| raw.stmt.as_ref()?.node.as_ref());
    match node {
        Some(NodeEnum::DropStmt(drop)) => drop_is_needed(drop, version_schema),
        Some(NodeEnum::AlterTableStmt(alter)) => alter_is_needed(alter, entries),
        _ => true,
    }
}

fn drop_is_needed(drop: &DropStmt, version_schema: &str) -> bool {
    let goes_with_its_table = drop.remove_type() == ObjectType::ObjectIndex;
    let is_version_schema = drop.remove_type() == ObjectType::ObjectSchema
        && drop.objects.iter().any(|object| {
            matches!(&object.node, Some(NodeEnum::String(name)) if name.sval == version_schema)
        });
    !goes_with_its_table && !is_version_schema
}

fn alter_is_needed(alter: &AlterTableStmt, entries: &[Entry]) -> bool {
    let Some(relation) = &alter.relation else { return true };
    let constraints = alter.cmds.iter().filter_map(|command| match &command.node {
        Some(NodeEnum::AlterTableCmd(command))
            if command.subtype() == AlterTableType::AtDropConstraint =>
        {
            Some(&command.name)
        }
        _ => None,
    });
    let is_foreign_key = |name: &String| {
        entries.iter().any(|entry| {
            entry.object.kind == "FK CONSTRAINT"
                && entry.object.schema.as_deref() == Some(&relation.schemaname)
                && entry.object.name == format!("{} {name}", relation.relname)
        })
    };
    constraints.into_iter().all(is_foreign_key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Object;

    #[test]
    fn what_goes_with_its_table_is_left_out() {
        let object = Object {
            kind: "FK CONSTRAINT".to_owned(),
            schema: Some("s".to_owned()),
            name: "t fk".to_owned(),
        };
        let entries = [Entry { object, owner: None, statements: Vec::new() }];
        let needed = |statement: &str| is_needed(statement, &entries, "versions");
        for statement in [
            "DROP TABLE s.t",
            "DROP VIEW s.v",
            "DROP TRIGGER x ON s.t",
            "DROP POLICY p ON s.t",
            "DROP RULE r ON s.t",
            "ALTER TABLE ONLY s.t DROP CONSTRAINT fk",
            "ALTER TABLE s.t ALTER COLUMN id DROP DEFAULT",
            "DROP EVENT TRIGGER e",
            "DROP SCHEMA s",
            "CREATE OR REPLACE VIEW s.v AS SELECT NULL::integer AS id",
        ] {
            assert!(needed(statement), "{statement}");
        }
        for statement in [
            "DROP INDEX s.i",
            "ALTER TABLE ONLY s.t DROP CONSTRAINT t_pkey",
            "DROP SCHEMA versions",
        ] {
            assert!(!needed(statement), "{statement}");
        }
    }
}
