//! What is there before the first revision: the prelude, and what `env.py` makes by itself.
//!
//! Takes the replayed history; gives a dump of a database on which `env.py` ran without any revision. It
//! is made only where something was there: then what the history did to it can be told apart. Where
//! `env.py` cannot run so, nothing is given, and what was there is left alone as a whole.

use std::collections::BTreeSet;

use crate::postgres::programs::{self, ProgramError, Table};
use crate::postgres::scratch::{ScratchDb, ScratchError};
use crate::postgres::server::Server;
use crate::run::{Goal, Interpreter, Job, RunError, Scripts};
use crate::schema::Entry;
use crate::schema::toc::{self, TocError};
use crate::stages::replay::{Replayed, Request};

/// Why there is no such dump: the replay itself goes on.
#[derive(Debug, thiserror::Error)]
enum BeforeError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    #[error(transparent)]
    Program(#[from] ProgramError),
    #[error(transparent)]
    Toc(#[from] TocError),
}

/// A dump of what was there.
#[derive(Debug, Clone)]
pub struct Before {
    /// Its entries.
    pub entries: Vec<Entry>,
    /// The statements that drop it.
    pub drops: Vec<String>,
}

/// Runs `env.py` without revisions, if anything was there before the first one.
pub async fn before(
    server: &Server,
    replayed: &Replayed,
    request: &Request<'_>,
    interpreter: &mut Interpreter,
) -> Result<Option<Before>, ScratchError> {
    let there = &replayed.existing;
    if there.relations.is_empty()
        && there.types.is_empty()
        && there.functions.is_empty()
        && request.prelude.scripts.is_empty()
    {
        return Ok(None);
    }
    let database = ScratchDb::create(server, "before").await?;
    let result = dumped(server, &database, replayed, request, interpreter).await;
    database.drop_scratch().await?;
    if let Err(error) = &result {
        tracing::warn!(%error, "env.py cannot run without revisions");
    }
    Ok(result.ok())
}

async fn dumped(
    server: &Server,
    database: &ScratchDb,
    replayed: &Replayed,
    request: &Request<'_>,
    interpreter: &mut Interpreter,
) -> Result<Before, BeforeError> {
    database.prepare(request.prelude).await?;
    let scripts = Scripts { only: Some(BTreeSet::new()), ..Scripts::default() };
    let environment = request.environment.clone();
    let job = Job { goal: Goal::Upgrade, database, scripts: &scripts, environment };
    interpreter.run_again(job, &|_| {}).await?;
    let without: &[Table] = std::slice::from_ref(&replayed.version_table);
    let dumped = programs::dump_with_drops(server, database, without).await?;
    Ok(Before { entries: dumped.dump.cut(None)?.entries, drops: toc::drops(&dumped.clean)? })
}
