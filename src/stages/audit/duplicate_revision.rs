//! `duplicate-revision`: one id, several files. Alembic only warns and lets the file that it reads
//! last win.

use super::Known;
use super::rule::{Group, Rule};
use crate::history::{Finding, RevisionId, Severity, SourceFile};

pub(super) const RULE: Rule = Rule {
    code: "duplicate-revision",
    group: Group::Structure,
    severity: Severity::Error,
    fixed: true,
    summary: "several files with the same revision id",
    why: "Alembic only warns, and the file that it reads last wins: what a database gets depends on the order \
          of file names. The finding says whether the files have the same content.",
    mend: "Of files with the same content, remove all but one. Of others keep one, or give one of them a new \
           `revision` and put it behind the other with `down_revision`.",
};

pub(super) fn finding(id: &RevisionId, files: &[SourceFile], known: &Known) -> Finding {
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
    let finding = RULE
        .finding()
        .about(id)
        .says(format!("revision `{id}` is declared in {paths}, {content}"), help);
    // The place is the id in the last of them.
    let span = last.as_ref().and_then(|file| known.again.get(file).cloned().flatten());
    Finding { file: last, span, ..finding }
}
