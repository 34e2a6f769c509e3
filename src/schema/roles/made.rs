//! What came between two snapshots, as statements that make it.
//!
//! Roles are cluster-wide: on a real server one may be there already, so the baseline makes a role only
//! where it is missing. A role that was there before the history is changed as the history changed it.

use crate::postgres::identifier::{literal, quote};
use crate::schema::roles::{DatabasePrivilege, Membership, Role, Setting, Snapshot};
use crate::schema::secrets::is_secret_setting;

/// What came between two snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Made {
    /// The statements, in order.
    pub statements: Vec<String>,
    /// The names of the new roles.
    pub roles: Vec<String>,
    /// Roles that got a password: the baseline cannot carry it.
    pub with_password: Vec<String>,
    /// What the history did to the user that ran it: another user may run the baseline.
    pub changed: Vec<String>,
    /// Settings that look like secrets, by name: none may stand in a file.
    pub secrets: Vec<String>,
    /// What belongs to the server as a whole and changed: no revision can carry it.
    pub out_of_reach: Vec<String>,
}

impl Snapshot {
    /// What was made between `before` and `self`.
    pub fn made_since(&self, before: &Self) -> Made {
        let mut made = Made::default();
        for role in &self.roles {
            let old = before.roles.iter().find(|old| old.name == role.name);
            made.role(role, old);
        }
        let is_gone = |name: &str| self.roles.iter().all(|role| role.name != name);
        let gone: Vec<&Role> = before.roles.iter().filter(|old| is_gone(&old.name)).collect();
        let was_there = |m: &&Membership| {
            let both = [Some(&m.role), m.member.as_ref()];
            !gone.iter().any(|role| both.contains(&Some(&role.name)))
        };
        let left = before.memberships.iter().filter(|m| !self.memberships.contains(m));
        made.statements.extend(left.filter(was_there).map(revoke));
        let memberships = self.memberships.iter().filter(|m| !before.memberships.contains(m));
        made.statements.extend(memberships.map(grant));
        made.statements
            .extend(gone.iter().map(|r| format!("DROP ROLE IF EXISTS {}", quote(&r.name))));
        let is_set = |old: &Setting| self.settings.iter().any(|new| new.is_same(old));
        let is_of = |setting: &Setting, role: &Role| setting.role.trim_matches('"') == role.name;
        let lost = before.settings.iter().filter(|old| !is_set(old));
        let lost = lost.filter(|old| !gone.iter().any(|role| is_of(old, role)));
        made.statements.extend(lost.map(reset));
        let settings = self.settings.iter().filter(|s| !before.settings.contains(s));
        for setting in settings {
            if setting.is_secret() {
                made.secrets.push(format!("setting `{}` of {}", setting.name(), setting.role));
            }
            made.statements.push(set(setting));
        }
        made.database(self, before);
        let changed = self.server.iter().filter(|line| !before.server.contains(line));
        made.out_of_reach.extend(changed.map(|(name, _)| name.clone()));
        let is_gone = |name: &String| self.server.iter().all(|(new, _)| new != name);
        let gone = before.server.iter().filter(|(name, _)| is_gone(name));
        made.out_of_reach.extend(gone.map(|(name, _)| format!("the missing {name}")));
        made
    }
}

impl Made {
    fn role(&mut self, role: &Role, old: Option<&Role>) {
        if old.is_none() {
            self.statements.push(create(role));
            self.roles.push(role.name.clone());
        }
        let attributes = old.map(|old| changed_attributes(role, old)).unwrap_or_default();
        if !attributes.is_empty() {
            if role.current {
                self.changed.push(format!("ALTER ROLE CURRENT_USER WITH {}", attributes.join(" ")));
            } else {
                let (name, attributes) = (quote(&role.name), attributes.join(" "));
                self.statements.push(format!("ALTER ROLE {name} WITH {attributes}"));
            }
        }
        let old_comment = old.and_then(|old| old.comment.as_ref());
        if role.comment.as_ref() != old_comment {
            let comment = role.comment.as_deref().map_or("NULL".to_owned(), literal);
            if role.current {
                self.changed.push("COMMENT ON ROLE CURRENT_USER".to_owned());
            } else {
                self.statements.push(format!("COMMENT ON ROLE {} IS {comment}", quote(&role.name)));
            }
        }
        if role.has_password && !old.is_some_and(|old| old.has_password) {
            self.with_password.push(role.name.clone());
        }
    }

    /// The database's own properties. Its owner first: a new owner's privileges follow from that.
    fn database(&mut self, new: &Snapshot, old: &Snapshot) {
        let other_owner = new.database.owner != old.database.owner;
        if other_owner {
            let owner = new.database.owner.as_deref().map_or("CURRENT_USER".to_owned(), quote);
            self.statements.push(on_database("ALTER DATABASE %I OWNER TO", &owner));
        }
        let mut before = old.database_privileges.clone();
        if other_owner {
            before.retain(|privilege| privilege.grantee != "CURRENT_USER");
        }
        let now = &new.database_privileges;
        let revoked = before.iter().filter(|privilege| !now.contains(privilege));
        self.statements.extend(revoked.map(|p| privilege("REVOKE", "FROM", p)));
        let granted = now.iter().filter(|privilege| !before.contains(privilege));
        self.statements.extend(granted.map(|p| privilege("GRANT", "TO", p)));
        let (now, old) = (&new.database, &old.database);
        if now.comment != old.comment {
            let comment = now.comment.as_deref().map_or("NULL".to_owned(), literal);
            self.statements.push(on_database("COMMENT ON DATABASE %I IS", &comment));
        }
        if now.connection_limit != old.connection_limit {
            let limit = now.connection_limit.to_string();
            self.statements.push(on_database("ALTER DATABASE %I CONNECTION LIMIT", &limit));
        }
        if now.is_template != old.is_template {
            let is_template = now.is_template.to_string();
            self.statements.push(on_database("ALTER DATABASE %I IS_TEMPLATE", &is_template));
        }
    }
}

impl Setting {
    fn name(&self) -> &str {
        self.setting.split_once('=').map_or(&self.setting, |(name, _)| name)
    }

    fn is_secret(&self) -> bool {
        self.setting.split_once('=').is_some_and(|(name, value)| is_secret_setting(name, value))
    }

    /// Whether both are about the same thing, whatever the value.
    fn is_same(&self, other: &Self) -> bool {
        (&self.role, self.in_database, self.name())
            == (&other.role, other.in_database, other.name())
    }
}

/// One of these statements in one line, for a reader: what stands in a `DO` block.
pub fn told(statement: &str) -> &str {
    let is_command = |line: &&str| line.starts_with("CREATE ROLE ") || line.starts_with("EXECUTE ");
    let line = statement.lines().map(str::trim).find(is_command).unwrap_or(statement);
    line.trim_end_matches(';')
}

/// Makes the role unless it is there: roles are shared by all databases of a server.
fn create(role: &Role) -> String {
    let mut attributes = attributes(role);
    // Naming what only a superuser may set, even to refuse it, would need one.
    let only_superuser = ["NOSUPERUSER", "NOREPLICATION", "NOBYPASSRLS"];
    attributes.retain(|attribute| !only_superuser.contains(&attribute.as_str()));
    if role.connection_limit < 0 {
        attributes.retain(|attribute| !attribute.starts_with("CONNECTION LIMIT"));
    }
    if role.valid_until.is_none() {
        attributes.retain(|attribute| !attribute.starts_with("VALID UNTIL"));
    }
    let body = format!(
        "BEGIN\n  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {}) THEN\n    CREATE \
         ROLE {} WITH {};\n  END IF;\nEND",
        literal(&role.name),
        quote(&role.name),
        attributes.join(" ")
    );
    do_block(&body)
}

/// All attributes of a role, in the words of `CREATE ROLE`.
fn attributes(role: &Role) -> Vec<String> {
    let word = |on: bool, word: &str| if on { word.to_owned() } else { format!("NO{word}") };
    vec![
        word(role.superuser, "SUPERUSER"),
        word(role.inherit, "INHERIT"),
        word(role.create_role, "CREATEROLE"),
        word(role.create_database, "CREATEDB"),
        word(role.login, "LOGIN"),
        word(role.replication, "REPLICATION"),
        word(role.bypass_rls, "BYPASSRLS"),
        format!("CONNECTION LIMIT {}", role.connection_limit),
        format!("VALID UNTIL {}", literal(role.valid_until.as_deref().unwrap_or("infinity"))),
    ]
}

fn changed_attributes(role: &Role, old: &Role) -> Vec<String> {
    let old = attributes(old);
    attributes(role).into_iter().filter(|attribute| !old.contains(attribute)).collect()
}

/// A `DO` block whose dollar quotes do not occur in its body.
fn do_block(body: &str) -> String {
    let mut tag = "$rebaseline$".to_owned();
    while body.contains(&tag) {
        tag.insert(1, '_');
    }
    format!("DO {tag}\n{body}\n{tag}")
}

fn grant(membership: &Membership) -> String {
    let word = |on: bool| if on { "TRUE" } else { "FALSE" };
    let mut options = Vec::new();
    if membership.admin {
        options.push("ADMIN OPTION".to_owned());
    }
    options.extend(membership.inherit.map(|on| format!("INHERIT {}", word(on))));
    options.extend(membership.set.map(|on| format!("SET {}", word(on))));
    let with = if options.is_empty() { "" } else { " WITH " };
    let (role, member) = (quote(&membership.role), member(membership));
    format!("GRANT {role} TO {member}{with}{}", options.join(", "))
}

fn revoke(membership: &Membership) -> String {
    format!("REVOKE {} FROM {}", quote(&membership.role), member(membership))
}

fn member(membership: &Membership) -> String {
    membership.member.as_deref().map_or("CURRENT_USER".to_owned(), quote)
}

/// Settings whose value is a list of identifiers that is quoted already (`GUC_LIST_QUOTE`; the same
/// list stands in `pg_dump`'s `variable_is_guc_list_quote`).
const QUOTED_LISTS: [&str; 6] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

fn set(setting: &Setting) -> String {
    let (name, value) = setting.setting.split_once('=').unwrap_or((&setting.setting, ""));
    let value = if QUOTED_LISTS.contains(&name) {
        // An empty list is stored as one empty identifier, which cannot be written so.
        if matches!(value, "" | "\"\"") { "''".to_owned() } else { value.to_owned() }
    } else {
        literal(value)
    };
    alter(setting, &format!("SET {} TO {value}", parameter(name)))
}

fn reset(setting: &Setting) -> String {
    alter(setting, &format!("RESET {}", parameter(setting.name())))
}

fn parameter(name: &str) -> String {
    name.split('.').map(quote).collect::<Vec<_>>().join(".")
}

fn alter(setting: &Setting, what: &str) -> String {
    match (setting.role.as_str(), setting.in_database) {
        ("ALL", true) => on_database("ALTER DATABASE %I", what),
        (role, true) => on_database(&format!("ALTER ROLE {} IN DATABASE %I", escape(role)), what),
        (role, false) => format!("ALTER ROLE {role} {what}"),
    }
}

fn privilege(verb: &str, to: &str, privilege: &DatabasePrivilege) -> String {
    let grantee = &privilege.grantee;
    let option = if privilege.grantable && verb == "GRANT" { " WITH GRANT OPTION" } else { "" };
    let what = format!("{verb} {} ON DATABASE %I", privilege.privilege);
    on_database(&what, &format!("{to} {grantee}{option}"))
}

/// A statement about the current database. Its name differs from place to place, so it is put in for
/// `%I` when the statement runs.
fn on_database(what: &str, rest: &str) -> String {
    let command = literal(&format!("{what} {}", escape(rest)));
    do_block(&format!(
        "BEGIN\n  EXECUTE pg_catalog.format({command}, pg_catalog.current_database());\nEND"
    ))
}

/// For `format()`: a percent sign stands for itself.
fn escape(text: &str) -> String {
    text.replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(name: &str) -> Role {
        Role {
            name: name.to_owned(),
            current: name == "postgres",
            superuser: false,
            inherit: true,
            create_role: false,
            create_database: false,
            login: false,
            replication: false,
            bypass_rls: false,
            connection_limit: -1,
            valid_until: None,
            has_password: false,
            comment: None,
        }
    }

    #[test]
    fn only_what_is_new_is_made() {
        let before = Snapshot { roles: vec![role("postgres"), role("old")], ..Snapshot::default() };
        let mut after = before.clone();
        after.roles[1].login = true;
        after.roles.push(Role {
            login: true,
            has_password: true,
            comment: Some("it's ours".to_owned()),
            connection_limit: 3,
            ..role("new one")
        });
        after.memberships.push(Membership {
            role: "old".to_owned(),
            member: Some("new one".to_owned()),
            admin: true,
            inherit: Some(false),
            set: None,
        });
        let setting = |role: &str, in_database, setting: &str| Setting {
            role: role.to_owned(),
            in_database,
            setting: setting.to_owned(),
        };
        after.settings.push(setting("ALL", true, "search_path=app, public"));
        after.settings.push(setting("ALL", true, "app.rate=10%"));
        after.settings.push(setting("\"new one\"", false, "statement_timeout=5s"));
        let made = after.made_since(&before);
        assert_eq!(made.changed, Vec::<String>::new());
        assert_eq!(made.with_password, ["new one"]);
        insta::assert_snapshot!(made.statements.join("\n"), @r#"
        ALTER ROLE "old" WITH LOGIN
        DO $rebaseline$
        BEGIN
          IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'new one') THEN
            CREATE ROLE "new one" WITH INHERIT NOCREATEROLE NOCREATEDB LOGIN CONNECTION LIMIT 3;
          END IF;
        END
        $rebaseline$
        COMMENT ON ROLE "new one" IS 'it''s ours'
        GRANT "old" TO "new one" WITH ADMIN OPTION, INHERIT FALSE
        DO $rebaseline$
        BEGIN
          EXECUTE pg_catalog.format('ALTER DATABASE %I SET "search_path" TO app, public', pg_catalog.current_database());
        END
        $rebaseline$
        DO $rebaseline$
        BEGIN
          EXECUTE pg_catalog.format('ALTER DATABASE %I SET "app"."rate" TO ''10%%''', pg_catalog.current_database());
        END
        $rebaseline$
        ALTER ROLE "new one" SET "statement_timeout" TO '5s'
        "#);
    }
}
