//! The runs of the baselines, and of the kept revisions on top of them, by the project's own Alembic.

use sqlx::postgres::PgConnection;

use crate::postgres::catalog;
use crate::postgres::holding::{self, Holding};
use crate::postgres::programs::{self, DumpFile};
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::postgres::stopwatch::Stopwatch;
use crate::run::{Goal, Interpreter, Scripts};
use crate::schema::roles::Snapshot;
use crate::schema::volatile::clock::Window;
use crate::stages::prove::offline::{self, OfflineRun};
use crate::stages::prove::{Kept, ProveError, Request, staged};

/// What the baselines made, and the kept revisions on top of them.
pub struct Run {
    /// At the cut.
    pub cut: Timed,
    /// At the heads: by a second upgrade from the cut, and by one upgrade from nothing.
    pub heads: Option<(Timed, Timed)>,
    /// At the cut, by the SQL of offline mode.
    pub offline: OfflineRun,
}

/// What a run made, and when it was.
pub struct Timed {
    /// What it made.
    pub holding: Holding,
    /// When.
    pub window: Window,
}

/// Runs the baselines, in offline mode too, and the kept revisions.
pub async fn run(request: &Request<'_>, interpreter: &mut Interpreter) -> Result<Run, ProveError> {
    let database = ScratchDb::create(request.server, "history").await?;
    let offline_database = ScratchDb::create(request.server, "offline").await?;
    let result = run_on(request, interpreter, &database, &offline_database).await;
    database.drop_scratch().await?;
    offline_database.drop_scratch().await?;
    result
}

async fn run_on(
    request: &Request<'_>,
    interpreter: &mut Interpreter,
    database: &ScratchDb,
    offline_database: &ScratchDb,
) -> Result<Run, ProveError> {
    let scripts = staged::stage(request)?;
    let baselines = scripts.baselines(request);
    let mut watched = Watched::begin(request, request.server, database).await?;
    let job = request.job(Goal::Upgrade, database, &baselines);
    interpreter.run(job, &|_| {}).await.map_err(ProveError::Run)?;
    let window = watched.came_to(&request.version_rows).await?;
    let rest = async {
        if request.kept.is_none() {
            upgrade_again(request, interpreter, database, &scripts.all).await?;
        }
        offline::run(request, interpreter, offline_database, &baselines).await
    };
    let (offline, dump) = tokio::try_join!(rest, watched.dump())?;
    let holding = watched.holding(&dump, &request.dump.holding).await?;
    let cut = Timed { holding, window };
    let Some(kept) = &request.kept else { return Ok(Run { cut, heads: None, offline }) };
    let job = request.job(Goal::Upgrade, database, &scripts.all);
    interpreter.run_again(job, &|_| {}).await.map_err(ProveError::Kept)?;
    let window = watched.came_to(&kept.version_rows).await?;
    upgrade_again(request, interpreter, database, &scripts.all).await?;
    let dump = watched.dump().await?;
    let heads = Timed { holding: watched.holding(&dump, kept.holding).await?, window };
    let in_one_go = in_one_go(request, kept, interpreter, &scripts.all).await?;
    Ok(Run { cut, heads: Some((heads, in_one_go)), offline })
}

/// The baselines and the kept revisions in one upgrade, as a new database runs them: in one session, where the kept
/// ones see what those before them left in it. On a server of their own: roles that the kept revisions make are on
/// the other one already.
async fn in_one_go(
    request: &Request<'_>,
    kept: &Kept<'_>,
    interpreter: &mut Interpreter,
    scripts: &Scripts,
) -> Result<Timed, ProveError> {
    let database = ScratchDb::create(kept.fresh, "history").await?;
    let timed = async {
        let mut watched = Watched::begin(request, kept.fresh, &database).await?;
        let job = request.job(Goal::Upgrade, &database, scripts);
        interpreter.run_again(job, &|_| {}).await.map_err(ProveError::InOneGo)?;
        let window = watched.came_to(&kept.version_rows).await?;
        let dump = watched.dump().await?;
        Ok(Timed { holding: watched.holding(&dump, kept.holding).await?, window })
    };
    let timed = timed.await;
    database.drop_scratch().await?;
    timed
}

/// A second `upgrade heads` must have nothing to do.
async fn upgrade_again(
    request: &Request<'_>,
    interpreter: &mut Interpreter,
    database: &ScratchDb,
    scripts: &Scripts,
) -> Result<(), ProveError> {
    let job = request.job(Goal::Upgrade, database, scripts);
    let again = interpreter.run_again(job, &|_| {}).await.map_err(ProveError::Run)?;
    if again.applied.is_empty() {
        return Ok(());
    }
    let revisions = again.applied.into_iter().map(|applied| applied.revision).collect();
    Err(ProveError::NotIdempotent { revisions })
}

/// A database that is watched from before the first upgrade on.
struct Watched<'a> {
    request: &'a Request<'a>,
    server: &'a Server,
    database: &'a ScratchDb,
    connection: PgConnection,
    before: Snapshot,
    watch: Stopwatch,
}

impl<'a> Watched<'a> {
    /// With what is expected beforehand, and nothing else.
    async fn begin(
        request: &'a Request<'a>,
        server: &'a Server,
        database: &'a ScratchDb,
    ) -> Result<Self, ProveError> {
        database.prepare(request.prelude).await?;
        let mut connection = database.connect().await?;
        let before = catalog::snapshot(&mut connection, database.is_private()).await?;
        let watch = Stopwatch::start(&mut connection).await?;
        Ok(Self { request, server, database, connection, before, watch })
    }

    /// When the upgrades were that led to these rows of the version table, or that they led elsewhere.
    async fn came_to(&mut self, rows: &[String]) -> Result<Window, ProveError> {
        let found = catalog::version_rows(&mut self.connection, self.request.version_table).await?;
        let mut expected = rows.to_vec();
        expected.sort();
        if found != expected {
            return Err(ProveError::Version { expected, found });
        }
        Ok(self.watch.stop(&mut self.connection).await?)
    }

    /// What `pg_dump` writes.
    async fn dump(&self) -> Result<DumpFile, ProveError> {
        let without = std::slice::from_ref(self.request.version_table);
        Ok(programs::dump(self.server, self.database, without).await?)
    }

    /// What it holds, by that; what is equal in the other holding is one text in memory with it.
    async fn holding(&mut self, dump: &DumpFile, like: &Holding) -> Result<Holding, ProveError> {
        let table = self.request.version_table;
        let Self { server, database, connection, before, .. } = self;
        let dump = dump.cut(Some(&like.entries))?;
        Ok(holding::read(server, database, connection, table, before, dump).await?)
    }
}
