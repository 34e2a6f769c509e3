//! One target: look, lock, look again, back up, and then squash by squash run what it lacks and stamp it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::{Way, Work};
use crate::commands::generations;
use crate::config;
use crate::postgres::target::Target;
use crate::report::redact;
use crate::run::Scripts;
use crate::stages::catch_up::backup::Backup;
use crate::stages::catch_up::{self, CatchUpError, Held, Standing};
use crate::stages::stamp::{self, Outcome, Told};

/// How often a run begins again after a collision, and how long it waits before, the more the later.
const COLLISIONS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// What the stamp told of a database, with what was done before.
fn after_the_stamp(told: Told, own: Told) -> Told {
    let Told { found, applied, backup, .. } = own;
    let told = match told.outcome {
        _ if applied.is_empty() => told,
        Outcome::Refused => told,
        // Where it stood at first says more than that it stood at the cut.
        _ => Told { outcome: Outcome::CaughtUp, found, ..told },
    };
    Told { applied, backup, ..told }
}

impl Work<'_> {
    /// Brings one database to the newest baseline, and tells what became of it.
    pub async fn one(&self, target: &Target) -> Told {
        let started = Instant::now();
        let mut own = Told::untouched(target, self.newest(), Outcome::WouldCatchUp);
        if target.schema.is_some() {
            let why = "one schema of a database cannot be caught up: env.py decides which schemas its revisions \
                       are about";
            let help = "run its own upgrade of this schema with the old revisions (rebaseline archive restore)";
            let refused = Told { outcome: Outcome::Refused, ..own };
            return refused.because(why.to_owned(), help);
        }
        let told = match self.bring(target, &mut own).await {
            Ok(Some(told)) => after_the_stamp(told, own),
            Ok(None) => own,
            Err(error) => self.failed(target, own, &error).await,
        };
        Told { seconds: started.elapsed().as_secs_f64(), ..told }
    }

    /// What is told of a database on which something failed: also where it stands now. What a project's
    /// code says may hold a password.
    async fn failed(&self, target: &Target, own: Told, error: &CatchUpError) -> Told {
        let mut help = error.help();
        if matches!(
            error,
            CatchUpError::Run { .. } | CatchUpError::Lost(_) | CatchUpError::LockLost(_)
        ) {
            let table = &self.newest().version_table;
            let now = match catch_up::look(target, table, self.patience).await {
                Ok(Standing::At(rows)) => format!("it stands at {} now", rows.join(", ")),
                Ok(Standing::Empty) => "it is as empty as before".to_owned(),
                Ok(Standing::Unversioned) => "it has tables and no revision now".to_owned(),
                Err(error) => format!("where it stands now cannot be read ({error})"),
            };
            help = format!("{now}; {help}");
        }
        let refused = Told { outcome: Outcome::Refused, ..own };
        refused.because(redact(&error.to_string()), &redact(&help))
    }

    /// Brings a database to the newest baseline. Gives what the last stamp told; nothing if `own` says it
    /// all.
    async fn bring(&self, target: &Target, own: &mut Told) -> Result<Option<Told>, CatchUpError> {
        let table = &self.newest().version_table;
        let standing = catch_up::look(target, table, self.patience).await?;
        let Some(way) = self.way(&standing) else {
            let write = !self.arguments.dry_run && !self.arguments.behind.sql;
            let told = stamp::stamp(target, self.newest(), self.patience, write).await;
            let sql = self.arguments.behind.sql.then(|| self.sql_of_the_stamp(target, &told));
            return Ok(Some(Told { sql: sql.flatten(), ..told }));
        };
        own.found = (!way.rows.is_empty()).then(|| way.rows.clone());
        own.missing.clone_from(&way.lacking);
        if self.arguments.behind.sql {
            own.sql = Some(self.sql(target, &way).await?);
            return Ok(None);
        }
        if self.arguments.dry_run {
            return Ok(None);
        }
        let mut held = Held::take(target, table, self.patience.connect).await?;
        let told = self.bring_held(target, &mut held, own).await;
        held.release().await;
        told.map(Some)
    }

    async fn bring_held(
        &self,
        target: &Target,
        held: &mut Held,
        own: &mut Told,
    ) -> Result<Told, CatchUpError> {
        let behind = &self.arguments.behind;
        if let Some(folder) = &behind.backup {
            let binaries = behind.pg_bin.as_deref();
            let backup = Backup { folder, binaries, path: &self.settings.path };
            let file = backup.take(held, self.settings.clock.now()).await?;
            own.backup = Some(file.display().to_string());
        }
        let mut before: Option<Way> = None;
        let mut collisions = 0;
        loop {
            // Somebody may have been quicker before we had the lock, and each round changes it.
            let table = &self.newest().version_table;
            let standing = catch_up::look(target, table, self.patience).await?;
            let way = self.way(&standing).filter(|way| before.as_ref() != Some(way));
            let Some(way) = way else {
                return Ok(stamp::stamp(target, self.newest(), self.patience, true).await);
            };
            // What a failed run had applied and its transaction took back.
            own.applied.retain(|revision| !way.lacking.contains(revision));
            let plan = &self.plans[way.number];
            let expected = match self.run(target, held, &way, own).await {
                Err(error) if error.is_collision() && collisions < COLLISIONS => {
                    collisions += 1;
                    tracing::debug!(%target, %error, "once more");
                    tokio::time::sleep(PAUSE * collisions).await;
                    continue;
                }
                expected => expected?,
            };
            if let Some(expected) = expected {
                self.assert_at(target, expected).await?;
            }
            let told = stamp::stamp(target, plan, self.patience, true).await;
            if told.outcome == Outcome::Refused {
                return Ok(told);
            }
            before = Some(way);
        }
    }

    /// Runs what the database lacks of the squash that it stands in, and gives the rows that it should
    /// have then, where they can be told.
    async fn run(
        &self,
        target: &Target,
        held: &mut Held,
        way: &Way,
        own: &mut Told,
    ) -> Result<Option<Vec<String>>, CatchUpError> {
        let history = &self.histories[way.number];
        let lacking =
            if way.rows.is_empty() { way.lacking.clone() } else { history.lacking(&way.rows) };
        if lacking.is_empty() {
            return Ok(None);
        }
        let scripts = self.scripts(way);
        let mut interpreter = self.interpreter()?;
        let tell = |_: &_| tracing::debug!(%target, "an event of the migrations");
        let ran = catch_up::run(held, &scripts, config::inherited(), &mut interpreter, &tell).await;
        match ran {
            Ok(applied) => {
                own.applied.extend(applied);
                self.give_back(interpreter);
                Ok((!way.rows.is_empty()).then(|| history.rows_after(&way.rows, &lacking)))
            }
            Err(error) => {
                if let CatchUpError::Run { applied, .. } = &error {
                    own.applied.extend(applied.iter().cloned());
                }
                Err(error)
            }
        }
    }

    /// Which revisions Alembic sees and runs.
    pub fn scripts(&self, way: &Way) -> Scripts {
        if way.rows.is_empty() {
            let only: BTreeSet<String> = way.lacking.iter().cloned().collect();
            return Scripts { only: Some(only), ..Scripts::default() };
        }
        Scripts {
            locations: Some(self.locations[way.number].clone()),
            only: Some(self.histories[way.number].up_to_the_cut(&way.rows)),
            moved: generations::moved(self.settings, &self.locations[way.number]),
            start: way.rows.clone(),
            ..Scripts::default()
        }
    }

    async fn assert_at(&self, target: &Target, expected: Vec<String>) -> Result<(), CatchUpError> {
        let table = &self.newest().version_table;
        let found = match catch_up::look(target, table, self.patience).await? {
            Standing::At(rows) => rows,
            Standing::Empty | Standing::Unversioned => Vec::new(),
        };
        if found == expected { Ok(()) } else { Err(CatchUpError::NotThere { expected, found }) }
    }
}
