//! Dump: what the history made, as statements.
//!
//! Takes the scratch database at the cut; gives a [`SchemaDump`]: `pg_dump`'s entries, the statements
//! a baseline is made of, the statements that drop all of it, and the roles and settings. On failure it
//! leaves nothing behind.

pub mod parts;
pub mod seeds;

use arcstr::Substr;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use rebaseline_archive::Origin;

use crate::error::{Explain, Kind};
use crate::postgres::catalog;
use crate::postgres::holding::{self, Holding, HoldingError};
use crate::postgres::identifier;
use crate::postgres::programs::{self, ProgramError};
use crate::postgres::scratch::{ScratchDb, ScratchError};
use crate::postgres::server::Server;
use crate::run::channel::Existing;
use crate::schema::changed::{self, Changes};
use crate::schema::plain::PlainUser;
use crate::schema::roles;
use crate::schema::toc::{self, TocError};
use crate::schema::volatile::{SALT, Volatile};
use crate::schema::{
    self, Counts, Entry, Object, Statements, drops, existing, large_objects, portable, repair,
    secrets,
};
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
            Self::CannotCarry { objects } => {
                let mut hints = vec![
                    "let something else than the history make these, and take them out of it"
                        .to_owned(),
                ];
                if objects.iter().any(|o| o.starts_with("option `") || o.starts_with("setting `")) {
                    hints.push(
                        "a secret would stand in the baseline in clear: take it out of its revision, \
                         and set it where the database is set up (ALTER DATABASE ... SET, ALTER USER MAPPING ... \
                         OPTIONS (ADD ...))"
                            .to_owned(),
                    );
                }
                hints
            }
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
    pub statements: Statements,
}

/// The title of the block with roles and settings.
const ROLES: &str = "roles and settings";

impl Block {
    /// Whether these are the rows of a table.
    pub fn is_rows(&self) -> bool {
        self.object.as_ref().is_some_and(|object| object.kind == "TABLE DATA")
    }

    /// What a reader is told apart: the block as a whole, but each role and each setting by itself.
    pub fn parts(&self) -> impl Iterator<Item = (String, &[Substr])> {
        let whole = (self.title != ROLES).then(|| (self.title.clone(), &*self.statements));
        let each = if whole.is_some() { &[] } else { &*self.statements };
        let named = each.iter().map(|s| (roles::told(s).to_owned(), std::slice::from_ref(s)));
        whole.into_iter().chain(named)
    }
}

/// What the history made.
#[derive(Debug, Clone)]
pub struct SchemaDump {
    /// What the database holds, as it was read: one for all parts that are made of it.
    pub holding: Arc<Holding>,
    /// Whether the history dropped the schema `public`.
    pub public_gone: bool,
    /// Roles that the history uses and did not make: they must be there before the baseline runs.
    pub expected_roles: Vec<String>,
    /// What the baseline runs, in order.
    pub blocks: Vec<Block>,
    /// Whether a user who is no superuser can run it.
    pub plain_user: PlainUser,
    /// What the downgrade runs, in order.
    pub drops: Vec<String>,
    /// SHA-256 over all of it.
    pub sha256: String,
    /// The counts for a report.
    pub counts: Counts,
    /// The values that change from run to run.
    pub volatile: Volatile,
    /// How it was come by, where the history was not replayed as it is.
    pub origin: Origin,
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
                block.statements = volatile.written(object, &block.statements);
            }
        }
        let entries = self.holding.entries.iter().filter(|e| !volatile.is_dropped(&e.object));
        let written = |entry: &Entry| Entry {
            statements: volatile.written(&entry.object, &entry.statements),
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
        let statements =
            self.blocks.iter().filter(|block| block.is_rows()).flat_map(|block| &block.statements);
        self.volatile.salted && statements.into_iter().any(|s| s.contains(SALT))
    }
}

/// Reads what the database holds once the kept revisions have run on top of the cut. What is equal in the other holding
/// is one text in memory with it.
pub async fn dump_heads(
    server: &Server,
    database: &ScratchDb,
    replayed: &Replayed,
    like: &Holding,
) -> Result<Holding, DumpError> {
    let Replayed { version_table, before, .. } = replayed;
    let mut connection = database.connect().await?;
    let without = std::slice::from_ref(version_table);
    let dump = programs::dump(server, database, without).await?.cut(Some(&like.entries))?;
    Ok(holding::read(server, database, &mut connection, version_table, before, dump).await?)
}

impl SchemaDump {
    /// The same, with what a plain user's run of it showed: the headings say it too.
    #[must_use]
    pub fn run_by(mut self, plain_user: PlainUser) -> Self {
        self.plain_user = match plain_user {
            // One of several baselines has only its own part of it.
            PlainUser::NeedsSuperuser(mut titles) => {
                let parts = || self.blocks.iter().flat_map(Block::parts);
                titles.retain(|title| parts().any(|(part, _)| part == *title));
                if titles.is_empty() { PlainUser::Works } else { PlainUser::NeedsSuperuser(titles) }
            }
            other => other,
        };
        if let PlainUser::NeedsSuperuser(titles) = &self.plain_user {
            let lacks = |block: &Block| block.parts().any(|(title, _)| titles.contains(&title));
            for block in self.blocks.iter_mut().filter(|block| lacks(block)) {
                block.title.push_str(" (needs a superuser)");
            }
        }
        self
    }
}

/// Dumps a replayed history. The version table is left out, and so is what was there before the first
/// revision. What is equal in the other entries is one text in memory with it.
pub async fn dump(
    server: &Server,
    database: &ScratchDb,
    replayed: &Replayed,
    like: Option<&[Entry]>,
) -> Result<SchemaDump, DumpError> {
    let Replayed { version_table, existing: there, .. } = replayed;
    let without = std::slice::from_ref(version_table);
    let mut connection = database.connect().await?;
    let comments = catalog::extension_comments(&mut connection).await?;
    let versions = catalog::extension_versions(&mut connection).await?;
    let public_gone: bool = sqlx::query_scalar("select to_regnamespace('public') is null")
        .fetch_one(&mut connection)
        .await?;
    let dumped = programs::dump_with_drops(server, database, without).await?;
    let before = &replayed.before;
    let cut = dumped.dump.cut(like)?;
    let holding =
        holding::read(server, database, &mut connection, version_table, before, cut).await?;
    let Holding { entries, on_version_table, made, .. } = &holding;
    if !server.is_private() && !made.roles.is_empty() {
        return Err(DumpError::RolesOnGivenServer { roles: made.roles.clone() });
    }
    let mut expected_roles = catalog::roles_in_use(&mut connection).await?;
    expected_roles.retain(|role| !made.roles.contains(role));
    let changes = if let Some(before) = &replayed.dump_before {
        changed::since(&before.entries, entries)
    } else {
        let carried = entries.iter().filter(|entry| !existing::was_there(entry, there));
        Changes { carried: carried.map(Cow::Borrowed).collect(), refused: Vec::new() }
    };
    let mut refused = cannot_carry(entries)?;
    refused.extend(made.secrets.iter().chain(&made.out_of_reach).cloned());
    refused.extend(catalog::out_of_reach(&mut connection, before.next_transaction).await?);
    refused.extend(changes.refused);
    if !refused.is_empty() {
        return Err(DumpError::CannotCarry { objects: refused });
    }
    let mut blocks = Vec::new();
    if !made.statements.is_empty() {
        let title = ROLES.to_owned();
        let statements = made.statements.iter().map(|s| Substr::from(s.as_str())).collect();
        blocks.push(Block { title, object: None, statements });
    }
    if public_gone {
        let statements = Statements::one("DROP SCHEMA IF EXISTS public");
        blocks.push(Block { title: "schema `public`".to_owned(), object: None, statements });
    }
    let user = &database.address().user;
    let mut carried = repair::entries(changes.carried, &holding.facts);
    carried.extend(on_version_table.iter().map(Cow::Borrowed));
    let carried = repair::schema_privileges_first(repair::event_triggers_last(carried), user);
    for entry in &carried {
        blocks.extend(block(entry, user, &comments, &versions)?);
    }
    let drops = toc::drops(&dumped.clean)?.into_iter();
    let drops: Vec<String> = match &replayed.dump_before {
        // What drops an object of before is known by its words.
        Some(before) => {
            let there = Existing {
                relations: Vec::new(),
                types: Vec::new(),
                functions: Vec::new(),
                ..there.clone()
            };
            let is_new = drops.filter(|s| !before.drops.contains(s));
            is_new.filter(|s| drops::is_needed(s, entries, &there, &version_table.schema)).collect()
        }
        None => {
            drops.filter(|s| drops::is_needed(s, entries, there, &version_table.schema)).collect()
        }
    };
    let drops = drops.iter().map(|s| portable::drop_statement(s, user));
    let large = carried.iter().flat_map(|entry| large_objects::drops(entry));
    let drops = large.chain(drops).collect();
    Ok(SchemaDump {
        sha256: schema::sha256(entries, &made.statements),
        counts: Counts::of(entries),
        holding: Arc::new(holding),
        public_gone,
        expected_roles,
        blocks,
        plain_user: PlainUser::NotTried("not tried yet".to_owned()),
        drops,
        volatile: Volatile::none(&replayed.window),
        origin: replayed.origin.clone(),
        salt: match server.binaries().major {
            ..=12 => "md5(random()::text || clock_timestamp()::text)",
            _ => "gen_random_uuid()::text",
        },
    })
}

/// The block of an entry, if anything is left of it for whoever runs it. `comments` and `versions` are those of
/// extensions, by name.
fn block(
    entry: &Entry,
    user: &str,
    comments: &BTreeMap<String, String>,
    versions: &BTreeMap<String, String>,
) -> Result<Option<Block>, DumpError> {
    let Entry { object, .. } = entry;
    let mut statements = portable::statements(entry, user, |name| comments.get(name).cloned())
        .map_err(|source| DumpError::Parse { object: object.clone(), source })?;
    // pg_dump leaves the version out; one that the history chose is not the default.
    let version = versions.get(&object.name).filter(|_| object.kind == "EXTENSION");
    if let Some(version) = version
        && let Some(statement) = statements.to_mut().first_mut()
    {
        *statement = format!("{statement} VERSION {}", identifier::literal(version)).into();
    }
    let title = object.to_string();
    let title =
        title.replace(&format!("user mapping {user} SERVER"), "user mapping CURRENT_USER SERVER");
    let block = Block { title, object: Some(object.clone()), statements };
    Ok((!block.statements.is_empty()).then_some(block))
}

/// What would be wrong in a file that is committed, or would not run as one revision: secrets in clear,
/// and large objects that are too large for a revision.
fn cannot_carry(entries: &[Entry]) -> Result<Vec<String>, DumpError> {
    let mut refused = Vec::new();
    let mut bytes = 0;
    for entry in entries {
        let object = &entry.object;
        // Its connection string holds a password.
        if object.kind.starts_with("SUBSCRIPTION") {
            refused.push(object.to_string());
        }
        let secrets = secrets::options(entry)
            .map_err(|source| DumpError::Parse { object: object.clone(), source })?;
        refused.extend(secrets.iter().map(|option| format!("option `{option}` of {object}")));
        bytes += large_objects::size(entry);
        if large_objects::statements(entry).is_none() {
            refused.push(object.to_string());
        }
    }
    if bytes > large_objects::LARGEST {
        refused.push(format!("{bytes} bytes of large objects"));
    }
    Ok(refused)
}
