//! Alembic: its configuration, its revision files read statically, and how its migrations are run.

pub mod bridge;
pub mod code;
pub mod configparser;
pub mod file;
pub mod filename;
pub mod ini;
pub mod literal;
pub mod mend;
pub mod plain;
pub mod printf;
pub mod python;
pub mod recipe;
pub mod rewrite;
