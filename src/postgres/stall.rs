//! Finds a replay that waits on itself.
//!
//! A revision that opens a second connection can wait for a lock which its own first connection
//! holds: the server sees no deadlock, because the first session is idle in its transaction, and the
//! replay would hang for ever. A session that waits for a lock, while everyone who blocks it is idle
//! in a transaction or waits too, and this stays so for a while, is such a stall. (Seen in real
//! histories; `pg_blocking_pids` is documented in PostgreSQL's "System Information Functions".)

use std::time::Duration;

use sqlx::postgres::PgConnection;

/// One waiting session and who blocks it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Stall {
    /// The waiting statement.
    pub statement: String,
    /// The blocking session's last statement.
    pub blocker: String,
    /// The blocking session's state, e.g. `idle in transaction`.
    pub blocker_state: String,
}

/// Sessions of this database that have waited for at least `$1` seconds and are blocked only by
/// sessions that do nothing for as long.
const QUERY: &str = "
with session as (
    select pid, state, query, wait_event_type, pg_blocking_pids(pid) as blockers,
           extract(epoch from clock_timestamp() - state_change)::float8 as since
      from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()
)
select waiting.query as statement, blocker.query as blocker, blocker.state as blocker_state
  from session waiting
  join session blocker on blocker.pid = any (waiting.blockers)
 where waiting.wait_event_type = 'Lock' and waiting.state = 'active'
   and waiting.since >= $1 and blocker.since >= $1
   and not exists (
       select from session other
        where other.pid = any (waiting.blockers)
          and not (other.state like 'idle in transaction%' or other.wait_event_type = 'Lock'))
   and exists (
       select from session other
        where other.state like 'idle in transaction%' and other.since >= $1)
 order by waiting.since desc
 limit 1";

/// Asks once whether something has stalled for this long.
pub async fn look(
    connection: &mut PgConnection,
    patience: Duration,
) -> Result<Option<Stall>, sqlx::Error> {
    sqlx::query_as(QUERY).bind(patience.as_secs_f64()).fetch_optional(connection).await
}
