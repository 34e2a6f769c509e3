//! Audit: reads every revision file of an Alembic project and links them into a history.
//!
//! Takes the configuration; gives an [`Audit`] with all findings at once, since one broken file
//! must not hide what is wrong in the others. There is a [`History`] only if no finding is an error.
//! Reads files, writes and runs nothing: there is nothing to leave behind.
//!
//! Each rule is a file of its own below `audit/`, and makes the finding it is named after.

mod cycle;
mod dangling_depends_on;
mod duplicate_branch_label;
mod duplicate_revision;
mod files;
mod missing_parent;
mod several_heads;
mod source;
mod sql_file;
#[cfg(test)]
mod tests;
mod unreadable_file;

use std::collections::{BTreeMap, btree_map::Entry};
use std::path::PathBuf;

use crate::format::alembic::ini::AlembicConfig;
use crate::format::alembic::python::{RevisionSource, read_revision_named};
use crate::history::{
    Finding, History, Revision, RevisionId, Severity, SourceFile, StructureError,
};

/// What an audit found.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    /// Errors first, then by file and line.
    pub findings: Vec<Finding>,
    /// The linked history, if no finding is an error.
    pub history: Option<History>,
    /// What each readable revision file declares. Of an id that is there twice, the first file.
    pub sources: BTreeMap<RevisionId, RevisionSource>,
    /// Every other file below the version locations: data, helper modules, `__init__.py`.
    pub beside: Vec<PathBuf>,
}

/// What the rules on structure know: who declares what where, and which files are broken.
#[derive(Default)]
struct Known {
    declared: BTreeMap<RevisionId, (PathBuf, RevisionSource)>,
    broken: Vec<Broken>,
}

/// A file that should be a revision and could not be read as one.
struct Broken {
    file: PathBuf,
    /// Its id, if that much could be read.
    id: Option<String>,
}

impl Known {
    fn file(&self, id: &RevisionId) -> Option<&PathBuf> {
        self.declared.get(id).map(|(file, _)| file)
    }

    /// An error about a revision, at `line` of its file.
    fn error(&self, rule: &'static str, id: &RevisionId, line: Option<u32>) -> Finding {
        Finding {
            rule,
            severity: Severity::Error,
            revision: Some(id.to_string()),
            file: self.file(id).cloned(),
            line,
            column: None,
            message: String::new(),
            help: String::new(),
        }
    }

    fn source(&self, id: &RevisionId) -> Option<&RevisionSource> {
        self.declared.get(id).map(|(_, source)| source)
    }
}

/// Audits the revision files of a project.
pub fn audit(config: &AlembicConfig) -> Audit {
    let files::Listing { files, unreadable, mut beside } = files::list(config);
    let mut findings = Vec::new();
    let mut known = Known::default();
    let mut revisions = Vec::new();

    for (file, problem) in unreadable {
        if problem.severity() == Severity::Error {
            known.broken.push(Broken { file: file.clone(), id: None });
        }
        findings.push(unreadable_file::finding(file, &problem));
    }
    for file in files {
        match read_revision_named(&file.text, &file.name) {
            Ok(source) => {
                let mut revision = revision(&source, &file);
                if let Some(sql) = &source.sql_file {
                    match sql_file::read(config, &source.id, &file.path, sql) {
                        Ok(owned) => {
                            beside.retain(|path| *path != owned.path);
                            revision.files.push(owned);
                        }
                        Err(finding) => findings.push(*finding),
                    }
                }
                revisions.push(revision);
                if let Entry::Vacant(entry) = known.declared.entry(source.id.clone()) {
                    entry.insert((file.path, source));
                }
            }
            Err(broken) => {
                findings.extend(source::findings(&file.path, &broken));
                known.broken.push(Broken { file: file.path, id: broken.id });
            }
        }
    }
    let history = match History::link(revisions) {
        Ok(history) => {
            findings.extend(several_heads::finding(&history));
            Some(history)
        }
        Err(errors) => {
            findings.extend(errors.iter().map(|error| structure(error, &known)));
            None
        }
    };

    findings.sort_by(|a, b| {
        let key = |finding: &Finding| (finding.severity, finding.file.is_none());
        (key(a), &a.file, a.line, &a.revision).cmp(&(key(b), &b.file, b.line, &b.revision))
    });
    let refused = findings.iter().any(|finding| finding.severity == Severity::Error);
    let sources = known.declared.into_iter().map(|(id, (_, source))| (id, source)).collect();
    Audit { findings, history: history.filter(|_| !refused), sources, beside }
}

fn structure(error: &StructureError, known: &Known) -> Finding {
    match error {
        StructureError::Duplicate { id, files } => duplicate_revision::finding(id, files),
        StructureError::MissingParent { id, parent, label_of } => {
            missing_parent::finding(id, parent, label_of.as_ref(), known)
        }
        StructureError::Cycle { ids } => cycle::finding(ids, known),
        StructureError::DanglingDependency { id, depends_on, candidates } => {
            dangling_depends_on::finding(id, depends_on, candidates, known)
        }
        StructureError::DuplicateLabel { label, id, other } => {
            duplicate_branch_label::finding(label, id, other, known)
        }
    }
}

fn revision(source: &RevisionSource, file: &files::RevisionFile) -> Revision {
    Revision {
        id: source.id.clone(),
        parents: source.parents.iter().map(|parent| parent.value.clone()).collect(),
        depends_on: source.depends_on.iter().map(|name| name.value.clone()).collect(),
        labels: source.labels.iter().map(|label| label.value.clone()).collect(),
        message: source.message.clone(),
        created: source.created.clone(),
        files: vec![SourceFile { path: file.path.clone(), sha256: file.sha256.clone() }],
    }
}

/// Ids or files for a message: `` `a`, `b` and `c` ``.
fn quoted<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let mut names: Vec<String> =
        names.into_iter().map(|name| format!("`{}`", name.to_string())).collect();
    match names.pop() {
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} and {last}", names.join(", ")),
        None => String::new(),
    }
}
