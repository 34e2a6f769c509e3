//! The whole history in one upgrade, as a new database runs it.
//!
//! A replay that stops at the cut ends its session there. What the squashed revisions leave in theirs (a search path, a
//! role, a temporary table, a transaction that was ended by hand) then does not reach the kept ones, and would be
//! missed on both sides of the proof.

use crate::commands::squash::overlap::twin::in_the_name_of;
use crate::commands::squash::overlap::{Goal, Started, request, start};
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::history::RevisionId;
use crate::postgres::holding::Holding;
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::run::Interpreter;
use crate::stages::{dump, replay};

/// What the history makes in one upgrade, or why it cannot be run so.
pub type InOneGo = std::result::Result<Box<Holding>, String>;

/// Replays the history to its heads on a server of its own, by an interpreter of its own; told in the name of
/// another database. What is equal in the other holding is one text in memory with it.
pub async fn replay(
    settings: &Settings,
    heads: &[RevisionId],
    name: &str,
    like: &Holding,
) -> Result<InOneGo> {
    let Started { server, database, mut interpreter } = start(settings).await?;
    let ran = run(settings, heads, (name, like), (&server, &database), &mut interpreter).await;
    database.drop_scratch().await?;
    ran
}

async fn run(
    settings: &Settings,
    heads: &[RevisionId],
    (name, like): (&str, &Holding),
    (server, database): (&Server, &ScratchDb),
    interpreter: &mut Interpreter,
) -> Result<InOneGo> {
    let request = request(settings, Goal::Heads(heads), database);
    let replayed = match replay::replay(&request, interpreter, &|_| {}).await {
        Ok(replayed) => replayed,
        Err(error) => return Ok(Err(Error::from(error).in_a_line())),
    };
    let holding = dump::dump_heads(server, database, &replayed, like).await?;
    Ok(Ok(Box::new(in_the_name_of(name, database.name(), holding))))
}
