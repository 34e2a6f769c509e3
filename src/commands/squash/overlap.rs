//! What runs at the same time: the second server and the interpreter of the proof start while the
//! history is replayed on the first.

use indicatif::ProgressBar;

use crate::commands::squash::place;
use crate::config::{self, Settings};
use crate::error::Result;
use crate::format::alembic::recipe::recipe;
use crate::history::{Cut, History};
use crate::postgres::holding::Holding;
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::run::Interpreter;
use crate::run::channel::Event;
use crate::stages::dump;
use crate::stages::replay::{self, Replayed};

/// The first server, its database and the interpreter that will replay the history.
pub struct Started {
    server: Server,
    database: ScratchDb,
    interpreter: Interpreter,
}

/// The replayed history, and all that the proof needs.
pub struct Rehearsal {
    /// The history's server.
    pub server: Server,
    /// The history's database: it stands at the cut.
    pub database: ScratchDb,
    /// What the replay told.
    pub replayed: Replayed,
    /// The interpreter that replayed, as long as there is more to replay.
    replaying: Option<Interpreter>,
    /// The proof's server.
    pub second: Server,
    /// The proof's interpreter.
    pub interpreter: Interpreter,
}

/// Starts the first server, and the interpreter while the server gets ready.
pub async fn start(settings: &Settings) -> Result<Started> {
    let mut server = Server::launch(&settings.source, &settings.places, &settings.path).await?;
    let interpreter = start_interpreter(settings, &server, false)?;
    server.ready().await?;
    let database = ScratchDb::create(&server, "history").await?;
    Ok(Started { server, database, interpreter })
}

/// Replays the history; meanwhile the second server and interpreter start.
pub async fn replay_while_proof_starts(
    settings: &Settings,
    cut: &Cut,
    started: Started,
    bar: &ProgressBar,
) -> Result<Rehearsal> {
    let Started { server, database, mut interpreter } = started;
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
    let replaying = async { Ok(replay::replay(&request, &mut interpreter, &tell).await?) };
    match tokio::try_join!(replaying, start_proof(settings)) {
        Ok((replayed, (second, proving))) => {
            let replaying = (!cut.kept().is_empty()).then_some(interpreter);
            Ok(Rehearsal { server, database, replayed, replaying, second, interpreter: proving })
        }
        Err(error) => {
            database.drop_scratch().await?;
            Err(error)
        }
    }
}

/// Goes on from the cut to the heads, if anything is kept, and reads what the whole history makes.
pub async fn replay_kept(
    settings: &Settings,
    history: &History,
    cut: &Cut,
    rehearsal: &mut Rehearsal,
) -> Result<Option<Holding>> {
    let Some(mut interpreter) = rehearsal.replaying.take() else { return Ok(None) };
    let Rehearsal { server, database, replayed, .. } = rehearsal;
    let request = replay::Request {
        cut,
        database,
        prelude: &settings.prelude,
        environment: config::inherited(),
    };
    let heads = history.version_rows();
    let applied =
        replay::replay_kept(&request, replayed, &heads, &mut interpreter, &|_| {}).await?;
    let holding = dump::dump_heads(server, database, replayed).await?;
    replayed.applied.extend(applied);
    Ok(Some(holding))
}

async fn start_proof(settings: &Settings) -> Result<(Server, Interpreter)> {
    let mut server = Server::launch(&settings.source, &settings.places, &settings.path).await?;
    let interpreter = start_interpreter(settings, &server, true)?;
    server.ready().await?;
    Ok((server, interpreter))
}

fn start_interpreter(settings: &Settings, server: &Server, early: bool) -> Result<Interpreter> {
    let folder = server.folder().subfolder("python").map_err(place::file)?;
    Ok(Interpreter::start(recipe(settings, early), &folder)?)
}
