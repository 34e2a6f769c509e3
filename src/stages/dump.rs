//! Dump: what the history made, as statements.
//!
//! Takes the scratch database at the cut; gives a [`SchemaDump`]: `pg_dump`'s entries, the statements
//! a baseline is made of, the statements that drop all of it, and the roles and settings. On failure it
//! leaves nothing behind.

use crate::error::{Explain, Kind};
use crate::postgres::catalog;
use crate::postgres::programs::{self, ProgramError};
use crate::postgres::scratch::{ScratchDb, ScratchError};
use crate::postgres::server::Server;
use crate::run::channel::Existing;
use crate::schema::roles::Made;
use crate::schema::toc::{self, TocError};
use crate::schema::{self, Counts, Entry, Object, drops, portable};
use crate::stages::replay::Replayed;

/// Why there is no dump.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// `pg_dump` failed.
    #[error("cannot dump the scratch database")]
    Program(#[from] ProgramError),
    /// Its text cannot be cut into statements.
    #[error("cannot read the dump")]
    Toc(#[from] TocError),
    /// A statement cannot be parsed.
    #[error("cannot parse the statement of {object}")]
    Parse {
        /// The object.
        object: Object,
        /// The parser's words.
        #[source]
        source: pg_query::Error,
    },
    /// The scratch database.
    #[error("cannot dump the scratch database")]
    Scratch(#[from] ScratchError),
    /// The catalog cannot be read.
    #[error("cannot read the scratch database")]
    Catalog(#[from] sqlx::Error),
    /// Something that a baseline cannot carry.
    #[error("the history makes what a baseline cannot carry: {}", objects.join(", "))]
    CannotCarry {
        /// The objects.
        objects: Vec<String>,
    },
    /// A history that makes roles needs a server of its own.
    #[error("the history makes roles, which all databases of a server share: {}", roles.join(", "))]
    RolesOnGivenServer {
        /// The roles.
        roles: Vec<String>,
    },
}

impl Explain for DumpError {
    fn kind(&self) -> Kind {
        match self {
            Self::CannotCarry { .. } | Self::RolesOnGivenServer { .. } => Kind::Refused,
            _ => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::RolesOnGivenServer { roles } => {
                let drops: Vec<_> = roles
                    .iter()
                    .map(|role| format!("DROP ROLE {};", crate::postgres::identifier::quote(role)))
                    .collect();
                vec![
                    "leave --scratch-url out: a private cluster has roles of its own".to_owned(),
                    format!(
                        "the replay left them on the given server; if nobody else needs them: {}",
                        drops.join(" ")
                    ),
                ]
            }
            Self::CannotCarry { .. } => vec![
                "passwords and large objects do not belong into a revision: make these objects outside \
                 of the history"
                    .to_owned(),
            ],
            _ => Vec::new(),
        }
    }

    fn state(&self) -> String {
        match self {
            Self::RolesOnGivenServer { .. } => {
                "the project is unchanged; the scratch database is dropped".to_owned()
            }
            _ => "nothing was changed; the scratch database is removed".to_owned(),
        }
    }
}

/// Statements that make one object of the baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The object's name for a reader.
    pub title: String,
    /// The statements, without a final `;`.
    pub statements: Vec<String>,
}

/// What the history made.
#[derive(Debug, Clone)]
pub struct SchemaDump {
    /// `pg_dump`'s text as it is: the control is restored from it.
    pub text: String,
    /// Its entries.
    pub entries: Vec<Entry>,
    /// Roles and settings.
    pub made: Made,
    /// Roles that the history uses and did not make: they must be there before the baseline runs.
    pub expected_roles: Vec<String>,
    /// What the baseline runs, in order.
    pub blocks: Vec<Block>,
    /// What the downgrade runs, in order.
    pub drops: Vec<String>,
    /// SHA-256 over all of it.
    pub sha256: String,
    /// The counts for a report.
    pub counts: Counts,
}

/// Dumps a replayed history. The version table is left out, and so is what was there before the first
/// revision.
pub async fn dump(
    server: &Server,
    database: &ScratchDb,
    replayed: &Replayed,
) -> Result<SchemaDump, DumpError> {
    let Replayed { version_table, existing, made, .. } = replayed;
    if !server.is_private() && !made.roles.is_empty() {
        return Err(DumpError::RolesOnGivenServer { roles: made.roles.clone() });
    }
    let without = std::slice::from_ref(version_table);
    let mut connection = database.connect().await?;
    let comments = catalog::extension_comments(&mut connection).await?;
    let mut expected_roles = catalog::roles_in_use(&mut connection).await?;
    expected_roles.retain(|role| !made.roles.contains(role));
    let public_gone: bool = sqlx::query_scalar("select to_regnamespace('public') is null")
        .fetch_one(&mut connection)
        .await?;
    let texts = programs::dump_with_drops(server, server.folder(), database, without).await?;
    let entries = toc::entries(&texts.text)?;
    let refused: Vec<String> =
        entries.iter().filter(|e| cannot_carry(e)).map(|e| e.object.to_string()).collect();
    if !refused.is_empty() {
        return Err(DumpError::CannotCarry { objects: refused });
    }
    let mut blocks = Vec::new();
    if !made.statements.is_empty() {
        let title = "roles and settings".to_owned();
        blocks.push(Block { title, statements: made.statements.clone() });
    }
    if public_gone {
        let statements = vec!["DROP SCHEMA public".to_owned()];
        blocks.push(Block { title: "schema `public`".to_owned(), statements });
    }
    for entry in entries.iter().filter(|entry| !was_there(entry, existing)) {
        let user = &database.address().user;
        let statements = portable::statements(entry, user, |name| comments.get(name).cloned())
            .map_err(|source| DumpError::Parse { object: entry.object.clone(), source })?;
        if !statements.is_empty() {
            blocks.push(Block { title: entry.object.to_string(), statements });
        }
    }
    let drops = toc::drops(&texts.clean)?;
    let drops = drops.into_iter().filter(|s| drops::is_needed(s, &entries, &version_table.schema));
    let drops = drops.collect();
    Ok(SchemaDump {
        sha256: schema::sha256(&entries, &made.statements),
        counts: Counts::of(&entries),
        text: texts.text,
        entries,
        made: made.clone(),
        expected_roles,
        blocks,
        drops,
    })
}

/// What would be wrong in a file that is committed, or would not run as one revision: a subscription
/// and a user mapping hold passwords in clear; a large object is told by number alone, and `pg_dump`
/// writes its content in a transaction of its own.
fn cannot_carry(entry: &Entry) -> bool {
    match entry.object.kind.as_str() {
        "SUBSCRIPTION" | "SUBSCRIPTION TABLE" | "LARGE OBJECT" => true,
        "USER MAPPING" | "SERVER" => {
            entry.statements.iter().any(|statement| statement.to_lowercase().contains("password"))
        }
        kind => kind.starts_with("BLOB"),
    }
}

/// Whether the object, or the table or function it belongs to, was there before the first revision.
fn was_there(entry: &Entry, existing: &Existing) -> bool {
    let Some(schema) = entry.object.schema.as_deref() else { return false };
    let name = entry.object.name.as_str();
    let kind = entry.object.kind.as_str();
    let is = |(s, n): (&str, &str)| s == schema && n == name;
    match kind {
        "TABLE" | "VIEW" | "MATERIALIZED VIEW" | "SEQUENCE" | "FOREIGN TABLE" | "TABLE DATA"
        | "SEQUENCE SET" | "SEQUENCE OWNED BY" | "INDEX" => {
            existing.relations.iter().any(|(s, n, _)| is((s, n)))
        }
        "TYPE" | "SHELL TYPE" | "DOMAIN" => existing.types.iter().any(|(s, n, _)| is((s, n))),
        // `t t_pkey`: the table's name comes first.
        "CONSTRAINT" | "DEFAULT" | "FK CONSTRAINT" | "CHECK CONSTRAINT" | "TRIGGER" | "RULE" => {
            existing.relations.iter().any(|(s, n, _)| {
                s == schema
                    && name.strip_prefix(n.as_str()).is_some_and(|rest| rest.starts_with(' '))
            })
        }
        "FUNCTION" | "PROCEDURE" => existing.functions.iter().any(|(s, n, arguments)| {
            s == schema && without_schemas(name) == without_schemas(&format!("{n}({arguments})"))
        }),
        _ => false,
    }
}

/// `f(public.vector, integer)` as `f(vector, integer)`: whether a type's schema is told depends on the
/// search path of whoever asks.
fn without_schemas(signature: &str) -> String {
    let unqualified = |part: &str| {
        let rest = part.rsplit_once('.').map_or(part, |(_, name)| name);
        rest.to_owned()
    };
    let Some((name, arguments)) = signature.split_once('(') else { return signature.to_owned() };
    let arguments: Vec<String> = arguments.split(", ").map(unqualified).collect();
    format!("{name}({}", arguments.join(", "))
}
