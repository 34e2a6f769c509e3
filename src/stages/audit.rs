//! Audit: reads every revision file of an Alembic project and links them into a history.
//!
//! Takes the configuration; gives an [`Audit`] with all findings at once, since one broken file
//! must not hide what is wrong in the others. There is a [`History`] only if nothing makes it unusable; what is
//! merely odd does not, whatever the user makes of it. Reads files, writes and runs nothing: there is nothing to leave
//! behind. A database is only asked if one is named ([`database`]).
//!
//! Each rule is a file of its own below `audit/`, and makes the finding it is named after. Files are read and looked at
//! on all cores; the graph afterwards.

mod autocommit_block;
mod choices;
mod concurrently;
mod content;
mod create_all;
mod create_date_order;
mod cycle;
mod dangling_depends_on;
mod data_change;
pub mod database;
mod destructive_change;
mod dialect_branch;
mod duplicate_branch_label;
mod duplicate_revision;
mod empty_downgrade;
mod file_name_differs;
mod files;
mod ignore;
mod imports_application;
mod long_revision_id;
mod merge_conflict;
mod missing_parent;
mod orphan_revision;
mod parallel;
mod read;
mod reads_environment;
mod reads_files;
pub mod rule;
mod several_bases;
mod several_heads;
mod source;
mod sql_file;
#[cfg(test)]
mod tests;
mod unread_parent;
mod unreadable_file;
mod uses_network;
mod volatile_value;

use std::collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry};
use std::ops::Range;
use std::path::PathBuf;

pub use self::choices::{Choices, ChoicesError};
use self::imports_application::Packages;
use self::read::{Looked, Outcome};
use self::rule::Rule;
use crate::format::alembic::file::File;
use crate::format::alembic::ini::AlembicConfig;
use crate::format::alembic::python::{Lines, RevisionSource, read_revision_named};
use crate::history::{
    Finding, History, Position, Revision, RevisionId, Severity, SourceFile, StructureError,
};

/// What an audit found.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    /// Errors first, then by file and line.
    pub findings: Vec<Finding>,
    /// The linked history, if nothing makes it unusable.
    pub history: Option<History>,
    /// What each readable revision file declares. Of an id that is there twice, the first file.
    pub sources: BTreeMap<RevisionId, RevisionSource>,
    /// Every other file below the version locations: data, helper modules, `__init__.py`.
    pub beside: Vec<PathBuf>,
    /// The text of each file that a finding is about.
    pub texts: HashMap<PathBuf, String>,
    /// The tables that the revisions make, as far as their text tells. Empty without the rules on content.
    pub tables: Tables,
}

/// The tables that the revisions make.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// By name, with the schema where it is written.
    pub named: BTreeSet<String>,
    /// Whether others are made by names that only running the files could tell.
    pub others: bool,
}

/// What the rules on structure know: who declares what where, and which files are broken.
#[derive(Default)]
struct Known {
    declared: BTreeMap<RevisionId, (PathBuf, RevisionSource)>,
    /// Files that declare an id which another one has declared, and where.
    again: BTreeMap<PathBuf, Option<Range<usize>>>,
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

    /// A finding about a revision, at a place of its file.
    fn finding(&self, rule: &Rule, id: &RevisionId, place: Option<Range<usize>>) -> Finding {
        let finding = rule.finding().about(id);
        Finding { file: self.file(id).cloned(), span: place, ..finding }
    }

    fn source(&self, id: &RevisionId) -> Option<&RevisionSource> {
        self.declared.get(id).map(|(_, source)| source)
    }
}

/// Every file that Alembic would load as a revision, in its reading order; and those that cannot be read.
pub fn revision_files(config: &AlembicConfig) -> (Vec<File>, Vec<PathBuf>) {
    let files::Listing { files, unreadable, .. } = files::list(config);
    let links: BTreeSet<&PathBuf> = unreadable
        .iter()
        .filter(|(_, problem)| matches!(problem, files::FileProblem::Link { .. }))
        .map(|(file, _)| file)
        .collect();
    let errors = unreadable.iter().filter(|(_, problem)| problem.severity() == Severity::Error);
    let mut broken: Vec<PathBuf> = errors.map(|(file, _)| file.clone()).collect();
    let mut read = Vec::new();
    for file in &files {
        match file.read() {
            Ok(files::Content { text, sha256 }) => read.push(File {
                path: file.path.clone(),
                link: links.contains(&file.path),
                read: read_revision_named(&text, &file.name),
                text,
                sha256,
            }),
            Err(_) => broken.push(file.path.clone()),
        }
    }
    (read, broken)
}

/// Audits the revision files of a project: their structure, as every command needs it.
pub fn audit(config: &AlembicConfig) -> Audit {
    look(config, &Choices::default(), false)
}

/// The same with the user's choices, and with the rules on what the revisions do if `content` says so.
pub fn look(config: &AlembicConfig, choices: &Choices, content: bool) -> Audit {
    let files::Listing { files, unreadable, mut beside } = files::list(config);
    let packages = content.then(|| Packages::of(config));
    let looked = parallel::map(&files, |file| read::look(config, file, packages.as_ref()));

    let mut findings = Vec::new();
    let mut known = Known::default();
    let mut revisions = Vec::new();
    let mut texts = HashMap::with_capacity(files.len());
    let mut ignores = BTreeMap::new();
    let mut tables = Tables::default();
    for (file, problem) in unreadable {
        if problem.severity() == Severity::Error {
            known.broken.push(Broken { file: file.clone(), id: None });
        }
        findings.push(unreadable_file::finding(file, &problem));
    }
    for Looked { path, text, sha256, outcome, findings: found, tables: made, ignores: comments } in
        looked
    {
        findings.extend(found);
        tables.named.extend(made.named);
        tables.others |= made.others;
        match outcome {
            Outcome::Revision(source, sql) => {
                let mut revision = revision(&source, &path, sha256);
                if let Some(owned) = sql {
                    beside.retain(|path| *path != owned.path);
                    revision.files.push(owned);
                }
                revisions.push(revision);
                match known.declared.entry(source.id.clone()) {
                    Entry::Vacant(entry) => {
                        entry.insert((path.clone(), *source));
                    }
                    Entry::Occupied(_) => {
                        let place = source.id_place.map(|place| place.range);
                        known.again.insert(path.clone(), place);
                    }
                }
            }
            Outcome::Broken(id) => known.broken.push(Broken { file: path.clone(), id }),
        }
        texts.insert(path.clone(), text);
        if !comments.is_empty() {
            ignores.insert(path, comments);
        }
    }
    let history = match History::link(revisions) {
        Ok(history) => {
            findings.extend(several_heads::finding(&history));
            findings.extend(several_bases::finding(&history, &known));
            findings.extend(create_date_order::findings(&history, &known));
            Some(history)
        }
        Err(errors) => {
            findings.extend(errors.iter().map(|error| structure(error, &known)));
            findings.extend(orphan_revision::findings(&errors, &known));
            None
        }
    };
    findings.extend(long_revision_id::findings(&known));
    findings.extend(file_name_differs::findings(&known));

    // A rule that makes a history unusable cannot be chosen away, nor ignored.
    let refused = findings.iter().any(|finding| finding.severity == Severity::Error);
    findings.retain(|finding| {
        let ignores = finding.file.as_ref().and_then(|file| ignores.get_mut(file));
        let rule = rule::named(finding.rule);
        !ignores
            .zip(rule)
            .is_some_and(|(ignores, rule)| ignores.ignore(rule, finding.span.as_ref()))
    });
    if content {
        for (file, ignores) in &ignores {
            for (place, message, help) in ignores.unused() {
                findings.push(ignore::RULE.finding().at(file, Some(place)).says(message, help));
            }
        }
    }
    let mut findings: Vec<Finding> =
        findings.into_iter().filter_map(|finding| choices.judge(finding)).collect();
    locate(&mut findings, &mut texts);
    sort(&mut findings);
    let sources = known.declared.into_iter().map(|(id, (_, source))| (id, source)).collect();
    Audit { findings, history: history.filter(|_| !refused), sources, beside, texts, tables }
}

/// Errors first, then by file and line.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| (finding.severity, finding.file.is_none());
        (key(a), &a.file, a.line, a.column, &a.revision).cmp(&(
            key(b),
            &b.file,
            b.line,
            b.column,
            &b.revision,
        ))
    });
}

/// Works out lines and columns, and lets go of the texts that no finding is about.
fn locate(findings: &mut [Finding], texts: &mut HashMap<PathBuf, String>) {
    let mut by_file: HashMap<PathBuf, Vec<&mut Finding>> = HashMap::new();
    for finding in findings {
        if let Some(file) = &finding.file {
            by_file.entry(file.clone()).or_default().push(finding);
        }
    }
    texts.retain(|file, text| {
        let Some(findings) = by_file.remove(file) else { return false };
        let lines = Lines::new(text);
        for finding in findings {
            let Some(span) = &finding.span else { continue };
            let (line, column) = lines.position(span.start);
            (finding.line, finding.column) = (Some(line), Some(column));
            let (line, column) = lines.position(span.end);
            finding.end = Some(Position { line, column });
        }
        true
    });
}

fn structure(error: &StructureError, known: &Known) -> Finding {
    match error {
        StructureError::Duplicate { id, files } => duplicate_revision::finding(id, files, known),
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

fn revision(source: &RevisionSource, path: &std::path::Path, sha256: String) -> Revision {
    Revision {
        id: source.id.clone(),
        parents: source.parents.iter().map(|parent| parent.value.clone()).collect(),
        depends_on: source.depends_on.iter().map(|name| name.value.clone()).collect(),
        labels: source.labels.iter().map(|label| label.value.clone()).collect(),
        message: source.message.clone(),
        created: source.created.clone(),
        files: vec![SourceFile { path: path.to_owned(), sha256 }],
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

/// The first few of them: `` `a`, `b` and 7 more ``.
fn some<T: ToString>(names: &[T], most: usize) -> String {
    if names.len() <= most {
        return quoted(names.iter().map(T::to_string));
    }
    let told = names.iter().take(most).map(|name| format!("`{}`", name.to_string()));
    format!("{} and {} more", told.collect::<Vec<_>>().join(", "), names.len() - most)
}
