//! History formats: what a format says about its files and how its migrations are run.
//!
//! A format opens no connection, starts no process and writes no file; it returns data, and the stages
//! act on it.

pub mod alembic;
