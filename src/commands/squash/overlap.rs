//! What runs at the same time: the second server and the interpreters of the proof start while the
//! history is replayed on the first.

use indicatif::ProgressBar;

use crate::commands::squash::place;
use crate::config::{self, Settings};
use crate::error::Result;
use crate::format::alembic::recipe::{Goal, recipe};
use crate::history::Cut;
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::run::Waiting;
use crate::run::channel::Event;
use crate::stages::prove::{Interpreters, ProveError};
use crate::stages::replay::{self, ReplayError, Replayed};

/// The first server, its database and the interpreter that will replay the history.
pub struct Started {
    server: Server,
    database: ScratchDb,
    interpreter: Waiting,
}

/// The replayed history, and all that the proof needs.
pub struct Rehearsal {
    /// The history's server.
    pub server: Server,
    /// The history's database: it stands at the cut.
    pub database: ScratchDb,
    /// What the replay told.
    pub replayed: Replayed,
    /// The proof's server.
    pub second: Server,
    /// The proof's interpreters.
    pub interpreters: Interpreters,
}

/// Starts the first server, and the interpreter while the server gets ready.
pub async fn start(settings: &Settings) -> Result<Started> {
    let mut server = Server::launch(&settings.source, &settings.places, &settings.path).await?;
    let interpreter = start_interpreter(settings, &server, "replay", Goal::Heads)?;
    let interpreter = interpreter.ok_or(ReplayError::NothingRan)?;
    server.ready().await?;
    let database = ScratchDb::create(&server, "history").await?;
    Ok(Started { server, database, interpreter })
}

/// Replays the history; meanwhile the second server and three more interpreters start.
pub async fn replay_while_proof_starts(
    settings: &Settings,
    cut: &Cut,
    started: Started,
    bar: &ProgressBar,
) -> Result<Rehearsal> {
    let Started { server, database, interpreter } = started;
    let tell = |event: &Event| match event {
        Event::Start { revision } => bar.set_message(revision.clone()),
        Event::Applied { .. } => bar.inc(1),
        _ => {}
    };
    let request = replay::Request {
        cut,
        database: &database,
        prelude: &settings.prelude,
        environment: config::inherited(),
    };
    let replaying = async { Ok(replay::replay(request, interpreter, &tell).await?) };
    match tokio::try_join!(replaying, start_proof(settings)) {
        Ok((replayed, (second, interpreters))) => {
            Ok(Rehearsal { server, database, replayed, second, interpreters })
        }
        Err(error) => {
            database.drop_scratch().await?;
            Err(error)
        }
    }
}

async fn start_proof(settings: &Settings) -> Result<(Server, Interpreters)> {
    let mut server = Server::launch(&settings.source, &settings.places, &settings.path).await?;
    let start = |name, goal| start_interpreter(settings, &server, name, goal);
    let baseline = start("prove", Goal::Heads)?.ok_or(ReplayError::NothingRan)?;
    let again = start("again", Goal::Heads)?.ok_or(ReplayError::NothingRan)?;
    let offline = start("offline", Goal::HeadsOffline)?
        .ok_or_else(|| "the history is run by a command of the project's own".to_owned());
    server.ready().await?;
    Ok((server, Interpreters { baseline, again, offline }))
}

fn start_interpreter(
    settings: &Settings,
    server: &Server,
    name: &str,
    goal: Goal,
) -> Result<Option<Waiting>> {
    let Some(recipe) = recipe(settings, goal) else { return Ok(None) };
    let folder = server.folder().subfolder(name).map_err(place::file)?;
    Ok(Some(Waiting::start(recipe, &folder).map_err(ProveError::Run)?))
}
