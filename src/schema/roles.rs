//! What a history changes outside of any dump: roles, memberships, settings of roles and of the database,
//! the database's own privileges and comment.
//!
//! Two snapshots of a scratch server, before the first revision and after the last, tell what the
//! history made; `made` says it as statements. Passwords are never read. The queries are valid from
//! major 12 on: a column that came later is read through `to_jsonb`.

mod made;

pub use made::{Made, told};

/// Reads all roles that are not PostgreSQL's own.
pub const ROLES: &str = "
select rolname::text as name, rolname = current_user as current, rolsuper as superuser, rolinherit as inherit,
       rolcreaterole as create_role, rolcreatedb as create_database, rolcanlogin as login,
       rolreplication as replication, rolbypassrls as bypass_rls, rolconnlimit as connection_limit,
       rolvaliduntil::text as valid_until, rolpassword is not null as has_password,
       shobj_description(oid, 'pg_authid') as comment
  from pg_catalog.pg_authid
 where rolname !~ '^pg_'
 order by rolname";

/// Reads all memberships. `inherit` and `set` came with major 16; both are told only where they are not
/// what a plain `GRANT` gives.
pub const MEMBERSHIPS: &str = "
select granted.rolname::text as role,
       case when member.rolname <> current_user then member.rolname::text end as member,
       bool_or(m.admin_option) as admin,
       nullif(bool_or((to_jsonb(m)->>'inherit_option')::bool), member.rolinherit) as inherit,
       nullif(bool_or((to_jsonb(m)->>'set_option')::bool), true) as set
  from pg_catalog.pg_auth_members m
  join pg_catalog.pg_roles granted on granted.oid = m.roleid
  join pg_catalog.pg_roles member on member.oid = m.member
 group by granted.rolname, member.rolname, member.rolinherit
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
select case when grantee.rolname = current_user then 'CURRENT_USER'
            else coalesce(quote_ident(grantee.rolname), 'PUBLIC') end as grantee,
       a.privilege_type as privilege, a.is_grantable as grantable
  from pg_catalog.pg_database d
  cross join lateral pg_catalog.aclexplode(
       coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) as a
  left join pg_catalog.pg_roles grantee on grantee.oid = a.grantee
 where d.datname = current_database() and (a.grantee <> d.datdba or grantee.rolname = current_user)
 order by 1, 2, 3";

/// Reads the current database's own properties.
pub const DATABASE: &str = "
select pg_catalog.shobj_description(d.oid, 'pg_database') as comment,
       case when owner.rolname <> current_user then owner.rolname::text end as owner,
       d.datconnlimit as connection_limit, d.datistemplate as is_template
  from pg_catalog.pg_database d join pg_catalog.pg_roles owner on owner.oid = d.datdba
 where d.datname = current_database()";

/// Reads what belongs to the server as a whole, one line each: other databases, tablespaces, what
/// `ALTER SYSTEM` wrote. No revision can carry these.
pub const SERVER: &str = "
select 'database `' || datname || '`' as name,
       concat_ws(' ', datacl, datconnlimit, datistemplate, r.rolname, shobj_description(d.oid, 'pg_database'),
       (select string_agg(concat_ws(' ', s.setrole, s.setconfig), ' ' order by s.setrole)
          from pg_catalog.pg_db_role_setting s where s.setdatabase = d.oid)) as state
  from pg_catalog.pg_database d join pg_catalog.pg_roles r on r.oid = d.datdba
 where datname <> current_database() and datname !~ '^rebaseline_scratch_'
union all
select 'tablespace `' || spcname || '`',
       concat_ws(' ', spcacl, spcoptions, r.rolname, shobj_description(t.oid, 'pg_tablespace'))
  from pg_catalog.pg_tablespace t join pg_catalog.pg_roles r on r.oid = t.spcowner
union all
select 'ALTER SYSTEM SET ' || name, setting
  from pg_catalog.pg_file_settings where sourcefile ~ 'postgresql[.]auto[.]conf$'";

/// The first transaction that has not begun yet, as `xmin` shows it.
pub const NEXT_TRANSACTION: &str =
    "select txid_snapshot_xmax(txid_current_snapshot()) & 4294967295";

/// A role's attributes.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "these are PostgreSQL's attributes of a role")]
#[expect(missing_docs, reason = "named as in PostgreSQL's CREATE ROLE")]
pub struct Role {
    pub name: String,
    /// Whether this is the user that runs the migrations.
    pub current: bool,
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
    /// `WITH INHERIT`, where it is not the member's own attribute; from major 16 on.
    pub inherit: Option<bool>,
    /// `WITH SET`, where it is not true; from major 16 on.
    pub set: Option<bool>,
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

/// One privilege on the database, of a role that does not own it or of the user that migrates.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DatabasePrivilege {
    /// The role as SQL names it: an identifier, `CURRENT_USER`, or `PUBLIC`.
    pub grantee: String,
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
    /// Whether others may copy it.
    pub is_template: bool,
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
    /// What belongs to the server as a whole: a name, and a text that changes with it.
    pub server: Vec<(String, String)>,
    /// The first transaction that may be later than this snapshot.
    pub next_transaction: i64,
}
