//! `imports-application`: a revision that imports the application's code, which moves on.
//!
//! What is the application's is looked up, not guessed: a module of the project's folders, as Python would find it there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::content::{Seen, Subject};
use super::rule::{Group, Rule};
use crate::format::alembic::ini::AlembicConfig;
use crate::history::Severity;

pub(super) const RULE: Rule = Rule {
    code: "imports-application",
    group: Group::Content,
    severity: Severity::Warning,
    fixed: false,
    summary: "a revision that imports the application's code",
    why: "The revision does what that code says today, not what it said when the revision was written: once the \
          model, the enum or the setting changes, the history builds another database, or fails. Databases that ran \
          it earlier do not notice. The replay of a squash takes today's code; the baseline itself imports nothing.",
    mend: "Copy what the revision needs into it (a `sa.table()` with the columns that it uses, the values of an \
           enum), or squash it away while it still runs.",
};

/// Names of modules that Python would take from the project.
#[derive(Debug, Default)]
pub(super) struct Packages(BTreeSet<String>);

impl Packages {
    /// Looks into the project's folder, those of `prepend_sys_path`, `src` in each, and the folders above them up to the
    /// repository's.
    pub(super) fn of(config: &AlembicConfig) -> Self {
        let mut packages = Self::default();
        let paths = config.prepend_sys_path.iter().map(|path| config.project.join(path));
        for start in [config.project.clone(), config.here.clone()].into_iter().chain(paths) {
            let repository = start.ancestors().position(|folder| folder.join(".git").exists());
            // Without a repository the folders above are somebody else's.
            for folder in start.ancestors().take(repository.unwrap_or(0) + 1) {
                packages.add(folder);
                packages.add(&folder.join("src"));
            }
        }
        // Alembic's folder is often named after it.
        for library in ["alembic", "sqlalchemy"] {
            packages.0.remove(library);
        }
        packages
    }

    fn add(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(module) = name.strip_suffix(".py") {
                self.0.insert(module.to_owned());
            } else if entry.path().join("__init__.py").is_file() {
                self.0.insert(name);
            }
        }
    }

    fn holds(&self, module: &str) -> bool {
        // A relative import can only lead to the project.
        module.starts_with('.') || self.0.contains(module.split('.').next().unwrap_or_default())
    }
}

pub(super) fn see(subject: &Subject<'_>) -> Vec<Seen> {
    let imports = subject.code.imports().iter();
    let ours = imports.filter(|import| subject.packages.holds(&import.module));
    ours.map(|import| Seen::new(import.range.clone(), format!("imports `{}`", import.module)))
        .collect()
}
