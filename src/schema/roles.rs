//! What a history changes outside of any dump: roles, memberships, settings of roles and of the database,
//! the database's own privileges and comment.
//!
//! Two snapshots of a scratch server, before the first revision and after the last, tell what the
//! history made. Roles are cluster-wide: on a real server one may be there already, so the baseline
//! makes a role only where it is missing. Passwords are never read.

use crate::postgres::identifier::{literal, quote};

/// Reads all roles that are not PostgreSQL's own.
pub const ROLES: &str = "
select rolname::text as name, rolsuper as superuser, rolinherit as inherit,
       rolcreaterole as create_role, rolcreatedb as create_database, rolcanlogin as login,
       rolreplication as replication, rolbypassrls as bypass_rls, rolconnlimit as connection_limit,
       rolvaliduntil::text as valid_until, rolpassword is not null as has_password,
       shobj_description(oid, 'pg_authid') as comment
  from pg_catalog.pg_authid
 where rolname !~ '^pg_'
 order by rolname";

/// Reads all memberships except those that PostgreSQL makes by itself. From 16 on each has its own
/// INHERIT, which begins as the member's, and SET.
pub const MEMBERSHIPS: &str = "
select granted.rolname::text as role,
       case when member.rolname <> current_user then member.rolname::text end as member,
       bool_or(m.admin_option) as admin,
       nullif(bool_or(coalesce((to_jsonb(m) ->> 'inherit_option')::bool, member.rolinherit)),
              member.rolinherit) as inherit,
       bool_or(coalesce((to_jsonb(m) ->> 'set_option')::bool, true)) as set
  from pg_catalog.pg_auth_members m
  join pg_catalog.pg_roles granted on granted.oid = m.roleid
  join pg_catalog.pg_roles member on member.oid = m.member
 where m.member >= 16384 or m.roleid >= 16384
 group by 1, 2, member.rolinherit
 order by 1, 2";

/// Reads the settings of roles and of the current database, one row each.
pub const SETTINGS: &str = "
select case when role.rolname = current_user then 'CURRENT_USER'
            when role.rolname is null then 'ALL'
            else quote_ident(role.rolname) end as role,
       s.setdatabase <> 0 as in_database, item as setting
  from pg_catalog.pg_db_role_setting s
  left join pg_catalog.pg_roles role on role.oid = s.setrole
  cross join lateral unnest(s.setconfig) as item
 where s.setdatabase in
       (0, (select oid from pg_catalog.pg_database where datname = current_database()))
 order by 1, 2, 3";

/// Reads the privileges on the current database, the default ones spelled out.
pub const DATABASE_PRIVILEGES: &str = "
select grantee.rolname::text as grantee, a.privilege_type as privilege, a.is_grantable as grantable
  from pg_catalog.pg_database d
  cross join lateral pg_catalog.aclexplode(
       coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) as a
  left join pg_catalog.pg_roles grantee on grantee.oid = a.grantee
 where d.datname = current_database() and a.grantee <> d.datdba
 order by 1 nulls first, 2, 3";

/// Reads the current database's own properties.
pub const DATABASE: &str = "
select pg_catalog.shobj_description(d.oid, 'pg_database') as comment,
       case when owner.rolname <> current_user then owner.rolname::text end as owner,
       d.datconnlimit as connection_limit
  from pg_catalog.pg_database d join pg_catalog.pg_roles owner on owner.oid = d.datdba
 where d.datname = current_database()";

/// A role's attributes.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "these are PostgreSQL's attributes of a role")]
#[expect(missing_docs, reason = "named as in PostgreSQL's CREATE ROLE")]
pub struct Role {
    pub name: String,
    pub superuser: bool,
    pub inherit: bool,
    pub create_role: bool,
    pub create_database: bool,
    pub login: bool,
    pub replication: bool,
    pub bypass_rls: bool,
    pub connection_limit: i32,
    pub valid_until: Option<String>,
    pub has_password: bool,
    pub comment: Option<String>,
}

/// One role's membership in another.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Membership {
    /// The role that was granted.
    pub role: String,
    /// Who got it; `None` for the user that runs the migrations.
    pub member: Option<String>,
    /// Whether `WITH ADMIN OPTION`.
    pub admin: bool,
    /// `WITH INHERIT TRUE` or `FALSE`, where it is not what the member has for all its memberships.
    pub inherit: Option<bool>,
    /// Whether the member may `SET ROLE`.
    pub set: bool,
}

/// One `ALTER ROLE ... SET` or `ALTER DATABASE ... SET`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Setting {
    /// The role as SQL names it: an identifier, `CURRENT_USER`, or `ALL`.
    pub role: String,
    /// Whether only in this database.
    pub in_database: bool,
    /// `name=value`.
    pub setting: String,
}

/// One privilege on the database, of a role that does not own it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DatabasePrivilege {
    /// The role; `None` for PUBLIC.
    pub grantee: Option<String>,
    /// `CONNECT`, `CREATE` or `TEMPORARY`.
    pub privilege: String,
    /// Whether `WITH GRANT OPTION`.
    pub grantable: bool,
}

/// The database's own properties.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Database {
    /// Its comment.
    pub comment: Option<String>,
    /// Its owner; `None` for the user that runs the migrations.
    pub owner: Option<String>,
    /// How many connections it takes; -1 for any number.
    pub connection_limit: i32,
}

/// All of this on a server at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The roles.
    pub roles: Vec<Role>,
    /// The memberships.
    pub memberships: Vec<Membership>,
    /// The settings.
    pub settings: Vec<Setting>,
    /// The privileges on the database.
    pub database_privileges: Vec<DatabasePrivilege>,
    /// The database's own properties.
    pub database: Database,
}

/// What came between two snapshots, as statements that make it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Made {
    /// The statements, in order.
    pub statements: Vec<String>,
    /// The names of the new roles.
    pub roles: Vec<String>,
    /// New roles that have a password: the baseline cannot carry it.
    pub with_password: Vec<String>,
    /// What a baseline cannot say: a role that was there before and is changed or gone.
    pub changed: Vec<String>,
}

impl Snapshot {
    /// What was made between `before` and `self`.
    pub fn made_since(&self, before: &Self) -> Made {
        let mut made = Made::default();
        for role in &self.roles {
            match before.roles.iter().find(|old| old.name == role.name) {
                None => {
                    made.statements.push(create(role));
                    made.statements.extend(role.comment.as_ref().map(|comment| {
                        format!("COMMENT ON ROLE {} IS {}", quote(&role.name), literal(comment))
                    }));
                    made.roles.push(role.name.clone());
                    if role.has_password {
                        made.with_password.push(role.name.clone());
                    }
                }
                Some(old) if old != role => made.changed.push(role.name.clone()),
                Some(_) => {}
            }
        }
        let gone = before.roles.iter().filter(|old| self.roles.iter().all(|r| r.name != old.name));
        made.changed.extend(gone.map(|role| role.name.clone()));
        let left = before.memberships.iter().filter(|m| !self.memberships.contains(m));
        made.statements.extend(left.map(revoke));
        let memberships = self.memberships.iter().filter(|m| !before.memberships.contains(m));
        made.statements.extend(memberships.map(grant));
        let reset = before.settings.iter().filter(|s| !self.settings.contains(s));
        made.changed.extend(reset.map(|s| format!("the setting {} of {}", s.setting, s.role)));
        let settings = self.settings.iter().filter(|s| !before.settings.contains(s));
        made.statements.extend(settings.map(set));
        let (now, old) = (&self.database_privileges, &before.database_privileges);
        let revoked = old.iter().filter(|privilege| !now.contains(privilege));
        made.statements.extend(revoked.map(|p| privilege("REVOKE", "FROM", p)));
        let granted = now.iter().filter(|privilege| !old.contains(privilege));
        made.statements.extend(granted.map(|p| privilege("GRANT", "TO", p)));
        let (now, old) = (&self.database, &before.database);
        if now.comment != old.comment {
            let comment = now.comment.as_deref().map_or("NULL".to_owned(), literal);
            made.statements.push(on_database("COMMENT ON DATABASE %I IS", &comment));
        }
        if now.connection_limit != old.connection_limit {
            let limit = now.connection_limit.to_string();
            made.statements.push(on_database("ALTER DATABASE %I CONNECTION LIMIT", &limit));
        }
        if now.owner != old.owner {
            let owner = now.owner.as_deref().map_or("CURRENT_USER".to_owned(), quote);
            made.statements.push(on_database("ALTER DATABASE %I OWNER TO", &owner));
        }
        made
    }
}

/// Makes the role unless it is there: roles are shared by all databases of a server.
fn create(role: &Role) -> String {
    let word = |on: bool, word: &str| if on { word.to_owned() } else { format!("NO{word}") };
    let mut attributes = vec![
        word(role.superuser, "SUPERUSER"),
        word(role.inherit, "INHERIT"),
        word(role.create_role, "CREATEROLE"),
        word(role.create_database, "CREATEDB"),
        word(role.login, "LOGIN"),
        word(role.replication, "REPLICATION"),
        word(role.bypass_rls, "BYPASSRLS"),
    ];
    // Naming what only a superuser may set, even to refuse it, would need one.
    let only_superuser = ["NOSUPERUSER", "NOREPLICATION", "NOBYPASSRLS"];
    attributes.retain(|attribute| !only_superuser.contains(&attribute.as_str()));
    if role.connection_limit >= 0 {
        attributes.push(format!("CONNECTION LIMIT {}", role.connection_limit));
    }
    if let Some(until) = &role.valid_until {
        attributes.push(format!("VALID UNTIL {}", literal(until)));
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

/// A `DO` block whose dollar quotes do not occur in its body.
fn do_block(body: &str) -> String {
    let mut tag = "$rebaseline$".to_owned();
    while body.contains(&tag) {
        tag.insert(1, '_');
    }
    format!("DO {tag}\n{body}\n{tag}")
}

fn grant(membership: &Membership) -> String {
    // Only what is not the default: before 16 the other two cannot be said.
    let options = [
        membership.admin.then_some("ADMIN OPTION"),
        membership.inherit.map(|on| if on { "INHERIT TRUE" } else { "INHERIT FALSE" }),
        (!membership.set).then_some("SET FALSE"),
    ];
    let options: Vec<_> = options.into_iter().flatten().collect();
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
    let name = name.split('.').map(quote).collect::<Vec<_>>().join(".");
    match (setting.role.as_str(), setting.in_database) {
        ("ALL", true) => on_database("ALTER DATABASE %I SET", &format!("{name} TO {value}")),
        (role, true) => {
            let what = format!("ALTER ROLE {} IN DATABASE %I SET", escape(role));
            on_database(&what, &format!("{name} TO {value}"))
        }
        (role, false) => format!("ALTER ROLE {role} SET {name} TO {value}"),
    }
}

fn privilege(verb: &str, to: &str, privilege: &DatabasePrivilege) -> String {
    let grantee = privilege.grantee.as_deref().map_or("PUBLIC".to_owned(), quote);
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
            inherit: None,
            set: true,
        });
        after.memberships.push(Membership {
            role: "old".to_owned(),
            member: None,
            admin: false,
            inherit: Some(false),
            set: false,
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
        assert_eq!(made.changed, ["old"]);
        assert_eq!(made.with_password, ["new one"]);
        insta::assert_snapshot!(made.statements.join("\n"), @r#"
        DO $rebaseline$
        BEGIN
          IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'new one') THEN
            CREATE ROLE "new one" WITH INHERIT NOCREATEROLE NOCREATEDB LOGIN CONNECTION LIMIT 3;
          END IF;
        END
        $rebaseline$
        COMMENT ON ROLE "new one" IS 'it''s ours'
        GRANT "old" TO "new one" WITH ADMIN OPTION
        GRANT "old" TO CURRENT_USER WITH INHERIT FALSE, SET FALSE
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
