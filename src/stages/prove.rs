//! Prove: the baseline makes the same database as the history.
//!
//! Takes the rendered baseline and what the history made; gives a [`Proof`], which nothing else can
//! make, or the objects that differ. The staged baseline is run by the project's own Alembic on a
//! second, fresh server; nothing in the project is changed.
//!
//! `PostgreSQL` prints some expressions differently after one round trip (`CHECK (x IN (...))` on a
//! varchar). So the reference is a control: the raw text of `pg_dump`, restored by psql. The baseline's
//! dump must equal the control's exactly; what differs between the history's dump and the control's
//! is round-trip drift, and only of objects that hold expressions. Rows, positions, privileges and
//! comments hold none: there a difference is a failure.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Explain, Kind};
use crate::files::{self, PathError};
use crate::postgres::catalog;
use crate::postgres::programs::{self, ProgramError, Table};
use crate::postgres::scratch::{Prelude, ScratchDb, ScratchError};
use crate::postgres::server::Server;
use crate::process::ProcessError;
use crate::run::channel::Existing;
use crate::run::{Goal, Interpreter, Job, Ran, RunError};
use crate::schema::Entry;
use crate::schema::compare::{self, Difference};
use crate::schema::existing;
use crate::schema::toc::{self, TocError};
use crate::stages::dump::SchemaDump;
use crate::stages::render::Baseline;

/// Objects whose text holds expressions, which `PostgreSQL` may print differently after a round trip.
const HOLDS_EXPRESSIONS: [&str; 15] = [
    "STATISTICS",
    "TABLE",
    "FOREIGN TABLE",
    "DEFAULT",
    "CONSTRAINT",
    "CHECK CONSTRAINT",
    "INDEX",
    "VIEW",
    "MATERIALIZED VIEW",
    "POLICY",
    "TRIGGER",
    "RULE",
    "FUNCTION",
    "PROCEDURE",
    "DOMAIN",
];

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The baseline makes another database.
    #[error("baseline does not reproduce the history")]
    Differs(#[source] Differing),
    /// The baseline cannot be run.
    #[error("the baseline cannot be run")]
    Run(#[source] RunError),
    /// A second `upgrade heads` was not a no-op.
    #[error("a second upgrade applied {} again", revisions.join(", "))]
    NotIdempotent {
        /// What it applied.
        revisions: Vec<String>,
    },
    /// The version table does not stand at the baseline.
    #[error("after the baseline the version table stands at {}, not at {expected}", found.join(", "))]
    Version {
        /// The baseline's id.
        expected: String,
        /// The rows.
        found: Vec<String>,
    },
    /// The control could not be restored.
    #[error("psql cannot restore the text of pg_dump")]
    Control(#[source] ProcessError),
    /// A database could not be dumped.
    #[error("cannot dump a scratch database")]
    Program(#[from] ProgramError),
    /// A dump could not be read.
    #[error("cannot read a dump")]
    Toc(#[from] TocError),
    /// A scratch database.
    #[error("cannot prove the baseline")]
    Scratch(#[from] ScratchError),
    /// A file of the run folder.
    #[error("cannot stage the baseline")]
    File(#[from] PathError),
    /// The catalog cannot be read.
    #[error("cannot read a scratch database")]
    Catalog(#[from] sqlx::Error),
}

/// The objects that differ, and where the whole diff is.
#[derive(Debug, thiserror::Error)]
#[error("{} {}: {}", differences.len(), if differences.len() == 1 { "object differs" } else { "objects differ" }, listed(differences))]
pub struct Differing {
    /// The differences, told by object.
    pub differences: Vec<String>,
    /// All of them as unified diffs.
    pub diff: String,
    /// The file with the diff, once written.
    pub file: Option<PathBuf>,
}

fn listed(differences: &[String]) -> String {
    let shown = 12;
    let mut text = differences.iter().take(shown).cloned().collect::<Vec<_>>().join(", ");
    if differences.len() > shown {
        text.push_str(&format!(", and {} more", differences.len() - shown));
    }
    text
}

impl Explain for ProveError {
    fn kind(&self) -> Kind {
        match self {
            Self::Differs(_)
            | Self::Run(RunError::Revision { .. } | RunError::Stalled { .. })
            | Self::NotIdempotent { .. }
            | Self::Version { .. } => Kind::ProofFailed,
            _ => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Differs(differing) => {
                differing.file.iter().map(|file| format!("see {}", file.display())).collect()
            }
            Self::Run(error) => error.hints(),
            Self::Scratch(error) => error.hints(),
            _ => Vec::new(),
        }
    }

    fn state(&self) -> String {
        "nothing was changed: no file of the project was touched".to_owned()
    }
}

/// The offline part of the proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "reason")]
pub enum Offline {
    /// `alembic upgrade head --sql` of the baseline makes the same database.
    Equal,
    /// The project's env.py cannot run offline.
    Skipped(String),
}

/// That a baseline makes the same database as the history. Only [`prove`] makes one.
#[derive(Debug, Clone)]
pub struct Proof {
    files: BTreeMap<PathBuf, String>,
    schema_sha256: String,
    compared: usize,
    roundtrip_drift: Vec<String>,
    offline: Offline,
}

impl Proof {
    /// Whether this file with this content (SHA-256 in hexadecimal) was part of what was proved.
    pub fn covers(&self, file: &Path, sha256: &str) -> bool {
        self.files.get(file).is_some_and(|proved| proved == sha256)
    }

    /// The SHA-256 of what the history made.
    pub fn schema_sha256(&self) -> &str {
        &self.schema_sha256
    }

    /// How many objects were compared.
    pub fn compared(&self) -> usize {
        self.compared
    }

    /// The objects that `PostgreSQL` prints differently after one round trip.
    pub fn roundtrip_drift(&self) -> &[String] {
        &self.roundtrip_drift
    }

    /// Whether offline mode was proved too.
    pub fn offline(&self) -> &Offline {
        &self.offline
    }
}

/// What the proof needs.
#[derive(Debug)]
pub struct Request<'a> {
    /// The rendered baseline.
    pub baseline: &'a Baseline,
    /// What the history made.
    pub dump: &'a SchemaDump,
    /// The version table, as the history's run showed it.
    pub version_table: &'a Table,
    /// What was there before the history's first revision.
    pub existing: &'a Existing,
    /// What is expected beforehand.
    pub prelude: &'a Prelude,
    /// The server of the history: the control is restored there, where its roles are.
    pub history_server: &'a Server,
    /// The second server.
    pub server: &'a Server,
    /// The project's environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// Runs the baseline and compares.
pub async fn prove(
    request: Request<'_>,
    interpreter: &mut Interpreter,
) -> Result<Proof, ProveError> {
    let (control, (baseline, offline)) =
        tokio::try_join!(control(&request), run_baseline(&request, interpreter))?;
    let dump = request.dump;
    let mut differences = compare::differences(&control, &baseline.entries);
    let mut told: Vec<String> = differences.iter().map(ToString::to_string).collect();
    let offline = match offline {
        OfflineRun::Skipped(reason) => Offline::Skipped(reason),
        OfflineRun::Made(entries) => {
            // Offline, env.py makes nothing before the first revision.
            let mine = |entries: &[Entry]| -> Vec<Entry> {
                entries
                    .iter()
                    .filter(|e| !existing::was_there(e, request.existing))
                    .cloned()
                    .collect()
            };
            let different = compare::differences(&mine(&control), &mine(&entries));
            told.extend(different.iter().map(|d| format!("offline: {d}")));
            differences.extend(different);
            Offline::Equal
        }
    };
    // The control itself must hold the history: what it lost, no baseline can have.
    let (drift, lost): (Vec<Difference>, Vec<Difference>) =
        compare::differences(&dump.entries, &control).into_iter().partition(|difference| {
            let both = difference.expected.is_some() && difference.actual.is_some();
            both && HOLDS_EXPRESSIONS.contains(&difference.object.kind.as_str())
        });
    told.extend(lost.iter().map(|d| format!("restored by psql: {d}")));
    differences.extend(lost);
    let on_table = compare::differences(&dump.on_version_table, &baseline.on_version_table);
    told.extend(on_table.iter().map(|d| format!("on the version table: {d}")));
    differences.extend(on_table);
    let mut diff: String = differences.iter().map(Difference::unified).collect();
    let roles = (&dump.made.statements, &baseline.made, "role or setting");
    let members = (&dump.extension_members, &baseline.extension_members, "extension member");
    for (expected, actual, kind) in [roles, members] {
        let (missing, extra) = compare::row_changes(expected, actual);
        let missing = missing.into_iter().map(|statement| (statement, '-', "missing"));
        let extra = extra.into_iter().map(|statement| (statement, '+', "too much"));
        for (statement, sign, what) in missing.chain(extra) {
            told.push(format!("{kind} {what}: `{}`", statement.replace('\n', " ")));
            for line in statement.lines() {
                diff.push_str(&format!("{sign}{line}\n"));
            }
        }
    }
    if !told.is_empty() {
        return Err(ProveError::Differs(Differing { differences: told, diff, file: None }));
    }
    Ok(Proof {
        files: BTreeMap::from([(request.baseline.file.clone(), request.baseline.sha256())]),
        schema_sha256: dump.sha256.clone(),
        compared: dump.entries.len() + dump.made.statements.len(),
        roundtrip_drift: drift.iter().map(|d| d.object.to_string()).collect(),
        offline,
    })
}

/// The raw text of the history's dump, restored by psql beside the history, dumped again.
async fn control(request: &Request<'_>) -> Result<Vec<Entry>, ProveError> {
    let server = request.history_server;
    let database = ScratchDb::create(server, "control").await?;
    let result = async {
        if request.dump.public_gone {
            let mut connection = database.connect().await?;
            sqlx::raw_sql("DROP SCHEMA public").execute(&mut connection).await?;
        }
        let script = server.folder().path().join("control.sql");
        files::write_scratch(&script, request.dump.text.as_bytes())?;
        programs::psql(server, &database, &script).await.map_err(ProveError::Control)?;
        Ok(toc::entries(&programs::dump(server, &database, &[]).await?)?)
    }
    .await;
    database.drop_scratch().await?;
    result
}

struct BaselineRun {
    entries: Vec<Entry>,
    on_version_table: Vec<Entry>,
    made: Vec<String>,
    extension_members: Vec<String>,
}

enum OfflineRun {
    Made(Vec<Entry>),
    Skipped(String),
}

async fn run_baseline(
    request: &Request<'_>,
    interpreter: &mut Interpreter,
) -> Result<(BaselineRun, OfflineRun), ProveError> {
    let server = request.server;
    let staged = server.folder().subfolder("staged")?;
    let name = request.baseline.file.file_name().unwrap_or_default();
    files::write_scratch(&staged.join(name), &request.baseline.bytes)?;
    let locations = [staged];
    let database = ScratchDb::create(server, "history").await?;
    let offline_database = ScratchDb::create(server, "offline").await?;
    let result = async {
        database.prepare(request.prelude).await?;
        let mut connection = database.connect().await?;
        let before = catalog::snapshot(&mut connection).await?;
        let job = |goal, database| Job {
            goal,
            database,
            locations: Some(&locations[..]),
            environment: request.environment.clone(),
        };
        let online = interpreter.run(job(Goal::Upgrade, &database), &|_| {}).await;
        online.map_err(ProveError::Run)?;
        let rows = catalog::version_rows(&mut connection, request.version_table).await?;
        let expected = request.baseline.revision.to_string();
        if rows != [expected.clone()] {
            return Err(ProveError::Version { expected, found: rows });
        }
        let without = std::slice::from_ref(request.version_table);
        let again = async {
            let again = job(Goal::Upgrade, &database);
            let again = interpreter.run_again(again).await.map_err(ProveError::Run)?;
            if !again.applied.is_empty() {
                let revisions = again.applied.into_iter().map(|applied| applied.revision).collect();
                return Err(ProveError::NotIdempotent { revisions });
            }
            let sql = offline_sql(interpreter, job(Goal::UpgradeOffline, &offline_database));
            match sql.await {
                Err(reason) => Ok(OfflineRun::Skipped(reason)),
                Ok(ran) => apply_offline(request, &offline_database, &ran).await,
            }
        };
        let text = async { Ok::<_, ProveError>(programs::dump(server, &database, without).await?) };
        let (offline, text) = tokio::try_join!(again, text)?;
        let entries = toc::entries(&text)?;
        let made = catalog::snapshot(&mut connection).await?.made_since(&before).statements;
        let on_table = programs::dump_table(server, &database, request.version_table).await?;
        let on_version_table = toc::on_table(&on_table, &database.address().user)?;
        let extension_members = catalog::extension_members(&mut connection).await?;
        Ok((BaselineRun { entries, on_version_table, made, extension_members }, offline))
    }
    .await;
    database.drop_scratch().await?;
    offline_database.drop_scratch().await?;
    result
}

/// `alembic upgrade heads --sql` of the baseline, or why it cannot be had.
async fn offline_sql(interpreter: &mut Interpreter, job: Job<'_>) -> Result<Ran, String> {
    if !interpreter.takes_jobs() {
        return Err("the history is run by a command of the project's own".to_owned());
    }
    match interpreter.run_again(job).await {
        Ok(ran) if ran.stdout.is_empty() => Err("env.py wrote no SQL in offline mode".to_owned()),
        Ok(ran) => Ok(ran),
        Err(error) => {
            Err(format!("env.py cannot run offline: {}", error.to_string().replace('\n', " ")))
        }
    }
}

async fn apply_offline(
    request: &Request<'_>,
    database: &ScratchDb,
    ran: &Ran,
) -> Result<OfflineRun, ProveError> {
    let server = request.server;
    database.prepare(request.prelude).await?;
    let script = server.folder().path().join("offline.sql");
    files::write_scratch(&script, &ran.stdout)?;
    if let Err(error) = programs::psql(server, database, &script).await {
        // What env.py prints or sets up by itself online is its own affair; the statements of the
        // baseline are the same ones that have just been run online.
        let text = error.to_string();
        let said = text.split_once("ERROR:").map_or(text.as_str(), |(_, said)| said.trim_start());
        let said = said.lines().next().unwrap_or_default();
        let reason = format!("the SQL of offline mode cannot be applied: {said}");
        return Ok(OfflineRun::Skipped(reason));
    }
    // The offline half of env.py may name another version table, or none, than the half that is used.
    let mut without = vec![request.version_table.clone()];
    if let Some(context) = ran.contexts.first() {
        let mut connection = database.connect().await?;
        let schema = context.version_table_schema.as_deref();
        let found = catalog::find_table(&mut connection, schema, &context.version_table).await?;
        without.extend(found);
    }
    let text = programs::dump(server, database, &without).await?;
    Ok(OfflineRun::Made(toc::entries(&text)?))
}
