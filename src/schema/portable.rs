//! Makes the statements of a dump independent of who ran it.
//!
//! `pg_dump` names the scratch user as owner and in some privileges. In the baseline that user means
//! "whoever runs the migration": ownership by it is left out, and in privileges it becomes
//! `CURRENT_USER`. Ownership that the history gave to another role stays.

use arcstr::Substr;
use pg_query::NodeEnum;
use pg_query::protobuf::{Node, RoleSpec, RoleSpecType};

use crate::postgres::identifier;
use crate::schema::{Entry, Statements, large_objects};

/// Entries whose statements name roles.
const NAMES_ROLES: [&str; 4] = ["ACL", "DEFAULT ACL", "POLICY", "USER MAPPING"];

/// The statements of one entry as the baseline has them. `user` is the scratch user;
/// `extension_comment` tells the comment that an extension brings along by itself.
pub fn statements(
    entry: &Entry,
    user: &str,
    extension_comment: impl Fn(&str) -> Option<String>,
) -> Result<Statements, pg_query::Error> {
    let kind = entry.object.kind.as_str();
    if entry.is_rows() {
        return Ok(entry.statements.clone());
    }
    let mut statements = Vec::new();
    let mut user_is = RoleSpecType::RolespecCurrentUser;
    // The dump stage has refused what is not known.
    let large = (kind == "BLOBS").then(|| large_objects::statements(entry).unwrap_or_default());
    for statement in large.as_ref().unwrap_or(&entry.statements) {
        if gives_ownership(statement, user) {
            // `initdb` made this one, for another owner.
            if kind == "SCHEMA" && entry.object.name == "public" {
                statements.push(Substr::from("ALTER SCHEMA public OWNER TO CURRENT_USER"));
            }
            continue;
        }
        if kind == "ACL"
            && let Some(switched) = switch_of_role(statement, user)
        {
            user_is = switched.user_is;
            statements.extend(switched.statements.into_iter().map(Substr::from));
            continue;
        }
        let statement = match kind {
            // env.py may have made the schema before the first revision: for its version table.
            "SCHEMA" => {
                statement.replacen("CREATE SCHEMA ", "CREATE SCHEMA IF NOT EXISTS ", 1).into()
            }
            // Setting the comment that is there already would need the extension's owner.
            "COMMENT" if brings_comment(statement, &entry.object.name, &extension_comment) => {
                continue;
            }
            kind if NAMES_ROLES.contains(&kind) && statement.contains(user) => {
                with_current_user(statement, user, user_is)?.into()
            }
            _ => statement.clone(),
        };
        statements.push(statement);
    }
    Ok(statements.into())
}

/// A statement of the downgrade, with the scratch user as `CURRENT_USER`.
pub fn drop_statement(statement: &str, user: &str) -> String {
    if statement.starts_with("DROP USER MAPPING ") {
        let current = RoleSpecType::RolespecCurrentUser;
        return with_current_user(statement, user, current)
            .unwrap_or_else(|_| statement.to_owned());
    }
    statement.to_owned()
}

/// `ALTER ... OWNER TO` the scratch user. Only `pg_dump` writes this form, so its end is safe to
/// compare.
fn gives_ownership(statement: &str, user: &str) -> bool {
    let to = |name: &str| statement.ends_with(&format!(" OWNER TO {name}"));
    statement.starts_with("ALTER ") && (to(user) || to(&identifier::quote(user)))
}

fn brings_comment(
    statement: &str,
    name: &str,
    extension_comment: &impl Fn(&str) -> Option<String>,
) -> bool {
    let Some(extension) = name.strip_prefix("EXTENSION ") else { return false };
    let extension = extension.trim_matches('"').replace("\"\"", "\"");
    extension_comment(&extension).is_some_and(|comment| {
        statement.ends_with(&format!(" IS {}", identifier::literal(&comment)))
    })
}

struct Switched {
    statements: Vec<String>,
    /// What the user that migrates is called from here on.
    user_is: RoleSpecType,
}

/// `pg_dump` gives privileges in the name of another role by `SET SESSION AUTHORIZATION`, for which
/// one must be a superuser. Any member of the role may `SET ROLE`. Which role was set before is kept:
/// env.py may have chosen one.
fn switch_of_role(statement: &str, user: &str) -> Option<Switched> {
    let set = |role: &str| format!("SELECT pg_catalog.set_config('role', {role}, false)");
    if statement == "RESET SESSION AUTHORIZATION" {
        let back = "pg_catalog.current_setting('rebaseline.role')";
        let user_is = RoleSpecType::RolespecCurrentUser;
        return Some(Switched { statements: vec![set(back)], user_is });
    }
    let role = statement.strip_prefix("SET SESSION AUTHORIZATION ")?;
    let role = match role.strip_prefix('"').and_then(|role| role.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => role.trim_matches('\'').to_owned(),
    };
    let role = if role == user { "session_user".to_owned() } else { identifier::literal(&role) };
    let keep = "SELECT pg_catalog.set_config('rebaseline.role', pg_catalog.current_setting('role'), false)";
    let statements = vec![keep.to_owned(), set(&role)];
    Some(Switched { statements, user_is: RoleSpecType::RolespecSessionUser })
}

/// Replaces the user by `CURRENT_USER` (or what it is called just now) in the parsed statement, and
/// drops `FOR ROLE user`.
fn with_current_user(
    statement: &str,
    user: &str,
    user_is: RoleSpecType,
) -> Result<String, pg_query::Error> {
    let mut parsed = pg_query::parse(statement, 0)?.protobuf;
    let mut changed = false;
    for raw in &mut parsed.stmts {
        let Some(node) = raw.stmt.as_mut().and_then(|stmt| stmt.node.as_mut()) else { continue };
        match node {
            NodeEnum::GrantStmt(grant) => changed |= rename(&mut grant.grantees, user, user_is),
            NodeEnum::CreatePolicyStmt(policy) => {
                changed |= rename(&mut policy.roles, user, user_is);
            }
            NodeEnum::CreateUserMappingStmt(mapping) => {
                if let Some(role) = mapping.user.as_mut().filter(|role| is_user(role, user)) {
                    make_current(role, user_is);
                    changed = true;
                }
            }
            NodeEnum::DropUserMappingStmt(mapping) => {
                if let Some(role) = mapping.user.as_mut().filter(|role| is_user(role, user)) {
                    make_current(role, user_is);
                    changed = true;
                }
            }
            NodeEnum::AlterDefaultPrivilegesStmt(alter) => {
                let before = alter.options.len();
                alter.options.retain(|option| !is_for_role(option, user));
                changed |= alter.options.len() != before;
                if let Some(grant) = &mut alter.action {
                    changed |= rename(&mut grant.grantees, user, user_is);
                }
            }
            _ => {}
        }
    }
    if changed {
        parsed.deparse(pg_query::DeparseOptions::default())
    } else {
        Ok(statement.to_owned())
    }
}

fn rename(nodes: &mut [Node], user: &str, user_is: RoleSpecType) -> bool {
    let mut changed = false;
    for node in nodes {
        if let Some(NodeEnum::RoleSpec(role)) = &mut node.node
            && is_user(role, user)
        {
            make_current(role, user_is);
            changed = true;
        }
    }
    changed
}

fn make_current(role: &mut RoleSpec, user_is: RoleSpecType) {
    role.roletype = user_is as i32;
    role.rolename.clear();
}

fn is_user(role: &RoleSpec, user: &str) -> bool {
    role.roletype == RoleSpecType::RolespecCstring as i32 && role.rolename == user
}

/// `FOR ROLE user` of `ALTER DEFAULT PRIVILEGES`: without it the current user is meant.
fn is_for_role(option: &Node, user: &str) -> bool {
    let Some(NodeEnum::DefElem(element)) = &option.node else { return false };
    let Some(NodeEnum::List(list)) = element.arg.as_ref().and_then(|arg| arg.node.as_ref()) else {
        return false;
    };
    let users = |node: &Node| matches!(&node.node, Some(NodeEnum::RoleSpec(r)) if is_user(r, user));
    element.defname == "roles" && list.items.iter().all(users)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Object;

    fn portable(kind: &str, name: &str, statements_: &[&str]) -> Vec<String> {
        let object = Object { kind: kind.to_owned(), schema: None, name: name.to_owned() };
        let statements_ = statements_.iter().map(|s| Substr::from(*s)).collect();
        let entry = Entry { object, owner: None, statements: statements_ };
        let comment = |name: &str| (name == "pg_trgm").then(|| "it's for text".to_owned());
        let portable = statements(&entry, "postgres", comment).unwrap();
        portable.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_the_scratch_user_disappears() {
        let made = portable(
            "TABLE",
            "t",
            &[
                "CREATE TABLE t (a int)",
                "ALTER TABLE t OWNER TO postgres",
                "ALTER TABLE t OWNER TO app",
            ],
        );
        assert_eq!(made, ["CREATE TABLE t (a int)", "ALTER TABLE t OWNER TO app"]);
        assert_eq!(
            portable("ACL", "TABLE t", &["REVOKE ALL ON TABLE s.t FROM postgres"]),
            ["REVOKE ALL ON s.t FROM CURRENT_USER"]
        );
        assert_eq!(
            portable(
                "DEFAULT ACL",
                "x",
                &[
                    "ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA s GRANT SELECT ON TABLES  TO app"
                ]
            ),
            ["ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT select ON TABLES TO app"]
        );
        let other =
            "ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA s GRANT SELECT ON TABLES  TO x";
        assert_eq!(portable("DEFAULT ACL", "x", &[other]), [other]);
    }

    #[test]
    fn deep_expressions_are_no_obstacle() {
        let test = || {
            let deep = vec!["'a'"; 300].join(" || ");
            let policy = format!("CREATE POLICY p ON s.t TO postgres USING (({deep}) <> x)");
            let made = portable("POLICY", "t p", &[&policy]);
            assert!(made[0].contains(" TO CURRENT_USER USING "), "{}", &made[0][..80]);
        };
        let thread = std::thread::Builder::new().stack_size(64 * 1024 * 1024).spawn(test);
        thread.unwrap().join().unwrap();
    }

    #[test]
    fn privileges_that_another_role_gave() {
        let statements = [
            "SET SESSION AUTHORIZATION \"my app\"",
            "GRANT SELECT ON TABLE s.t TO postgres",
            "RESET SESSION AUTHORIZATION",
            "GRANT SELECT ON TABLE s.t TO other",
        ];
        insta::assert_snapshot!(portable("ACL", "TABLE t", &statements).join("\n"), @r"
        SELECT pg_catalog.set_config('rebaseline.role', pg_catalog.current_setting('role'), false)
        SELECT pg_catalog.set_config('role', 'my app', false)
        GRANT select ON s.t TO SESSION_USER
        SELECT pg_catalog.set_config('role', pg_catalog.current_setting('rebaseline.role'), false)
        GRANT SELECT ON TABLE s.t TO other
        ");
    }

    #[test]
    fn an_extension_keeps_only_a_comment_of_the_history() {
        let own = "COMMENT ON EXTENSION pg_trgm IS 'ours'";
        let brought = "COMMENT ON EXTENSION pg_trgm IS 'it''s for text'";
        assert_eq!(portable("COMMENT", "EXTENSION pg_trgm", &[brought]), Vec::<String>::new());
        assert_eq!(portable("COMMENT", "EXTENSION pg_trgm", &[own]), [own]);
    }
}
