//! What the history did to objects that were there before its first revision.
//!
//! `env.py` or the prelude made them, and they will be there too when the baseline runs. Pure: the entries
//! of a dump taken before and of one taken after; gives the entries that lead from one to the other, and
//! the names of changes that no statement of a dump can say.

use arcstr::Substr;
use std::borrow::Cow;
use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::{GrantStmt, Node};

use crate::schema::compare::row_changes;
use crate::schema::{Entry, Object};

/// What came between two dumps.
#[derive(Debug, Default)]
pub struct Changes<'a> {
    /// What is new or can be said, in the order of the later dump.
    pub carried: Vec<Cow<'a, Entry>>,
    /// What cannot be said, by name.
    pub refused: Vec<String>,
}

/// Statements that mean the same when they are run again, whatever was there.
const SAID_AGAIN: [&str; 6] =
    ["COMMENT", "SEQUENCE SET", "SEQUENCE OWNED BY", "DEFAULT", "SCHEMA", "ROW SECURITY"];

/// Objects that can be replaced where they stand.
const REPLACED: [&str; 3] = ["FUNCTION", "PROCEDURE", "VIEW"];

/// What leads from `before` to `after`.
pub fn since<'a>(before: &[Entry], after: &'a [Entry]) -> Changes<'a> {
    let old = grouped(before);
    let new = grouped(after);
    let mut changes = Changes::default();
    // What is gone first: it may stand in the way.
    for (object, statements) in &old {
        if !new.contains_key(object) {
            changes.gone(object, statements);
        }
    }
    let mut told: Vec<&Object> = Vec::new();
    for entry in after {
        match old.get(&entry.object) {
            None => changes.carried.push(Cow::Borrowed(entry)),
            Some(_) if told.contains(&&entry.object) => {}
            Some(was) => {
                told.push(&entry.object);
                changes.different(entry, was, &new[&entry.object]);
            }
        }
    }
    changes
}

fn grouped(entries: &[Entry]) -> BTreeMap<&Object, Vec<&str>> {
    let mut groups: BTreeMap<&Object, Vec<&str>> = BTreeMap::new();
    for entry in entries {
        groups
            .entry(&entry.object)
            .or_default()
            .extend(entry.statements.iter().map(Substr::as_str));
    }
    groups
}

impl Changes<'_> {
    fn gone(&mut self, object: &Object, was: &[&str]) {
        let undone = match object.kind.as_str() {
            "COMMENT" => was.iter().map(|s| without_comment(s)).collect(),
            "ACL" | "DEFAULT ACL" => inverse(was),
            _ => None,
        };
        match undone {
            Some(statements) => {
                let statements = statements.into_iter().map(Substr::from).collect();
                let entry = Entry { object: object.clone(), owner: None, statements };
                self.carried.push(Cow::Owned(entry));
            }
            None => self.refused.push(format!("the missing {object}, which was there before it")),
        }
    }

    fn different(&mut self, entry: &Entry, was: &[&str], is: &[&str]) {
        if was == is {
            return;
        }
        let owned = |statements: &[&str]| -> Vec<String> {
            statements.iter().map(|s| (*s).to_owned()).collect()
        };
        let texts = |statements: &[&str]| -> Vec<Substr> {
            statements.iter().map(|s| Substr::from(*s)).collect()
        };
        let statements = match entry.object.kind.as_str() {
            "TABLE DATA" => {
                let (was, is) = (texts(was), texts(is));
                let (missing, extra) = row_changes(&was, &is);
                missing.is_empty().then(|| owned(&extra))
            }
            "ACL" | "DEFAULT ACL" => inverse(was).map(|mut statements| {
                statements.extend(owned(is));
                statements
            }),
            kind if SAID_AGAIN.contains(&kind) => Some(owned(is)),
            kind if REPLACED.contains(&kind) => Some(
                is.iter()
                    .map(|s| {
                        s.replacen(
                            "CREATE ",
                            "CREATE OR REPLACE ",
                            usize::from(s.starts_with("CREATE ")),
                        )
                    })
                    .collect(),
            ),
            "TABLE" => match (was, is) {
                ([create, was @ ..], [created, is @ ..]) if create != created => {
                    let more = added(create, created);
                    more.and_then(|more| extra(was, is).map(|extra| [more, extra].concat()))
                }
                _ => extra(was, is),
            },
            _ => extra(was, is),
        };
        match statements {
            Some(statements) => {
                let statements = statements.into_iter().map(Substr::from).collect();
                self.carried.push(Cow::Owned(Entry { statements, ..entry.clone() }));
            }
            None => self
                .refused
                .push(format!("changes of the {}, which was there before it", entry.object)),
        }
    }
}

/// The statements that came to those of before, if none of these is gone. An owner is given anew.
fn extra(was: &[&str], is: &[&str]) -> Option<Vec<String>> {
    let stays = |s: &&&str| !s.contains(" OWNER TO ");
    let kept = was.iter().filter(stays).all(|s| is.contains(s));
    kept.then(|| is.iter().filter(|s| !was.contains(*s)).map(|s| (*s).to_owned()).collect())
}

/// The columns and checks that `created` has and `create` has not, as `ALTER TABLE`; `None` where
/// something else differs.
fn added(create: &str, created: &str) -> Option<Vec<String>> {
    let old = table_parts(create)?;
    let new = table_parts(created)?;
    let kept = old.iter().all(|part| new.contains(part));
    kept.then(|| new.into_iter().filter(|part| !old.contains(part)).collect())
}

/// Each column and constraint of a `CREATE TABLE`, as the `ALTER TABLE` that adds it.
fn table_parts(create: &str) -> Option<Vec<String>> {
    let parsed = pg_query::parse(create, 0).ok()?.protobuf;
    let node = parsed.stmts.into_iter().next()?.stmt?.node?;
    let NodeEnum::CreateStmt(table) = node else { return None };
    let part = |part: &Node| {
        let form = match part.node {
            Some(NodeEnum::ColumnDef(_)) => "ALTER TABLE t ADD COLUMN c int",
            Some(NodeEnum::Constraint(_)) => "ALTER TABLE t ADD CONSTRAINT c CHECK (true)",
            _ => return None,
        };
        changed(form, |node| {
            let NodeEnum::AlterTableStmt(alter) = node else { return false };
            alter.relation.clone_from(&table.relation);
            let command = alter.cmds.first_mut().and_then(|command| command.node.as_mut());
            let Some(NodeEnum::AlterTableCmd(command)) = command else { return false };
            command.def = Some(Box::new(part.clone()));
            true
        })
    };
    table.table_elts.iter().map(part).collect()
}

/// `COMMENT ON ... IS NULL`.
fn without_comment(statement: &str) -> Option<String> {
    changed(statement, |node| match node {
        NodeEnum::CommentStmt(comment) => {
            comment.comment.clear();
            true
        }
        _ => false,
    })
}

/// What takes back these grants and revocations, the last one first.
fn inverse(statements: &[&str]) -> Option<Vec<String>> {
    let flip = |grant: &mut GrantStmt| {
        grant.is_grant = !grant.is_grant;
        grant.grant_option = false;
    };
    let flipped = |node: &mut NodeEnum| match node {
        NodeEnum::GrantStmt(grant) => {
            flip(grant);
            true
        }
        NodeEnum::AlterDefaultPrivilegesStmt(alter) => alter.action.as_mut().map(flip).is_some(),
        _ => false,
    };
    statements.iter().rev().map(|statement| changed(statement, flipped)).collect()
}

fn changed(statement: &str, change: impl Fn(&mut NodeEnum) -> bool) -> Option<String> {
    let mut parsed = pg_query::parse(statement, 0).ok()?.protobuf;
    let node = parsed.stmts.first_mut()?.stmt.as_mut()?.node.as_mut()?;
    if change(node) { parsed.deparse(pg_query::DeparseOptions::default()).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: &str, name: &str, statements: &[&str]) -> Entry {
        let object =
            Object { kind: kind.to_owned(), schema: Some("s".to_owned()), name: name.to_owned() };
        let statements = statements.iter().map(|s| Substr::from(*s)).collect();
        Entry { object, owner: None, statements }
    }

    #[test]
    fn what_can_be_said_is_carried_and_the_rest_is_named() {
        let before = [
            entry("TABLE", "t", &["CREATE TABLE s.t (a int)", "ALTER TABLE s.t OWNER TO postgres"]),
            entry("TABLE", "u", &["CREATE TABLE s.u (a int)"]),
            entry("TABLE", "w", &["CREATE TABLE s.w (a int)"]),
            entry("TABLE", "same", &["CREATE TABLE s.same ()"]),
            entry("TRIGGER", "t old", &["CREATE TRIGGER old"]),
            entry("COMMENT", "TABLE t", &["COMMENT ON TABLE s.t IS 'x'"]),
            entry("ACL", "TABLE t", &["GRANT SELECT,INSERT ON TABLE s.t TO a WITH GRANT OPTION"]),
            entry("TABLE DATA", "t", &["INSERT INTO s.t (a) VALUES (1)"]),
            entry("TABLE DATA", "u", &["INSERT INTO s.u (a) VALUES (1)"]),
            entry("FUNCTION", "f()", &["CREATE FUNCTION s.f() ..."]),
            entry(
                "DEFAULT ACL",
                "d",
                &["ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT SELECT ON TABLES TO b"],
            ),
        ];
        let after = [
            entry("TABLE", "t", &["CREATE TABLE s.t (a int)", "ALTER TABLE s.t OWNER TO app"]),
            entry("TABLE", "u", &["CREATE TABLE s.u (a text)"]),
            entry(
                "TABLE",
                "w",
                &["CREATE TABLE s.w (a int, b int DEFAULT 5 NOT NULL, CONSTRAINT k CHECK (a > b))"],
            ),
            entry("TABLE", "same", &["CREATE TABLE s.same ()"]),
            entry("TRIGGER", "t new", &["CREATE TRIGGER new"]),
            entry("ACL", "TABLE t", &["GRANT SELECT ON TABLE s.t TO a"]),
            entry(
                "TABLE DATA",
                "t",
                &["INSERT INTO s.t (a) VALUES (1)", "INSERT INTO s.t (a) VALUES (1)"],
            ),
            entry("TABLE DATA", "u", &["INSERT INTO s.u (a) VALUES (2)"]),
            entry("FUNCTION", "f()", &["CREATE FUNCTION s.f() !!!"]),
        ];
        let changes = since(&before, &after);
        let statements: Vec<_> =
            changes.carried.iter().flat_map(|e| e.statements.iter()).map(Substr::as_str).collect();
        insta::assert_snapshot!(statements.join("\n"), @r"
        COMMENT ON TABLE s.t IS NULL
        ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s REVOKE select ON TABLES FROM b
        ALTER TABLE s.t OWNER TO app
        ALTER TABLE s.w ADD COLUMN b int DEFAULT 5 NOT NULL
        ALTER TABLE s.w ADD CONSTRAINT k CHECK (a > b)
        CREATE TRIGGER new
        REVOKE select, insert ON s.t FROM a
        GRANT SELECT ON TABLE s.t TO a
        INSERT INTO s.t (a) VALUES (1)
        CREATE OR REPLACE FUNCTION s.f() !!!
        ");
        insta::assert_snapshot!(changes.refused.join("\n"), @r"
        the missing trigger `s.t old`, which was there before it
        changes of the table `s.u`, which was there before it
        changes of the rows of `s.u`, which was there before it
        ");
    }
}
