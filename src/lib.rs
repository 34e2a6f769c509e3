//! rebaseline squashes a long PostgreSQL migration history into one baseline revision, and proves that
//! the baseline makes the same database before a file is touched.
//!
//! The flow: [`stages::audit`] reads the revision files without running them. [`stages::replay`] lets
//! the project's own Alembic run them on a private scratch server. [`stages::dump`] tells what they
//! made, [`stages::render`] turns it into one revision, and [`stages::prove`] runs that revision on a
//! second server and compares. [`stages::swap`] archives the old files and puts the baseline in.
//! [`stages::stamp`] brings existing databases along. [`commands::squash`] tells this story in code:
//! read it first.
//!
//! Below the stages: [`history`] is the pure graph, [`format`] knows Alembic's files, [`run`] runs
//! migrations, [`schema`] compares what databases hold, [`postgres`] has servers and scratch databases.
//! [`process`] alone spawns, [`files`] alone writes, [`report`] alone prints.

pub mod cli;
pub mod commands;
pub mod config;
pub mod error;
pub mod files;
pub mod format;
pub mod history;
pub mod interruption;
pub mod journal;
pub mod likeness;
pub mod postgres;
pub mod process;
pub mod report;
pub mod run;
pub mod schema;
pub mod stages;
