//! `baseline-sql-file`: a large baseline keeps its SQL in a file beside itself, and knows its checksum.
//!
//! Such a file is a part of its revision: it goes into the archive and out of the project with it. One that
//! is not there, or another, would stop the baseline in the middle of an upgrade.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::rule::{Group, Rule};
use crate::files;
use crate::format::alembic::ini::AlembicConfig;
use crate::format::alembic::python::SqlFile;
use crate::history::{Finding, RevisionId, Severity, SourceFile};
use crate::schema;

pub(super) const RULE: Rule = Rule {
    code: "baseline-sql-file",
    group: Group::Structure,
    severity: Severity::Error,
    fixed: true,
    summary: "the SQL file of a large baseline is missing or was changed",
    why: "A large baseline keeps its SQL in a file beside itself and knows its checksum. Without it the upgrade \
          would stop in the middle.",
    mend: "Take the file from version control again, with its line ends as they are (`*.sql -text` in \
           .gitattributes keeps git from changing them).",
};

/// The SQL file of a revision, or what is wrong with it.
pub(super) fn read(
    config: &AlembicConfig,
    id: &RevisionId,
    revision: &Path,
    sql: &SqlFile,
) -> Result<SourceFile, Box<Finding>> {
    let path = revision.with_file_name(&sql.name);
    let wrong = |message: String| {
        let help = format!(
            "take `{}` from version control again, with its line ends as they are \
             (`*.sql -text` in .gitattributes keeps git from changing them)",
            path.display()
        );
        let place = Some(sql.range.clone());
        Box::new(RULE.finding().about(id).at(revision, place).says(message, help))
    };
    let bytes = files::read(&config.project.join(&path))
        .map_err(|error| wrong(format!("the SQL file of `{id}` cannot be read: {error}")))?;
    let sha256 = schema::hex(&Sha256::digest(&bytes));
    if sha256 != sql.sha256 {
        let name = &sql.name;
        return Err(wrong(format!("`{name}` is not the file that revision `{id}` was made with")));
    }
    Ok(SourceFile { path, sha256 })
}
