//! Which of the statements of `pg_dump --clean` a downgrade needs.
//!
//! `pg_dump --clean` also drops the indexes and keys of a table one by one, before the table. That is not
//! only idle: an index or key of a partition cannot be dropped by itself (psql goes on after the error,
//! a migration does not). So they go with their table. Foreign keys, policies, rules and triggers are
//! dropped before, because they can tie tables into a circle.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableStmt, AlterTableType, DropStmt, Node, ObjectType};

use crate::run::channel::Existing;
use crate::schema::Entry;

/// Whether the downgrade runs this statement. What was there before the first revision stays: the
/// baseline did not make it. So does the schema of the version table: Alembic still needs the table.
pub fn is_needed(
    statement: &str,
    entries: &[Entry],
    existing: &Existing,
    version_schema: &str,
) -> bool {
    // What the parser does not know is kept: the proof of the pudding is PostgreSQL.
    let Ok(parsed) = pg_query::parse(statement, 0) else { return true };
    let node = parsed.protobuf.stmts.first().and_then(|raw| raw.stmt.as_ref()?.node.as_ref());
    match node {
        Some(NodeEnum::DropStmt(drop)) => {
            !drop.objects.iter().any(|object| is_existing(object, existing))
                && drop_is_needed(drop, version_schema)
        }
        Some(NodeEnum::AlterTableStmt(alter)) => alter_is_needed(alter, entries, existing),
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

/// Whether the dropped object, or the table it is on, was there before. Functions are told by their name
/// alone: better one too many stays than one too many goes.
fn is_existing(object: &Node, existing: &Existing) -> bool {
    let names: Vec<&str> = match &object.node {
        Some(NodeEnum::List(list)) => strings(&list.items),
        Some(NodeEnum::TypeName(name)) => strings(&name.names),
        Some(NodeEnum::ObjectWithArgs(object)) => strings(&object.objname),
        Some(NodeEnum::String(name)) => vec![&name.sval],
        _ => return false,
    };
    match names[..] {
        [name] => {
            existing.schemas.iter().any(|schema| schema == name)
                || existing.extensions.iter().any(|extension| extension == name)
        }
        [schema, name, ..] => {
            existing.relations.iter().any(|(s, n, _)| s == schema && n == name)
                || existing.types.iter().any(|(s, n, _)| s == schema && n == name)
                || existing.functions.iter().any(|(s, n, _)| s == schema && n == name)
        }
        [] => false,
    }
}

fn strings(nodes: &[Node]) -> Vec<&str> {
    nodes
        .iter()
        .filter_map(|node| match &node.node {
            Some(NodeEnum::String(string)) => Some(string.sval.as_str()),
            _ => None,
        })
        .collect()
}

fn alter_is_needed(alter: &AlterTableStmt, entries: &[Entry], existing: &Existing) -> bool {
    let Some(relation) = &alter.relation else { return true };
    let was_there = |(schema, name, _): &(String, String, String)| {
        *schema == relation.schemaname && *name == relation.relname
    };
    if existing.relations.iter().any(was_there) {
        return false;
    }
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
    use crate::schema::{Object, Statements};

    #[test]
    fn what_goes_with_its_table_is_left_out() {
        let object = Object {
            kind: "FK CONSTRAINT".to_owned(),
            schema: Some("s".to_owned()),
            name: "t fk".to_owned(),
        };
        let entries = [Entry { object, owner: None, statements: Statements::default() }];
        let existing = Existing {
            schemas: vec!["kept".to_owned()],
            relations: vec![("s".to_owned(), "old".to_owned(), "r".to_owned())],
            functions: vec![("s".to_owned(), "f".to_owned(), String::new())],
            extensions: vec!["citext".to_owned()],
            ..Existing::default()
        };
        let needed = |statement: &str| is_needed(statement, &entries, &existing, "versions");
        for statement in [
            "DROP TABLE s.t",
            "DROP VIEW s.v",
            "DROP TRIGGER x ON s.t",
            "DROP POLICY p ON s.t",
            "DROP RULE r ON s.t",
            "ALTER TABLE IF EXISTS ONLY s.t DROP CONSTRAINT IF EXISTS fk",
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
            "DROP SCHEMA IF EXISTS kept",
            "DROP EXTENSION IF EXISTS citext",
            "DROP TABLE IF EXISTS s.old",
            "DROP TRIGGER IF EXISTS x ON s.old",
            "DROP FUNCTION IF EXISTS s.f()",
            "ALTER TABLE IF EXISTS s.old ALTER COLUMN id DROP DEFAULT",
        ] {
            assert!(!needed(statement), "{statement}");
        }
    }
}
