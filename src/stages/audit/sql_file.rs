//! `baseline-sql-file`: a large baseline keeps its SQL in a file beside itself, and knows its checksum.
//!
//! Such a file is a part of its revision: it goes into the archive and out of the project with it. One that
//! is not there, or another, would stop the baseline in the middle of an upgrade.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::files;
use crate::format::alembic::ini::AlembicConfig;
use crate::format::alembic::python::SqlFile;
use crate::history::{Finding, RevisionId, Severity, SourceFile};
use crate::schema;

/// The SQL file of a revision, or what is wrong with it.
pub(super) fn read(
    config: &AlembicConfig,
    id: &RevisionId,
    revision: &Path,
    sql: &SqlFile,
) -> Result<SourceFile, Box<Finding>> {
    let path = revision.with_file_name(&sql.name);
    let wrong = |message: String| {
        Box::new(Finding {
            rule: "baseline-sql-file",
            severity: Severity::Error,
            revision: Some(id.to_string()),
            file: Some(revision.to_owned()),
            line: Some(sql.line),
            column: None,
            message,
            help: format!(
                "take `{}` from version control again, with its line ends as they are \
                 (`*.sql -text` in .gitattributes keeps git from changing them)",
                path.display()
            ),
        })
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
