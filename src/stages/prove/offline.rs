//! The offline part of the proof: `alembic upgrade heads --sql` of the baseline, applied by psql.

use std::path::{Path, PathBuf};

use crate::files;
use crate::postgres::catalog;
use crate::postgres::programs;
use crate::postgres::scratch::ScratchDb;
use crate::postgres::stopwatch::Stopwatch;
use crate::run::{Goal, Interpreter, Job, Ran, Scripts};
use crate::schema::Entry;
use crate::schema::volatile::clock::Window;
use crate::stages::prove::{ProveError, Request};

/// What came of it.
pub enum OfflineRun {
    /// What the SQL made, and when.
    Made(Vec<Entry>, Window),
    /// Why it could not be tried.
    Skipped(String),
}

/// Runs the baselines offline, on a database of their own.
pub async fn run(
    request: &Request<'_>,
    interpreter: &mut Interpreter,
    database: &ScratchDb,
    scripts: &Scripts,
) -> Result<OfflineRun, ProveError> {
    match sql(interpreter, request.job(Goal::UpgradeOffline, database, scripts)).await {
        Err(reason) => Ok(OfflineRun::Skipped(reason)),
        Ok((ran, script)) => apply(request, database, &ran, &script).await,
    }
}

/// The file with the SQL, or why it cannot be had.
async fn sql(interpreter: &mut Interpreter, job: Job<'_>) -> Result<(Ran, PathBuf), String> {
    if !interpreter.takes_jobs() {
        return Err("the history is run by a command of the project's own".to_owned());
    }
    match interpreter.run_again(job, &|_| {}).await {
        Ok(ran) => match ran.stdout.clone() {
            Some(file) if !files::is_empty(&file) => Ok((ran, file)),
            _ => Err("env.py wrote no SQL in offline mode".to_owned()),
        },
        Err(error) => {
            Err(format!("env.py cannot run offline: {}", error.to_string().replace('\n', " ")))
        }
    }
}

async fn apply(
    request: &Request<'_>,
    database: &ScratchDb,
    ran: &Ran,
    script: &Path,
) -> Result<OfflineRun, ProveError> {
    let server = request.server;
    database.prepare(request.prelude).await?;
    let mut connection = database.connect().await?;
    let watch = Stopwatch::start(&mut connection).await?;
    if let Err(error) = programs::psql(server, database, script).await {
        // What env.py prints or sets up by itself online is its own affair; the statements of the
        // baseline are the same ones that have just been run online.
        let text = error.to_string();
        let said = text.split_once("ERROR:").map_or(text.as_str(), |(_, said)| said.trim_start());
        let said = said.lines().next().unwrap_or_default();
        let reason = format!("the SQL of offline mode cannot be applied: {said}");
        return Ok(OfflineRun::Skipped(reason));
    }
    let window = watch.stop(&mut connection).await?;
    // The offline half of env.py may name another version table, or none, than the half that is used.
    let mut without = vec![request.version_table.clone()];
    if let Some(context) = ran.contexts.first() {
        let schema = context.version_table_schema.as_deref();
        let found = catalog::find_table(&mut connection, schema, &context.version_table).await?;
        without.extend(found);
    }
    let dump = programs::dump(server, database, &without).await?;
    let entries = dump.cut(Some(&request.dump.holding.entries))?.entries;
    Ok(OfflineRun::Made(entries, window))
}
