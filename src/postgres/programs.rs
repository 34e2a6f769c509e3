//! The client programs: `pg_dump`, `pg_restore` and `psql` on scratch databases.
//!
//! The dump is the reference, so it is taken by the program whose major fits the server. The server
//! and its password travel in the environment, never in the arguments.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use arcstr::ArcStr;

use crate::files;
use crate::postgres::identifier;
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::process::{self, Plan, ProcessError, Running};
use crate::schema::Entry;
use crate::schema::toc::{Cutter, Dump, TocError};

/// A program that failed, or a text that is none.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It could not be run, or it failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// Its output is not UTF-8.
    #[error("`{program}` did not write UTF-8")]
    NotText {
        /// The program.
        program: &'static str,
    },
    /// A file of the run folder.
    #[error(transparent)]
    File(#[from] files::PathError),
    /// Its text cannot be cut into statements.
    #[error(transparent)]
    Toc(#[from] TocError),
}

/// A table by schema and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Table {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
}

/// Options of every dump: rows as INSERTs with column names, so that a baseline does not depend on the
/// order of columns, and so that each row can be told.
fn dump_plan(server: &Server, database: &ScratchDb, without: &[Table]) -> Plan {
    let exclude = without.iter().map(|table| {
        format!("--exclude-table={}", identifier::pattern(&table.schema, &table.name))
    });
    Plan::new(server.binaries().program("pg_dump"))
        .arguments(["--no-password", "--column-inserts", "--encoding=UTF8"])
        .arguments(exclude)
        .environment(database.address().environment(database.name()))
}

/// A dump in a file of the run folder, which goes with this value.
#[derive(Debug)]
pub struct DumpFile(PathBuf);

impl DumpFile {
    fn new(server: &Server, database: &ScratchDb) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        Self(server.folder().path().join(format!("{}-{number}.dump", database.name())))
    }

    /// Cuts it, piece by piece. What is equal in the other entries is one text in memory with it.
    pub fn cut(&self, like: Option<&[Entry]>) -> Result<Dump, ProgramError> {
        let mut cutter = Cutter::new(like);
        let read =
            files::for_each_piece(&self.0, |piece| Ok::<_, ProgramError>(cutter.push(piece)?));
        read.map_err(|error| match error {
            ProgramError::File(error) if error.source.kind() == ErrorKind::InvalidData => {
                ProgramError::NotText { program: "pg_dump" }
            }
            error => error,
        })?;
        Ok(cutter.finish()?)
    }
}

impl Drop for DumpFile {
    fn drop(&mut self) {
        // What stays goes with the run folder.
        let _ = files::remove_file_if_there(&self.0);
    }
}

/// The plain text of a dump, without these tables.
pub async fn dump(
    server: &Server,
    database: &ScratchDb,
    without: &[Table],
) -> Result<DumpFile, ProgramError> {
    let file = DumpFile::new(server, database);
    process::run(&dump_plan(server, database, without).argument("--file").argument(&file.0))
        .await?;
    Ok(file)
}

/// What is on a table besides the table itself (privileges, comments, policies...), as the text of a dump.
pub async fn dump_table(
    server: &Server,
    database: &ScratchDb,
    table: &Table,
) -> Result<ArcStr, ProgramError> {
    let pattern = identifier::pattern(&table.schema, &table.name);
    let plan = dump_plan(server, database, &[])
        .argument("--schema-only")
        .argument(format!("--table={pattern}"));
    text("pg_dump", process::run(&plan).await?)
}

/// A dump, and the statements that drop all it makes, in `pg_dump`'s reverse order.
#[derive(Debug)]
pub struct DumpWithDrops {
    /// What [`dump`] gives.
    pub dump: DumpFile,
    /// The text of `pg_dump --clean` for the schema alone.
    pub clean: ArcStr,
}

/// Dumps once, and writes the result in both forms. The text equals that of [`dump`].
pub async fn dump_with_drops(
    server: &Server,
    database: &ScratchDb,
    without: &[Table],
) -> Result<DumpWithDrops, ProgramError> {
    let (custom, dump) = (DumpFile::new(server, database), DumpFile::new(server, database));
    let plan =
        dump_plan(server, database, without).argument("--format=custom").argument("--compress=0");
    process::run(&plan.argument("--file").argument(&custom.0)).await?;
    let restore = |options: &[&str], to: &Path| {
        Plan::new(server.binaries().program("pg_restore"))
            .arguments(options)
            .argument("--file")
            .argument(to)
            .argument(&custom.0)
    };
    let whole = restore(&[], &dump.0);
    let drops = restore(&["--clean", "--if-exists", "--schema-only"], Path::new("-"));
    let (_, drops) = tokio::try_join!(process::run(&whole), process::run(&drops))?;
    Ok(DumpWithDrops { dump, clean: text("pg_restore", drops)? })
}

/// Runs a script by psql and stops at the first error. The file must lie in a run folder.
pub async fn psql(
    server: &Server,
    database: &ScratchDb,
    script: &Path,
) -> Result<(), ProcessError> {
    let plan = Plan::new(server.binaries().program("psql"))
        .arguments(["--no-psqlrc", "--quiet", "--no-password", "--set", "ON_ERROR_STOP=1"])
        .arguments(["--output", "/dev/null", "--file"])
        .argument(script)
        .environment(database.address().environment(database.name()));
    process::run(&plan).await.map(|_| ())
}

/// Runs a script by psql and gives what it wrote to stderr, whether it failed or not.
pub async fn psql_told(
    server: &Server,
    database: &ScratchDb,
    script: &Path,
) -> Result<String, ProcessError> {
    /// psql's exit code after an error in a script.
    const SCRIPT_ERROR: i32 = 3;
    let plan = Plan::new(server.binaries().program("psql"))
        .arguments(["--no-psqlrc", "--quiet", "--no-password", "--output", "/dev/null", "--file"])
        .argument(script)
        .environment(database.address().environment(database.name()));
    let finished = Running::start(&plan)?.finish().await?;
    if finished.status.code() == Some(SCRIPT_ERROR) {
        return Ok(finished.stderr);
    }
    let stderr = finished.stderr.clone();
    finished.success().map(|_| stderr)
}

fn text(program: &'static str, bytes: Vec<u8>) -> Result<ArcStr, ProgramError> {
    let text = String::from_utf8(bytes).map_err(|_| ProgramError::NotText { program })?;
    Ok(text.into())
}
