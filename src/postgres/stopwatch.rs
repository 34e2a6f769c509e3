//! When a run was: by the server's clock and by that of this machine, which revisions read too.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;

use crate::config;
use crate::postgres::facts;
use crate::schema::volatile::clock::Window;

/// The beginning of a run.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    from: DateTime<Utc>,
}

impl Stopwatch {
    /// It begins.
    pub async fn start(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let server = facts::clock(connection).await?;
        Ok(Self { from: server.min(config::machine_time().to_utc()) })
    }

    /// It has ended, or has come so far.
    pub async fn stop(self, connection: &mut PgConnection) -> Result<Window, sqlx::Error> {
        let here = config::machine_time();
        let to = facts::clock(connection).await?.max(here.to_utc());
        let mut zones = vec![0];
        for zone in [here.offset().local_minus_utc(), facts::zone(connection).await?] {
            if !zones.contains(&zone) {
                zones.push(zone);
            }
        }
        Ok(Window { from: self.from.naive_utc(), to: to.naive_utc(), zones })
    }
}
