//! PostgreSQL as rebaseline uses it: the binaries of a server, private clusters, scratch databases.
//!
//! A private cluster lives in a folder of its own, listens on a unix socket only and is gone when
//! we are, even after `kill -9`. A scratch database carries a name that is checked before every
//! connection and before every drop.

pub mod address;
pub mod binaries;
pub mod catalog;
pub mod cluster;
pub mod connect;
pub mod destination;
pub mod facts;
pub mod holding;
pub mod identifier;
pub mod inventory;
pub mod live;
pub mod passfile;
pub mod programs;
pub mod run_folder;
pub mod said;
pub mod scratch;
pub mod server;
pub mod session;
pub mod stall;
pub mod stopwatch;
pub mod target;
pub mod template;
pub mod turn;
pub mod url;
