//! `duplicate-revision`: one id, several files. Alembic only warns and lets the file that it reads
//! last win.

use crate::history::{Finding, RevisionId, Severity, SourceFile};

pub(super) fn finding(id: &RevisionId, files: &[SourceFile]) -> Finding {
    let paths = super::quoted(files.iter().map(|file| file.path.display()));
    let same = files.windows(2).all(|pair| pair[0].sha256 == pair[1].sha256);
    let last = files.last().map(|file| file.path.clone());
    let (content, help) = match (&last, same) {
        (Some(last), true) => {
            ("with the same content", format!("remove one of them: `git rm {}`", last.display()))
        }
        _ => (
            "with different content",
            "keep one of them, or give one a new `revision` and put it behind the other with \
             `down_revision`"
                .to_owned(),
        ),
    };
    Finding {
        rule: "duplicate-revision",
        severity: Severity::Error,
        revision: Some(id.to_string()),
        file: last,
        line: None,
        column: None,
        message: format!("revision `{id}` is declared in {paths}, {content}"),
        help,
    }
}
