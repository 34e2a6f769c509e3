//! `rebaseline audit`: its flags.
#![expect(clippy::doc_markdown, reason = "these comments are the help pages")]

use std::time::Duration;

use clap::Args;

/// `rebaseline audit`
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Besides text, json and jsonl, --format takes here:\n  \
    sarif   SARIF 2.1.0, for code scanning\n  \
    github  annotations of GitHub's workflows\n\n\
    Rules are switched off, lowered or raised under [audit.rules] of rebaseline.toml, and by comments: \
    `# rebaseline: ignore[RULE]` for a statement, `# rebaseline: ignore-file[RULE]` for a file.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Audit {
    /// Several heads are an error
    #[arg(long)]
    pub single_head: bool,
    /// Warnings lead to exit code 1, as errors do
    #[arg(long)]
    pub strict: bool,
    /// Only what concerns files and graph; leave out what the revisions do
    #[arg(long, conflicts_with = "database")]
    pub structure: bool,
    /// Compare this database with the history, read-only (a URL, or env:NAME)
    #[arg(long, value_name = "URL", help_heading = "A database")]
    pub database: Option<String>,
    /// The version table [default: alembic_version, where the search path leads]
    #[arg(long, value_name = "[SCHEMA.]TABLE", help_heading = "A database", requires = "database")]
    pub version_table: Option<String>,
    /// How long to wait for a connection, in seconds
    #[arg(long, default_value = "10", value_parser = super::fleet::seconds, value_name = "SECONDS", help_heading = "A database")]
    pub connect_timeout: Duration,
    /// List all rules
    #[arg(long, help_heading = "Rules", conflicts_with = "explain")]
    pub list_rules: bool,
    /// Explain a rule: what it means, and how to mend what it finds
    #[arg(long, value_name = "RULE", help_heading = "Rules")]
    pub explain: Option<String>,
}
