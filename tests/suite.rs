//! One test binary: the stages and the commands on real PostgreSQL and real Alembic.
//!
//! What is missing fails with the command that installs it; nothing is skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, reason = "tests prepare and inspect files by themselves")]
#![allow(clippy::format_collect, clippy::case_sensitive_file_extension_comparisons)]

mod support;

mod cases;
