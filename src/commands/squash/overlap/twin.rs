//! The second replay, on a server of its own: what differs changes from run to run.

use arcstr::Substr;

use crate::commands::squash::overlap::{Goal, Started, request, start};
use crate::config::Settings;
use crate::error::{Error, Explain, Kind, Result};
use crate::history::Cut;
use crate::postgres::holding::Holding;
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::run::Interpreter;
use crate::schema::Entry;
use crate::stages::dump;
use crate::stages::replay::{self, Replayed};

/// Only the second replay failed.
#[derive(Debug, thiserror::Error)]
#[error("the history could be replayed, but not a second time: {why}")]
pub struct TwinError {
    why: String,
    hints: Vec<String>,
}

impl TwinError {
    fn of(error: &Error) -> Self {
        Self { why: error.in_a_line(), hints: error.hints() }
    }
}

impl Explain for TwinError {
    fn kind(&self) -> Kind {
        Kind::Tool
    }

    fn hints(&self) -> Vec<String> {
        let once = "both replays run at the same time and are compared, to find values that change from \
                    run to run; if the history cannot run twice like that: --once";
        self.hints.iter().cloned().chain([once.to_owned()]).collect()
    }

    fn state(&self) -> String {
        "nothing was changed; the scratch databases are removed".to_owned()
    }
}

/// The history, replayed a second time.
pub struct Twin {
    server: Server,
    database: ScratchDb,
    interpreter: Interpreter,
    /// What that replay told.
    pub replayed: Replayed,
}

/// What a database holds, with the name of another one in the place of its own.
pub fn in_the_name_of(first: &str, own: &str, mut holding: Holding) -> Holding {
    if first != own {
        for statement in holding.made.statements.iter_mut().filter(|s| s.contains(own)) {
            *statement = statement.replace(own, first);
        }
        let is_named = |statement: &Substr| statement.contains(own);
        let named = |entry: &&mut Entry| entry.statements.iter().any(is_named);
        for entry in holding.entries.iter_mut().filter(named) {
            for statement in entry.statements.to_mut().iter_mut().filter(|s| is_named(s)) {
                *statement = statement.replace(own, first).into();
            }
        }
    }
    holding
}

/// Replays the history on a server that is started for it.
pub async fn replay(settings: &Settings, cut: &Cut) -> Result<Twin, TwinError> {
    let Started { server, database, mut interpreter } =
        start(settings).await.map_err(|error| TwinError::of(&error))?;
    let request = request(settings, Goal::Cut(cut), &database);
    match replay::replay(&request, &mut interpreter, &|_| {}).await {
        Ok(replayed) => Ok(Twin { server, database, interpreter, replayed }),
        Err(error) => {
            // The replay's own error matters more than what cannot be dropped.
            let dropped = database.drop_scratch().await;
            tracing::debug!(?dropped, "the second replay failed");
            Err(TwinError::of(&error.into()))
        }
    }
}

impl Twin {
    /// Goes on to another cut, or to the heads.
    pub async fn go_on(&mut self, settings: &Settings, to: Goal<'_>) -> Result<(), TwinError> {
        let Self { database, interpreter, replayed, .. } = self;
        let request = request(settings, to, database);
        let applied = replay::go_on(&request, replayed, interpreter, &|_| {}).await;
        applied.map(|_| ()).map_err(|error| TwinError::of(&error.into()))
    }

    /// What it holds, with the name of the first replay's database in the place of its own. What is equal in the other
    /// holding is one text in memory with it.
    pub async fn holding(&self, first: &ScratchDb, like: &Holding) -> Result<Holding> {
        let Self { server, database, replayed, .. } = self;
        let holding = dump::dump_heads(server, database, replayed, like).await?;
        Ok(in_the_name_of(first.name(), database.name(), holding))
    }

    /// Ends its server: nothing more is asked of it.
    pub async fn end(self) -> Result<()> {
        Ok(self.database.drop_scratch().await?)
    }
}
