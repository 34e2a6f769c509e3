//! Which databases a command is about, and the same work for each of them, some at a time.
//!
//! Takes the command line's targets; gives one answer per target, in their order. One bad target never
//! stops the others.

use std::path::PathBuf;

use futures_util::{StreamExt, stream};
use indicatif::ProgressBar;

use crate::cli::Targets;
use crate::config::{self, SettingsError};
use crate::error::{Explain, Kind, Result};
use crate::files;
use crate::postgres::target::Target;

/// No databases were named.
#[derive(Debug, thiserror::Error)]
pub enum TargetsError {
    /// None at all.
    #[error("no database was named")]
    None,
    /// A bad line of a file.
    #[error("line {line} of `{}` names no database", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        #[source]
        source: SettingsError,
    },
}

impl Explain for TargetsError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "name it: postgresql://USER@HOST/DB, env:NAME of a variable, or --targets FILE"
                .to_owned(),
        ]
    }
}

/// The targets that the arguments and the files name.
pub fn targets(arguments: &Targets) -> Result<Vec<Target>> {
    let mut urls = Vec::new();
    for text in &arguments.urls {
        urls.push(config::url(text)?);
    }
    for file in &arguments.targets {
        let text = files::read_text(file).map_err(SettingsError::from)?;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let url = config::url(line).map_err(|source| TargetsError::Line {
                file: file.clone(),
                line: number + 1,
                source,
            })?;
            urls.push(url);
        }
    }
    if urls.is_empty() {
        return Err(TargetsError::None.into());
    }
    Ok(urls.into_iter().map(Target::from).collect())
}

/// Does the same for each target, so many at once; the answers stand in the order of the targets.
pub async fn each<'a, T, F>(
    targets: &'a [Target],
    jobs: usize,
    bar: &ProgressBar,
    work: impl Fn(&'a Target) -> F,
) -> Vec<T>
where
    F: Future<Output = T>,
{
    let numbered = targets.iter().enumerate().map(|(number, target)| {
        let work = work(target);
        async move {
            let told = work.await;
            bar.inc(1);
            (number, told)
        }
    });
    let mut told: Vec<_> = stream::iter(numbered).buffer_unordered(jobs.max(1)).collect().await;
    told.sort_by_key(|(number, _)| *number);
    told.into_iter().map(|(_, told)| told).collect()
}
