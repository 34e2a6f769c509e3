//! The baselines and the kept revisions in one upgrade, as a new database runs them: in one session, where the kept
//! ones see what those before them left in it.

use crate::postgres::catalog;
use crate::postgres::holding;
use crate::postgres::programs;
use crate::postgres::scratch::ScratchDb;
use crate::postgres::stopwatch::Stopwatch;
use crate::run::{Goal, Interpreter, Scripts};
use crate::stages::prove::{Kept, ProveError, Request, Timed, stands_at};

/// Runs them on a server of their own: roles that the kept revisions make are on the other one already.
pub async fn run(
    request: &Request<'_>,
    kept: &Kept<'_>,
    interpreter: &mut Interpreter,
    scripts: &Scripts,
) -> Result<Timed, ProveError> {
    let database = ScratchDb::create(kept.fresh, "history").await?;
    let result = run_on(request, kept, interpreter, scripts, &database).await;
    database.drop_scratch().await?;
    result
}

async fn run_on(
    request: &Request<'_>,
    kept: &Kept<'_>,
    interpreter: &mut Interpreter,
    scripts: &Scripts,
    database: &ScratchDb,
) -> Result<Timed, ProveError> {
    let (server, table) = (kept.fresh, request.version_table);
    database.prepare(request.prelude).await?;
    let mut connection = database.connect().await?;
    let before = catalog::snapshot(&mut connection, database.is_private()).await?;
    let watch = Stopwatch::start(&mut connection).await?;
    let job = request.job(Goal::Upgrade, database, scripts);
    interpreter.run_again(job, &|_| {}).await.map_err(ProveError::InOneGo)?;
    stands_at(&catalog::version_rows(&mut connection, table).await?, &kept.version_rows)?;
    let window = watch.stop(&mut connection).await?;
    let text = programs::dump(server, database, std::slice::from_ref(table)).await?;
    let holding = holding::read(server, database, &mut connection, table, &before, text).await?;
    Ok(Timed { holding: holding.like(kept.holding), window })
}
