//! One file: read, parsed, and looked at by all rules that need no other file.

use std::path::PathBuf;

use super::content::{self, Subject};
use super::files::{Candidate, Content};
use super::ignore::Ignores;
use super::imports_application::Packages;
use super::{Tables, merge_conflict, source, sql_file, unreadable_file};
use crate::format::alembic::code::Code;
use crate::format::alembic::ini::AlembicConfig;
use crate::format::alembic::python::{Module, RevisionSource};
use crate::history::{Finding, SourceFile};

/// A file that was looked at.
pub(super) struct Looked {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) sha256: String,
    pub(super) outcome: Outcome,
    pub(super) findings: Vec<Finding>,
    pub(super) tables: Tables,
    pub(super) ignores: Ignores,
}

/// What it turned out to be.
pub(super) enum Outcome {
    /// A revision, and the SQL file that belongs to it.
    Revision(Box<RevisionSource>, Option<SourceFile>),
    /// None; its id, if that much could be read.
    Broken(Option<String>),
}

/// Looks at a file; with `packages`, also at what the revision does.
pub(super) fn look(
    config: &AlembicConfig,
    candidate: &Candidate,
    packages: Option<&Packages>,
) -> Looked {
    let path = candidate.path.clone();
    let mut looked = Looked {
        path,
        text: String::new(),
        sha256: String::new(),
        outcome: Outcome::Broken(None),
        findings: Vec::new(),
        tables: Tables::default(),
        ignores: Ignores::default(),
    };
    match candidate.read() {
        Ok(Content { text, sha256 }) => (looked.text, looked.sha256) = (text, sha256),
        Err(problem) => {
            looked.findings.push(unreadable_file::finding(looked.path.clone(), &problem));
            return looked;
        }
    }
    let text = std::mem::take(&mut looked.text);
    let module = Module::parse(&text);
    looked.ignores = Ignores::of(&module);
    match module.read(&candidate.name) {
        Ok(source) => {
            looked.revision(config, source, &text);
            if let (Some(packages), Outcome::Revision(source, _)) = (packages, &looked.outcome) {
                let source = source.clone();
                looked.content(&module, &source, packages);
            }
        }
        Err(broken) => {
            looked.findings.extend(source::findings(&looked.path, &text, &broken));
            looked.outcome = Outcome::Broken(broken.id);
        }
    }
    drop(module);
    looked.text = text;
    looked
}

impl Looked {
    fn revision(&mut self, config: &AlembicConfig, source: RevisionSource, text: &str) {
        self.findings.extend(merge_conflict::finding(&self.path, text, false));
        let sql = source.sql_file.as_ref();
        let sql = match sql.map(|sql| sql_file::read(config, &source.id, &self.path, sql)) {
            Some(Ok(owned)) => Some(owned),
            Some(Err(finding)) => {
                self.findings.push(*finding);
                None
            }
            None => None,
        };
        self.outcome = Outcome::Revision(Box::new(source), sql);
    }

    fn content(&mut self, module: &Module<'_>, source: &RevisionSource, packages: &Packages) {
        let code = Code::of(module);
        (self.tables.named, self.tables.others) = code.tables();
        for (rule, mut seen) in content::look(&Subject { code: &code, source, packages }) {
            // Each place by itself: a comment ignores one of several.
            seen.retain(|seen| !self.ignores.ignore(rule, Some(&seen.range)));
            let Some(first) = seen.first() else { continue };
            let place = Some(first.range.clone());
            let finding = rule.finding().about(&source.id).at(&self.path, place);
            self.findings.push(finding.says(content::message(&seen), rule.help()));
        }
    }
}
