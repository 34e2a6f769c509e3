//! What runs at the same time: the second server and the interpreter of the proof start while the
//! history is replayed on the first.

use indicatif::ProgressBar;

use crate::commands::squash::place;
use crate::commands::squash::plan::Plan;
use crate::config::{self, Settings};
use crate::error::Result;
use crate::format::alembic::recipe::recipe;
use crate::history::{Cut, History, RevisionId};
use crate::postgres::holding::Holding;
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::run::Interpreter;
use crate::run::channel::Event;
use crate::stages::dump::{self, SchemaDump, seeds};
use crate::stages::replay::{self, ReplayError, Replayed};

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
        cut: Some(cut),
        database: &database,
        prelude: &settings.prelude,
        environment: config::inherited(),
    };
    let replaying = async {
        let mut replayed = replay::replay(&request, &mut interpreter, &tell).await?;
        let before = replay::before(&server, &replayed, &request, &mut interpreter);
        replayed.dump_before = before.await.map_err(ReplayError::from)?;
        Ok(replayed)
    };
    match tokio::try_join!(replaying, start_proof(settings)) {
        Ok((replayed, (second, proving))) => {
            let replaying = Some(interpreter);
            Ok(Rehearsal { server, database, replayed, replaying, second, interpreter: proving })
        }
        Err(error) => {
            database.drop_scratch().await?;
            Err(error)
        }
    }
}

/// Dumps what stands at the first step, and goes on to each other step and dumps again.
pub async fn dump_steps(
    settings: &Settings,
    plan: &Plan,
    rehearsal: &mut Rehearsal,
) -> Result<Vec<SchemaDump>> {
    let mut dumps = Vec::with_capacity(plan.steps.len());
    for (number, step) in plan.steps.iter().enumerate() {
        if number > 0 {
            go_on(settings, Some(&step.cut), &[], rehearsal).await?;
        }
        let Rehearsal { server, database, replayed, .. } = &*rehearsal;
        seeds::check(database, replayed, settings.max_seed_rows).await?;
        dumps.push(dump::dump(server, database, replayed).await?);
    }
    Ok(dumps)
}

/// Goes on from the cut to the heads, if anything is kept, and reads what the whole history makes.
pub async fn replay_kept(
    settings: &Settings,
    history: &History,
    cut: &Cut,
    rehearsal: &mut Rehearsal,
) -> Result<Option<Holding>> {
    if cut.kept().is_empty() {
        // The interpreter of the history is not needed any more.
        rehearsal.replaying = None;
        return Ok(None);
    }
    go_on(settings, None, &history.version_rows(), rehearsal).await?;
    let Rehearsal { server, database, replayed, .. } = &*rehearsal;
    Ok(Some(dump::dump_heads(server, database, replayed).await?))
}

async fn go_on(
    settings: &Settings,
    to: Option<&Cut>,
    heads: &[RevisionId],
    rehearsal: &mut Rehearsal,
) -> Result<()> {
    let Rehearsal { database, replayed, replaying: Some(interpreter), .. } = rehearsal else {
        return Ok(());
    };
    let request = replay::Request {
        cut: to,
        database,
        prelude: &settings.prelude,
        environment: config::inherited(),
    };
    let applied = replay::go_on(&request, replayed, heads, interpreter, &|_| {}).await?;
    replayed.applied.extend(applied);
    Ok(())
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
