//! A scratch database: made by us, with a name that says so.
//!
//! The name's prefix is checked before every drop, and `current_database()` after every connect.
//! On a private cluster the database goes with the cluster. On a given server it is dropped by
//! [`ScratchDb::drop_scratch`], or by the watchdog of the run folder if we end before that. Should both
//! fail (the server is gone), what stays behind can be told by its prefix `rebaseline_scratch_`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use pg_query::NodeEnum;
use pg_query::protobuf::ObjectType;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use crate::error::{Explain, Kind};
use crate::files::PathError;
use crate::postgres::address::Address;
use crate::postgres::destination::Destination;
use crate::postgres::identifier;
use crate::postgres::server::Server;

/// What the name of every scratch database begins with.
pub const PREFIX: &str = "rebaseline_scratch_";

/// What a history expects to be there before its first revision (`[scratch]` in rebaseline.toml).
#[derive(Debug, Clone, Default)]
pub struct Prelude {
    /// Roles to make, without any attribute.
    pub roles: Vec<String>,
    /// Extensions to make in the scratch database.
    pub extensions: Vec<String>,
    /// SQL scripts to run, in order: where each comes from, and its text.
    pub scripts: Vec<(String, String)>,
}

/// Why a scratch database cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// A name without our prefix.
    #[error("`{name}` is not a scratch database")]
    NotScratch {
        /// The name.
        name: String,
    },
    /// A connection ended up somewhere else.
    #[error("asked for scratch database `{wanted}` but was connected to `{found}`")]
    Elsewhere {
        /// The name that was asked for.
        wanted: String,
        /// What `current_database()` said.
        found: String,
    },
    /// The run folder.
    #[error("cannot note a scratch database")]
    File(#[from] PathError),
    /// On a server that the user gives, no role is ever made.
    #[error("role `{role}` is not on the given scratch server")]
    RoleMissing {
        /// The role.
        role: String,
    },
    /// A statement failed.
    #[error("cannot {action} on the scratch server")]
    Sql {
        /// What was tried.
        action: String,
        /// What the server said.
        #[source]
        source: sqlx::Error,
    },
}

impl Explain for ScratchError {
    fn kind(&self) -> Kind {
        Kind::Tool
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Sql { action, .. } if action.starts_with("create extension") => {
                vec![
                    "install the extension for this PostgreSQL, or pass --pg-bin DIR of one that \
                      has it"
                        .to_owned(),
                ]
            }
            Self::RoleMissing { role } => vec![format!(
                "CREATE ROLE {} there yourself, or leave --scratch-url out",
                identifier::quote(role)
            )],
            _ => Vec::new(),
        }
    }
}

fn failed(action: impl Into<String>) -> impl FnOnce(sqlx::Error) -> ScratchError {
    move |source| ScratchError::Sql { action: action.into(), source }
}

/// A script without the statements that are about the whole server: on its second database these have
/// been run, and to run them again would undo what the history did since.
fn without_shared_objects(script: &str) -> Option<Vec<&str>> {
    let statements = pg_query::split_with_parser(script).ok()?;
    Some(statements.into_iter().filter(|statement| !is_shared(statement)).collect())
}

fn is_shared(statement: &str) -> bool {
    let Ok(parsed) = pg_query::parse(statement, 0) else { return false };
    parsed.protobuf.stmts.iter().any(|raw| {
        match raw.stmt.as_ref().and_then(|stmt| stmt.node.as_ref()) {
            Some(NodeEnum::CommentStmt(comment)) => {
                matches!(comment.objtype(), ObjectType::ObjectRole | ObjectType::ObjectTablespace)
            }
            node => matches!(
                node,
                Some(
                    NodeEnum::CreateRoleStmt(_)
                        | NodeEnum::AlterRoleStmt(_)
                        | NodeEnum::AlterRoleSetStmt(_)
                        | NodeEnum::DropRoleStmt(_)
                        | NodeEnum::GrantRoleStmt(_)
                        | NodeEnum::CreateTableSpaceStmt(_)
                        | NodeEnum::AlterTableSpaceOptionsStmt(_)
                        | NodeEnum::DropTableSpaceStmt(_)
                        | NodeEnum::AlterSystemStmt(_)
                        | NodeEnum::CreatedbStmt(_)
                )
            ),
        }
    })
}

/// A database on a scratch server.
#[derive(Debug, Clone)]
pub struct ScratchDb {
    address: Address,
    maintenance: String,
    name: String,
    private: bool,
    /// Whether another database of this server has been prepared before.
    prepared: Arc<AtomicBool>,
}

impl ScratchDb {
    /// Makes an empty database; `purpose` becomes part of its name.
    pub async fn create(server: &Server, purpose: &str) -> Result<Self, ScratchError> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        // On a private cluster the same name in every run: a revision that prints or stores
        // `current_database()` then does not make two runs differ.
        let name = if server.is_private() {
            format!("{PREFIX}{purpose}")
        } else {
            format!("{PREFIX}{}_{number}_{purpose}", std::process::id())
        };
        if !server.is_private() {
            // Noted first: then it is dropped even if we are killed.
            server.folder().note_database(&name)?;
        }
        let address = server.address().clone();
        let maintenance = server.maintenance().to_owned();
        let mut admin = address
            .options(&maintenance)
            .connect()
            .await
            .map_err(failed("connect to the maintenance database"))?;
        // From major 15 on: copying files is faster than WAL where nothing has to be durable.
        let strategy = if server.binaries().major >= 15 { " STRATEGY file_copy" } else { "" };
        let statement = format!(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'{strategy}",
            identifier::quote(&name)
        );
        admin
            .execute(AssertSqlSafe(statement))
            .await
            .map_err(failed(format!("create database `{name}`")))?;
        admin.close().await.map_err(failed("close a connection"))?;
        Ok(Self {
            address,
            maintenance,
            name,
            private: server.is_private(),
            prepared: server.prepared(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where connections to it go.
    pub fn destination(&self) -> Destination {
        let (address, database) = (self.address.clone(), self.name.clone());
        Destination { address, database, more: Vec::new() }
    }

    /// Whether its server is ours alone.
    pub fn is_private(&self) -> bool {
        self.private
    }

    /// How to reach its server.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Connects, and checks that this is where we are.
    pub async fn connect(&self) -> Result<PgConnection, ScratchError> {
        if !self.name.starts_with(PREFIX) {
            return Err(ScratchError::NotScratch { name: self.name.clone() });
        }
        let mut connection = self
            .address
            .options(&self.name)
            .connect()
            .await
            .map_err(failed(format!("connect to `{}`", self.name)))?;
        let found: String = sqlx::query_scalar("select current_database()::text")
            .fetch_one(&mut connection)
            .await
            .map_err(failed("read the database's name"))?;
        if found != self.name {
            return Err(ScratchError::Elsewhere { wanted: self.name.clone(), found });
        }
        Ok(connection)
    }

    /// Makes what the history expects to find. Roles are cluster-wide: one that is there already
    /// (a second database on this server) stays as it is.
    pub async fn prepare(&self, prelude: &Prelude) -> Result<(), ScratchError> {
        if prelude.roles.is_empty() && prelude.extensions.is_empty() && prelude.scripts.is_empty() {
            return Ok(());
        }
        let again = self.prepared.swap(true, Ordering::Relaxed);
        let mut connection = self.connect().await?;
        for role in &prelude.roles {
            let exists: bool =
                sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
                    .bind(role)
                    .fetch_one(&mut connection)
                    .await
                    .map_err(failed("read the roles"))?;
            if exists {
                continue;
            }
            if !self.private {
                return Err(ScratchError::RoleMissing { role: role.clone() });
            }
            let statement = format!("CREATE ROLE {}", identifier::quote(role));
            connection
                .execute(AssertSqlSafe(statement))
                .await
                .map_err(failed(format!("create role `{role}`")))?;
        }
        for extension in &prelude.extensions {
            let name = identifier::quote(extension);
            let statement = format!("CREATE EXTENSION IF NOT EXISTS {name} CASCADE");
            connection
                .execute(AssertSqlSafe(statement))
                .await
                .map_err(failed(format!("create extension `{extension}`")))?;
        }
        for (origin, script) in &prelude.scripts {
            let again = again.then(|| without_shared_objects(script)).flatten();
            let parts = again.unwrap_or_else(|| vec![script.as_str()]);
            for part in parts {
                sqlx::raw_sql(AssertSqlSafe(part.to_owned()))
                    .execute(&mut connection)
                    .await
                    .map_err(failed(format!("run `{origin}`")))?;
            }
        }
        connection.close().await.map_err(failed("close a connection"))
    }

    /// Drops the database on a server that the user gave. On a private cluster there is nothing to
    /// do: the cluster goes as a whole.
    pub async fn drop_scratch(self) -> Result<(), ScratchError> {
        if self.private {
            return Ok(());
        }
        if !self.name.starts_with(PREFIX) {
            return Err(ScratchError::NotScratch { name: self.name });
        }
        let mut admin = self
            .address
            .options(&self.maintenance)
            .connect()
            .await
            .map_err(failed("connect to the maintenance database"))?;
        let statement =
            format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier::quote(&self.name));
        admin
            .execute(AssertSqlSafe(statement))
            .await
            .map_err(failed(format!("drop database `{}`", self.name)))?;
        Ok(())
    }
}
