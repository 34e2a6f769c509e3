//! What a run may be led to. Anything else cannot be named in a [`Job`](crate::run::Job).
//!
//! Three things are a place: a scratch database, nowhere (for SQL that is only written), and a target
//! that a catch-up holds locked. The last one is made in `stages::catch_up` alone, by taking the lock; so
//! no other stage can send migrations to a database that is not ours.

use std::fmt;

use crate::postgres::address::Address;
use crate::postgres::destination::Destination;
use crate::postgres::scratch::ScratchDb;

/// Where a run's connections end.
pub trait Place: fmt::Debug + Sync {
    /// The one database that they are led to.
    fn destination(&self) -> Destination;

    /// The scratch database that it is, if it is one: its server can be watched for a run that waits on
    /// itself. On others' servers a wait for somebody else's session looks the same.
    fn scratch(&self) -> Option<&ScratchDb> {
        None
    }

    /// What must be seen from inside the database before the first revision runs.
    fn proof(&self) -> Option<Proof> {
        None
    }
}

/// An advisory lock of ours in this database. `pg_locks` shows it to every session of the same database,
/// and to none of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// The lock's first number.
    pub class: i32,
    /// The second.
    pub object: i32,
}

impl Place for ScratchDb {
    fn destination(&self) -> Destination {
        self.destination()
    }

    fn scratch(&self) -> Option<&ScratchDb> {
        Some(self)
    }
}

/// No database: every connection fails.
#[derive(Debug, Clone, Copy)]
pub struct Nowhere;

impl Place for Nowhere {
    fn destination(&self) -> Destination {
        let address = Address {
            host: "/nonexistent".to_owned(),
            port: 1,
            user: "nobody".to_owned(),
            password: None,
            ssl_mode: None,
        };
        Destination { address, database: "nowhere".to_owned(), more: Vec::new() }
    }
}
