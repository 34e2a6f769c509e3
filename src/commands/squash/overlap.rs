//! What runs at the same time: the history is replayed twice, on servers of their own, while the server
//! and the interpreter of the proof start.

mod one_go;
mod saying;
mod twin;

use indicatif::ProgressBar;
use tokio::task::JoinHandle;

use crate::commands::squash::from_database::FromDatabase;
use crate::commands::squash::place;
use crate::commands::squash::plan::Plan;
use crate::config::{self, Settings};
use crate::error::{Error, Result};
use crate::format::alembic::recipe::recipe;
use crate::history::{Cut, History, RevisionId};
use crate::postgres::holding::Holding;
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::run::Interpreter;
use crate::run::channel::Event;
use crate::schema::volatile::Volatile;
use crate::schema::volatile::choice::Choices;
use crate::stages::dump::{self, SchemaDump, seeds};
use crate::stages::replay::copied::{self, Copied};
use crate::stages::replay::{self, ReplayError, Replayed};
use crate::stages::volatile;
pub use one_go::InOneGo;
pub use saying::begin_to_say;
use twin::Twin;

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
    /// The second replay, unless it was not wanted.
    pub twin: Option<Twin>,
    /// The interpreter that replayed, as long as there is more to replay.
    replaying: Option<Interpreter>,
    /// The proof's server.
    pub second: Server,
    /// The proof's interpreter.
    pub interpreter: Interpreter,
}

/// Starts a server, and the interpreter while the server gets ready.
async fn start(settings: &Settings) -> Result<Started> {
    let mut server = Server::launch(&settings.source, &settings.places, &settings.path).await?;
    let folder = server.folder().subfolder("python").map_err(place::file)?;
    let interpreter = Interpreter::start(recipe(settings), &folder)?;
    server.ready().await?;
    let database = ScratchDb::create(&server, "history").await?;
    Ok(Started { server, database, interpreter })
}

/// Replays the history, and on a server of its own a second time (not with `once`); meanwhile the
/// server and the interpreter of the proof start.
pub async fn replay_while_proof_starts(
    settings: &Settings,
    cut: &Cut,
    once: bool,
    bar: &ProgressBar,
) -> Result<Rehearsal> {
    // Whatever goes wrong in the second replay must not hide what goes wrong in the first. Roles are
    // shared by all databases of a given server: there one replay comes after the other.
    let beside = settings.source.is_private() && !once;
    let theirs = async { Ok(if beside { Some(twin::replay(settings, cut).await) } else { None }) };
    let (mut rehearsal, mut twin) = tokio::try_join!(replay_first(settings, cut, bar), theirs)?;
    if !settings.source.is_private() && !once && !rehearsal.replayed.makes_roles {
        twin = Some(twin::replay(settings, cut).await);
    }
    match twin.transpose() {
        Ok(twin) => {
            rehearsal.twin = twin;
            Ok(rehearsal)
        }
        Err(error) => {
            rehearsal.database.drop_scratch().await?;
            Err(error.into())
        }
    }
}

async fn replay_first(settings: &Settings, cut: &Cut, bar: &ProgressBar) -> Result<Rehearsal> {
    let tell = |event: &Event| match event {
        Event::Start { revision } => bar.set_message(revision.clone()),
        Event::Applied { .. } => bar.inc(1),
        _ => {}
    };
    let replay = async |server: &Server, database: &ScratchDb, interpreter: &mut Interpreter| {
        let request = request(settings, Goal::Cut(cut), database);
        let mut replayed = replay::replay(&request, interpreter, &tell).await?;
        let before = replay::before(server, &replayed, &request, interpreter);
        replayed.dump_before = before.await.map_err(ReplayError::from)?;
        Ok((replayed, ()))
    };
    Ok(rehearse(settings, replay).await?.0)
}

/// Copies a database in the place of a replay, while the server and the interpreter of the proof start.
pub async fn copy_while_proof_starts(
    settings: &Settings,
    cut: &Cut,
    source: &FromDatabase,
) -> Result<(Rehearsal, Copied)> {
    let copy = async |server: &Server, database: &ScratchDb, interpreter: &mut Interpreter| {
        source.fits(server.binaries().major).await?;
        let request = request(settings, Goal::Cut(cut), database);
        Ok(copied::copied(&request, &source.source(cut), server, interpreter).await?)
    };
    rehearse(settings, copy).await
}

/// Starts both servers and both interpreters, and lets `fill` fill the first database.
async fn rehearse<T>(
    settings: &Settings,
    fill: impl AsyncFnOnce(&Server, &ScratchDb, &mut Interpreter) -> Result<(Replayed, T)>,
) -> Result<(Rehearsal, T)> {
    let (first, second) = tokio::join!(start(settings), start_proof(settings));
    let Started { server, database, mut interpreter } = first?;
    let ran = async {
        let second = second?;
        let folder = second.folder().subfolder("python").map_err(place::file)?;
        // Before the first job: then the copy has nothing of the project in it.
        let proving = interpreter.copy(&folder).await?;
        let (replayed, more) = fill(&server, &database, &mut interpreter).await?;
        Ok::<_, Error>((replayed, more, second, proving))
    };
    match ran.await {
        Ok((replayed, more, second, proving)) => {
            let rehearsal = Rehearsal {
                server,
                database,
                replayed,
                twin: None,
                replaying: Some(interpreter),
                second,
                interpreter: proving,
            };
            Ok((rehearsal, more))
        }
        Err(error) => {
            database.drop_scratch().await?;
            Err(error)
        }
    }
}

/// The second replay's server, on its way out beside whatever comes next.
#[must_use]
pub struct Ending(Option<JoinHandle<Result<()>>>);

/// Begins to end the second replay's server: nothing more is asked of it.
pub fn end_twin(rehearsal: &mut Rehearsal) -> Ending {
    Ending(rehearsal.twin.take().map(|twin| tokio::spawn(twin.end())))
}

impl Ending {
    /// Waits until it is gone.
    pub async fn done(self) -> Result<()> {
        let Some(ending) = self.0 else { return Ok(()) };
        // A panic of the task has been told already; the server ends with us at the latest.
        ending.await.unwrap_or(Ok(()))
    }
}

/// Up to where a replay goes.
#[derive(Debug, Clone, Copy)]
pub enum Goal<'a> {
    /// A cut.
    Cut(&'a Cut),
    /// The heads, with these rows of the version table.
    Heads(&'a [RevisionId]),
}

fn request<'a>(
    settings: &'a Settings,
    goal: Goal<'a>,
    database: &'a ScratchDb,
) -> replay::Request<'a> {
    let Settings { prelude, stubs, origin, .. } = settings;
    let environment = config::inherited();
    let (cut, heads) = match goal {
        Goal::Cut(cut) => (Some(cut), &[][..]),
        Goal::Heads(heads) => (None, heads),
    };
    replay::Request { cut, heads, database, prelude, stubs, origin, environment }
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
            go_on(settings, Goal::Cut(&step.cut), rehearsal).await?;
        }
        let Rehearsal { server, database, replayed, .. } = &*rehearsal;
        seeds::check(database, replayed, settings.max_seed_rows).await?;
        let like = dumps.last().map(|last: &SchemaDump| last.holding.entries.as_slice());
        dumps.push(dump::dump(server, database, replayed, like).await?);
    }
    Ok(dumps)
}

/// Settles how values that change from run to run are written: by what the second replay made.
pub async fn settle(
    rehearsal: &Rehearsal,
    dump: &SchemaDump,
    parts: &[SchemaDump],
    known: &Known<'_>,
) -> Result<Volatile> {
    let theirs = twin_holding(rehearsal, &dump.holding).await?;
    let request = volatile_request(rehearsal, &dump.holding, theirs.as_ref(), known);
    Ok(volatile::settle(&request, parts).await?)
}

/// What the whole history makes, where revisions are kept.
pub struct Heads {
    /// What is there when the kept revisions have run on what the squashed ones made.
    pub holding: Holding,
    /// The values of it that change from run to run.
    pub volatile: Volatile,
    /// A server on which nothing has run: the baseline and the kept revisions run there in one upgrade.
    pub fresh: Server,
}

/// Goes on from the cut to the heads, if anything is kept, and reads what the whole history makes. Where the history was
/// replayed in steps, it is replayed once more in one upgrade at the same time.
pub async fn replay_kept(
    settings: &Settings,
    history: &History,
    plan: &Plan,
    (known, at_the_cut): (&Known<'_>, &Holding),
    rehearsal: &mut Rehearsal,
) -> Result<(Option<Heads>, Option<InOneGo>)> {
    let rows = history.version_rows();
    let name = rehearsal.database.name().to_owned();
    let in_steps = !plan.cut.kept().is_empty() || plan.steps.len() > 1;
    let in_one_go = async {
        if !in_steps {
            return Ok(None);
        }
        one_go::replay(settings, &rows, &name, at_the_cut).await.map(Some)
    };
    let kept = to_the_heads(settings, &rows, &plan.cut, (known, at_the_cut), rehearsal);
    // Both to their ends: each drops what it made.
    let (heads, in_one_go) = tokio::join!(kept, in_one_go);
    Ok((heads?, in_one_go?))
}

async fn to_the_heads(
    settings: &Settings,
    rows: &[RevisionId],
    cut: &Cut,
    (known, at_the_cut): (&Known<'_>, &Holding),
    rehearsal: &mut Rehearsal,
) -> Result<Option<Heads>> {
    if cut.kept().is_empty() {
        // The interpreter of the history is not needed any more.
        rehearsal.replaying = None;
        return Ok(None);
    }
    let gone = go_on(settings, Goal::Heads(rows), rehearsal);
    let (gone, fresh) = tokio::join!(gone, start_proof(settings));
    gone?;
    let fresh = fresh?;
    let Rehearsal { server, database, replayed, .. } = &*rehearsal;
    let ours = async { Ok(dump::dump_heads(server, database, replayed, at_the_cut).await?) };
    let (holding, theirs) = tokio::try_join!(ours, twin_holding(rehearsal, at_the_cut))?;
    // What the kept revisions made was not there at the cut.
    let theirs = theirs.map(|theirs| theirs.like(&holding));
    let request = volatile_request(rehearsal, &holding, theirs.as_ref(), known);
    let volatile = volatile::at_the_heads(&request).await?;
    Ok(Some(Heads { holding, volatile, fresh }))
}

/// What is known of values that change before the replays are looked at.
#[derive(Debug)]
pub struct Known<'a> {
    /// The texts of the revisions.
    pub texts: Vec<String>,
    /// What the user says.
    pub choices: &'a Choices,
}

fn volatile_request<'a>(
    rehearsal: &'a Rehearsal,
    ours: &'a Holding,
    theirs: Option<&'a Holding>,
    known: &'a Known<'_>,
) -> volatile::Request<'a> {
    let Rehearsal { replayed, database, twin, .. } = rehearsal;
    let twin = theirs.zip(twin.as_ref().map(|twin| &twin.replayed));
    let Known { texts, choices } = known;
    volatile::Request { ours, replayed, database, twin, texts, choices }
}

/// What the second replay made. What is equal in the other holding is one text in memory with it.
async fn twin_holding(rehearsal: &Rehearsal, like: &Holding) -> Result<Option<Holding>> {
    match &rehearsal.twin {
        Some(twin) => Ok(Some(twin.holding(&rehearsal.database, like).await?)),
        None => Ok(None),
    }
}

async fn go_on(settings: &Settings, to: Goal<'_>, rehearsal: &mut Rehearsal) -> Result<()> {
    let Rehearsal { database, replayed, twin, replaying: Some(interpreter), .. } = rehearsal else {
        return Ok(());
    };
    let request = request(settings, to, database);
    let ours = async { Ok(replay::go_on(&request, replayed, interpreter, &|_| {}).await?) };
    let theirs = async {
        Ok::<_, Error>(match twin {
            Some(twin) => twin.go_on(settings, to).await,
            None => Ok(()),
        })
    };
    let (applied, second) = tokio::try_join!(ours, theirs)?;
    second?;
    replayed.applied.extend(applied);
    Ok(())
}

/// The proof's server.
async fn start_proof(settings: &Settings) -> Result<Server> {
    let mut server = Server::launch(&settings.source, &settings.places, &settings.path).await?;
    server.ready().await?;
    Ok(server)
}
