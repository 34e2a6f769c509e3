//! Dump: what the history made, as statements.
//!
//! Takes the scratch database at the cut; gives a [`SchemaDump`]: `pg_dump`'s entries, the statements
//! a baseline is made of, the statements that drop all of it, and the roles and settings. On failure it
//! leaves nothing behind.

pub mod parts;
use crate::error::{Explain, Kind};
use crate::postgres::catalog;
use crate::postgres::holding::{self, Holding, HoldingError};
use crate::postgres::identifier;
use crate::postgres::programs::{self, ProgramError};
use crate::postgres::scratch::{ScratchDb, ScratchError};
use crate::postgres::server::Server;
use crate::schema::toc::{self, TocError};
use crate::schema::volatile::{SALT, Volatile};
use crate::schema::{self, Counts, Entry, Object, drops, existing, portable};
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
    /// What it holds cannot be read.
    #[error("cannot read the scratch database")]
    Holding(#[from] HoldingError),
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
                    .map(|role| format!("DROP ROLE {};", identifier::quote(role)))
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
                "let something else than the history make these, and take them out of it"
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
    /// The object; none for what is in no dump.
    pub object: Option<Object>,
    /// The statements, without a final `;`.
    pub statements: Vec<String>,
}

/// What the history made.
#[derive(Debug, Clone)]
pub struct SchemaDump {
    /// What the database holds, as it was read.
    pub holding: Holding,
    /// Whether the history dropped the schema `public`.
    pub public_gone: bool,
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
    /// The values that change from run to run.
    pub volatile: Volatile,
    /// What draws a salt on this server.
    pub salt: &'static str,
}

impl SchemaDump {
    /// The same with expressions in place of values that change from run to run. The hash is then that of
    /// what is written, which is the same for every run.
    #[must_use]
    pub fn with(mut self, volatile: &Volatile) -> Self {
        self.blocks
            .retain(|b| !b.object.as_ref().is_some_and(|object| volatile.is_dropped(object)));
        for block in &mut self.blocks {
            if let Some(object) = block.object.as_ref().filter(|object| object.kind == "TABLE DATA")
            {
                block.statements = volatile.written(object, std::mem::take(&mut block.statements));
            }
        }
        let entries = self.holding.entries.iter().filter(|e| !volatile.is_dropped(&e.object));
        let written = |entry: &Entry| Entry {
            statements: volatile.written(&entry.object, entry.statements.clone()),
            ..entry.clone()
        };
        let entries: Vec<Entry> = entries.map(written).collect();
        self.sha256 = schema::sha256(&entries, &self.holding.made.statements);
        self.counts = Counts::of(&entries);
        let objects = self.blocks.iter().filter_map(|block| block.object.as_ref());
        self.volatile = volatile.about(objects);
        self
    }

    /// Whether its statements draw on a salt.
    pub fn is_salted(&self) -> bool {
        let rows = |block: &&Block| block.object.as_ref().is_some_and(|o| o.kind == "TABLE DATA");
        let statements = self.blocks.iter().filter(rows).flat_map(|block| &block.statements);
        self.volatile.salted && statements.into_iter().any(|s| s.contains(SALT))
    }
}

/// Reads what the database holds once the kept revisions have run on top of the cut.
pub async fn dump_heads(
    server: &Server,
    database: &ScratchDb,
    replayed: &Replayed,
) -> Result<Holding, DumpError> {
    let Replayed { version_table, before, .. } = replayed;
    let mut connection = database.connect().await?;
    let text = programs::dump(server, database, std::slice::from_ref(version_table)).await?;
    Ok(holding::read(server, database, &mut connection, version_table, before, text).await?)
}

/// Dumps a replayed history. The version table is left out, and so is what was there before the first
/// revision.
pub async fn dump(
    server: &Server,
    database: &ScratchDb,
    replayed: &Replayed,
) -> Result<SchemaDump, DumpError> {
    let Replayed { version_table, existing: there, .. } = replayed;
    let without = std::slice::from_ref(version_table);
    let mut connection = database.connect().await?;
    let comments = catalog::extension_comments(&mut connection).await?;
    let versions = catalog::extension_versions(&mut connection).await?;
    let public_gone: bool = sqlx::query_scalar("select to_regnamespace('public') is null")
        .fetch_one(&mut connection)
        .await?;
    let texts = programs::dump_with_drops(server, server.folder(), database, without).await?;
    let before = &replayed.before;
    let holding =
        holding::read(server, database, &mut connection, version_table, before, texts.text).await?;
    let Holding { entries, on_version_table, made, .. } = &holding;
    if !server.is_private() && !made.roles.is_empty() {
        return Err(DumpError::RolesOnGivenServer { roles: made.roles.clone() });
    }
    let mut expected_roles = catalog::roles_in_use(&mut connection).await?;
    expected_roles.retain(|role| !made.roles.contains(role));
    let mut refused: Vec<String> =
        entries.iter().filter(|e| cannot_carry(e)).map(|e| e.object.to_string()).collect();
    refused.extend(catalog::out_of_reach(&mut connection).await?);
    if !refused.is_empty() {
        return Err(DumpError::CannotCarry { objects: refused });
    }
    let mut blocks = Vec::new();
    if !made.statements.is_empty() {
        let title = "roles and settings".to_owned();
        blocks.push(Block { title, object: None, statements: made.statements.clone() });
    }
    if public_gone {
        let statements = vec!["DROP SCHEMA IF EXISTS public".to_owned()];
        blocks.push(Block { title: "schema `public`".to_owned(), object: None, statements });
    }
    let carried = entries.iter().filter(|entry| !existing::was_there(entry, there));
    for entry in carried.chain(on_version_table) {
        let user = &database.address().user;
        let mut statements = portable::statements(entry, user, |name| comments.get(name).cloned())
            .map_err(|source| DumpError::Parse { object: entry.object.clone(), source })?;
        // pg_dump leaves the version out; one that the history chose is not the default.
        let version = versions.get(&entry.object.name).filter(|_| entry.object.kind == "EXTENSION");
        if let (Some(version), Some(statement)) = (version, statements.first_mut()) {
            *statement = format!("{statement} VERSION {}", identifier::literal(version));
        }
        if !statements.is_empty() {
            let object = Some(entry.object.clone());
            blocks.push(Block { title: entry.object.to_string(), object, statements });
        }
    }
    let drops = toc::drops(&texts.clean)?;
    let drops =
        drops.into_iter().filter(|s| drops::is_needed(s, entries, there, &version_table.schema));
    let drops = drops.map(|s| portable::drop_statement(&s, &database.address().user)).collect();
    Ok(SchemaDump {
        sha256: schema::sha256(entries, &made.statements),
        counts: Counts::of(entries),
        holding,
        public_gone,
        expected_roles,
        blocks,
        drops,
        volatile: Volatile::none(&replayed.window),
        salt: match server.binaries().major {
            ..=12 => "md5(random()::text || clock_timestamp()::text)",
            _ => "gen_random_uuid()::text",
        },
    })
}

/// What would be wrong in a file that is committed, or would not run as one revision: a subscription
/// and a user mapping hold passwords in clear; a large object is told by number alone, and `pg_dump`
/// writes its content in a transaction of its own.
fn cannot_carry(entry: &Entry) -> bool {
    match entry.object.kind.as_str() {
        "SUBSCRIPTION" | "SUBSCRIPTION TABLE" | "LARGE OBJECT" => true,
        "USER MAPPING" | "SERVER" => {
            // The option's name, as pg_dump writes it: `password 'secret'`.
            let option = |s: &String| s.contains(" password '") || s.contains("(password '");
            entry.statements.iter().any(option)
        }
        kind => kind.starts_with("BLOB"),
    }
}
