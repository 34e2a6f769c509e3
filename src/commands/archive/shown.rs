//! What `archive` tells of archives, as text and as JSON.

use std::path::Path;

use rebaseline_archive::{
    Archive as Opened, Manifest, Origin, RepairArchive, RepairManifest, Stored, Tool,
};
use serde::Serialize;

use crate::commands::archives::Archives;
use crate::report::{Printable, count};

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

/// One archive in the list.
#[derive(Debug, Serialize)]
pub struct Line {
    pub file: String,
    /// `squash` or `repair`.
    pub kind: &'static str,
    pub created: String,
    /// Empty for a repair.
    pub baseline: String,
    pub replaces: Vec<String>,
    pub revisions: usize,
    pub files: usize,
    pub bytes: u64,
    pub sha256: String,
}

impl Line {
    fn new(path: &Path, archive: &Opened) -> Self {
        let manifest = archive.manifest();
        Self {
            file: path.display().to_string(),
            kind: "squash",
            created: manifest.created.clone(),
            baseline: joined(manifest.baselines().map(|b| b.revision.clone())),
            replaces: manifest.baselines().flat_map(|b| b.replaces.clone()).collect(),
            revisions: manifest.history.revisions.len() - manifest.history.kept.len(),
            files: manifest.files.len(),
            bytes: archive.bytes(),
            sha256: archive.sha256().to_string(),
        }
    }

    fn of_repair(path: &Path, archive: &RepairArchive) -> Self {
        let stored = Stored::Repair(Box::new(archive.clone()));
        Self {
            file: path.display().to_string(),
            kind: "repair",
            created: archive.manifest().created.clone(),
            baseline: String::new(),
            replaces: Vec::new(),
            revisions: 0,
            files: archive.manifest().files.len(),
            bytes: stored.bytes(),
            sha256: stored.sha256().to_string(),
        }
    }

    /// Squashes first, then repairs.
    pub fn all(archives: &Archives) -> Vec<Self> {
        let squashes = archives.iter().map(|(path, archive)| Self::new(path, archive));
        let repairs = archives.repairs().map(|(path, archive)| Self::of_repair(path, archive));
        squashes.chain(repairs).collect()
    }

    fn text(&self) -> String {
        if self.kind == "repair" {
            let files = count(self.files as u64, "old file", "old files");
            return format!("{}  {}  repair, {files}", self.file, self.created);
        }
        format!(
            "{}  {}  {} -> {}",
            self.file,
            self.created,
            count(self.revisions as u64, "revision", "revisions"),
            self.baseline
        )
    }
}

#[derive(Debug, Serialize)]
pub struct Listed {
    pub archives: Vec<Line>,
}

impl Printable for Listed {
    fn text(&self) -> String {
        self.archives.iter().map(Line::text).collect::<Vec<_>>().join("\n")
    }
}

#[derive(Debug, Serialize)]
pub struct Shown {
    pub file: String,
    pub sha256: String,
    pub manifest: Manifest,
}

impl Printable for Shown {
    fn text(&self) -> String {
        let manifest = &self.manifest;
        let mut lines = head(&self.file, &self.sha256, &manifest.created, &manifest.tool);
        for baseline in manifest.baselines() {
            lines.push(format!("baseline   {} in {}", baseline.revision, baseline.file));
            lines.push(format!("stands for {}", baseline.replaces.join(", ")));
        }
        lines.extend(origin(&manifest.origin));
        for revision in &manifest.history.revisions {
            let skipped = manifest.origin.skipped.contains(&revision.id);
            lines.push(format!(
                "  {}  {}{}",
                revision.id,
                revision.message.lines().next().unwrap_or(""),
                if skipped { "  (not run: --skip)" } else { "" }
            ));
        }
        lines.join("\n")
    }
}

/// What is told of every archive.
fn head(file: &str, sha256: &str, created: &str, tool: &Tool) -> Vec<String> {
    vec![
        format!("archive    {file}"),
        format!("sha256     {sha256}"),
        format!("created    {created} by {} {}", tool.name, tool.version),
    ]
}

/// How the schema was come by, where the history was not replayed as it is.
fn origin(origin: &Origin) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(env) = &origin.env {
        lines.push(format!("env.py     {env}"));
    }
    if let Some(database) = &origin.database {
        lines.push(format!("taken from {} (PostgreSQL {})", database.place, database.server));
        if !database.seed_tables.is_empty() {
            lines.push(format!("rows of    {}", database.seed_tables.join(", ")));
        }
        for object in &database.left_out {
            lines.push(format!("left out   {object}"));
        }
    }
    lines
}

#[derive(Debug, Serialize)]
pub struct ShownRepair {
    pub file: String,
    pub sha256: String,
    pub manifest: RepairManifest,
}

impl Printable for ShownRepair {
    fn text(&self) -> String {
        let manifest = &self.manifest;
        let mut lines = head(&self.file, &self.sha256, &manifest.created, &manifest.tool);
        lines.push("repair     of these files".to_owned());
        for mend in &manifest.mends {
            lines.push(format!("  {}", mend.path));
            lines.extend(mend.reasons.iter().map(|reason| format!("      {reason}")));
        }
        lines.join("\n")
    }
}

#[derive(Debug, Serialize)]
pub struct Verified {
    pub outcome: &'static str,
    pub archives: Vec<Line>,
}

impl Printable for Verified {
    fn text(&self) -> String {
        let line = |l: &Line| {
            format!(
                "{}: {}, all as in the manifest",
                l.file,
                count(l.files as u64, "file", "files")
            )
        };
        self.archives.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

#[derive(Debug, Serialize)]
pub struct Restored {
    pub outcome: &'static str,
    pub into: String,
    pub files: usize,
}

impl Printable for Restored {
    fn text(&self) -> String {
        format!("{} written into {}", count(self.files as u64, "file", "files"), self.into)
    }
}
