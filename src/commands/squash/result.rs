//! What a squash tells: the line of each stage, and the result as text and as JSON.

use std::time::Instant;

use rebaseline_archive::Origin;
use serde::{Serialize, Serializer};

use crate::commands::squash::place::short_version;
use crate::history::{Cut, Finding, History, Severity};
use crate::postgres::server::Server;
use crate::report::{Printable, Report, count};
use crate::run::Applied;
use crate::schema::Counts;
use crate::schema::plain::PlainUser;
use crate::schema::volatile::Told;
use crate::stages::dump::SchemaDump;
use crate::stages::prove::{Drifted, Offline, Proof};
use crate::stages::render::{Baseline, FileChange};
use crate::stages::replay::Replayed;
use crate::stages::swap::Receipt;

/// Times the stages and tells each one's line when it is done.
pub struct Stages<'a> {
    report: &'a Report,
    started: Instant,
    seconds: Vec<(&'static str, f64)>,
}

impl<'a> Stages<'a> {
    /// The first stage begins now.
    pub fn new(report: &'a Report) -> Self {
        Self { report, started: Instant::now(), seconds: Vec::new() }
    }

    /// A stage is done; the next begins.
    pub fn done(&mut self, stage: &'static str, what: String) {
        let took = self.started.elapsed();
        self.report.stage(stage, what, took);
        self.seconds.push((stage, took.as_secs_f64()));
        self.started = Instant::now();
    }

    /// The seconds of all stages.
    pub fn seconds(self) -> Seconds {
        let mut seconds = self.seconds;
        seconds.push(("total", self.report.elapsed()));
        Seconds(seconds)
    }
}

/// Seconds by stage, in the order of the stages, and the total.
#[derive(Debug)]
pub struct Seconds(Vec<(&'static str, f64)>);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(stage, seconds)| (stage, rounded(*seconds))))
    }
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// The whole result.
#[derive(Debug, Serialize)]
pub struct SquashResult {
    outcome: &'static str,
    history: HistoryPart,
    baseline: BaselinePart,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    more_baselines: Vec<BaselinePart>,
    rewritten: Vec<String>,
    schema: Counts,
    volatile: Vec<Told>,
    volatile_schema: Vec<String>,
    #[serde(skip_serializing_if = "Origin::is_plain")]
    origin: Origin,
    proof: ProofPart,
    archive: Option<ArchivePart>,
    slowest: Vec<Slow>,
    seconds: Seconds,
}

#[derive(Debug, Serialize)]
struct HistoryPart {
    revisions: usize,
    heads: Vec<String>,
    bases: Vec<String>,
    squashed: usize,
    kept: usize,
}

#[derive(Debug, Serialize)]
struct BaselinePart {
    revision: String,
    replaces: Vec<String>,
    file: String,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    sql_file: Option<String>,
    statements: usize,
}

impl BaselinePart {
    fn new(baseline: &Baseline) -> Self {
        Self {
            revision: baseline.revision.to_string(),
            replaces: baseline.replaces.iter().map(ToString::to_string).collect(),
            file: baseline.file.display().to_string(),
            bytes: baseline.bytes.len(),
            sql_file: baseline.sql_file.as_ref().map(|file| file.path.display().to_string()),
            statements: baseline.statements,
        }
    }
}

#[derive(Debug, Serialize)]
struct ProofPart {
    equal: bool,
    compared: usize,
    roundtrip_drift: Vec<String>,
    roundtrip_changes: Vec<Drifted>,
    offline: Offline,
    plain_user: PlainUser,
}

#[derive(Debug, Serialize)]
struct ArchivePart {
    file: String,
    files: usize,
    sha256: String,
    /// What `undo` needs to be told to find the archive.
    #[serde(skip)]
    undo: String,
}

/// A revision and its time.
#[derive(Debug, Serialize)]
pub struct Slow {
    revision: String,
    seconds: f64,
}

impl SquashResult {
    /// Puts the result together. A [`Proof`] exists only where the databases are equal.
    #[expect(clippy::too_many_arguments, reason = "one part of the result each")]
    pub fn new(
        history: &History,
        cut: &Cut,
        baselines: &[Baseline],
        rewritten: &[FileChange],
        dump: &SchemaDump,
        proof: &Proof,
        receipt: Option<&Receipt>,
        named_folder: bool,
        slowest: Vec<Slow>,
        seconds: Seconds,
    ) -> Self {
        Self {
            outcome: if receipt.is_some() { "squashed" } else { "dry_run" },
            history: HistoryPart {
                revisions: history.len(),
                heads: history.heads().iter().map(ToString::to_string).collect(),
                bases: history.bases().iter().map(ToString::to_string).collect(),
                squashed: cut.squashed().len(),
                kept: cut.kept().len(),
            },
            baseline: BaselinePart::new(&baselines[0]),
            more_baselines: baselines.iter().skip(1).map(BaselinePart::new).collect(),
            rewritten: rewritten.iter().map(|change| change.path.display().to_string()).collect(),
            schema: dump.counts.clone(),
            volatile: dump.volatile.told.clone(),
            volatile_schema: dump.volatile.schema.clone(),
            origin: dump.origin.clone(),
            proof: ProofPart {
                equal: true,
                compared: proof.compared(),
                roundtrip_drift: proof.roundtrip_drift(),
                roundtrip_changes: proof.roundtrip_changes().to_vec(),
                offline: proof.offline().clone(),
                plain_user: proof.plain_user().clone(),
            },
            archive: receipt.map(|receipt| ArchivePart {
                file: receipt.archive.to_string(),
                files: receipt.files,
                sha256: receipt.sha256.to_string(),
                undo: if named_folder {
                    format!("rebaseline undo --archive {}", receipt.archive)
                } else {
                    "rebaseline undo".to_owned()
                },
            }),
            slowest,
            seconds,
        }
    }
}

impl Printable for SquashResult {
    fn text(&self) -> String {
        let squashed = count(self.history.squashed as u64, "revision", "revisions");
        let all = || std::iter::once(&self.baseline).chain(&self.more_baselines);
        let places: Vec<_> =
            all().map(|b| format!("{} (revision {})", b.file, b.revision)).collect();
        let places = places.join(", ");
        let mut lines = Vec::new();
        match &self.archive {
            Some(archive) => {
                lines.push(format!("{squashed} squashed into {places}"));
                lines.push(format!(
                    "the old files are in {}; {} puts them back",
                    archive.file, archive.undo
                ));
                let replaced: Vec<_> = all().flat_map(|b| b.replaces.iter().cloned()).collect();
                let replaced = replaced.join(", ");
                if all().all(|baseline| baseline.replaces == [baseline.revision.clone()]) {
                    let later = if self.history.kept == 0 { "" } else { " or later" };
                    let keeps = match self.more_baselines[..] {
                        [] => "the baseline keeps that id",
                        _ => "the baselines keep these ids",
                    };
                    lines.push(format!(
                        "databases that stand at {replaced}{later} need nothing: {keeps}"
                    ));
                } else {
                    lines.push(format!(
                        "databases that stand at {replaced}: rebaseline stamp URL..."
                    ));
                }
                if !self.rewritten.is_empty() {
                    let files = count(self.rewritten.len() as u64, "kept file", "kept files");
                    lines.push(format!(
                        "{files} now build on the baseline: {}",
                        self.rewritten.join(", ")
                    ));
                }
            }
            None => {
                lines
                    .push(format!("{squashed} can be squashed into {places}; nothing was written"));
            }
        }
        lines.join("\n")
    }
}

/// The five slowest revisions.
pub fn slowest(applied: &[Applied]) -> Vec<Slow> {
    let mut applied: Vec<&Applied> = applied.iter().collect();
    applied.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    let slow = applied.into_iter().take(5);
    slow.map(|a| Slow { revision: a.revision.clone(), seconds: rounded(a.seconds) }).collect()
}

/// What a user on a terminal is asked before files are replaced.
pub fn question(cut: &Cut, baselines: &[Baseline]) -> String {
    let squashed = count(cut.squashed().len() as u64, "revision", "revisions");
    let files: Vec<_> = baselines.iter().map(|b| b.file.display().to_string()).collect();
    format!("Replace {squashed} by {}?", files.join(", "))
}

/// The line of the audit.
pub fn audited(history: &History, cut: &Cut, findings: &[Finding]) -> String {
    let mut text = format!(
        "{}, {}, {}",
        count(history.len() as u64, "revision", "revisions"),
        count(history.heads().len() as u64, "head", "heads"),
        count(history.merges() as u64, "merge", "merges"),
    );
    if !cut.kept().is_empty() {
        text += &format!(", {} to squash, {} kept", cut.squashed().len(), cut.kept().len());
    }
    // What is only worth knowing is for `audit` to tell.
    let told = findings.iter().filter(|finding| finding.severity != Severity::Info).count();
    if told > 0 {
        text += &format!(", {}", count(told as u64, "finding", "findings"));
    }
    text
}

/// What a user may not expect of the cut.
pub fn about_cut(history: &History, cut: &Cut, keep: Option<usize>) -> Vec<String> {
    let Some(keep) = keep.filter(|keep| cut.kept().len() > *keep) else { return Vec::new() };
    let why = Cut::in_the_way(history, keep).map_or_else(String::new, |(kept, lacks)| {
        let lacks: Vec<_> = lacks.iter().map(|id| format!("`{id}`")).collect();
        format!(
            ": `{kept}` would stay, and it builds on some of the older ones without {}",
            lacks.join(", ")
        )
    });
    vec![format!(
        "{} revisions are kept instead of {keep}, because a later cut would split branches{why}; \
         without --keep all of them are squashed",
        cut.kept().len()
    )]
}

/// What is said of a history that can be run in steps and not in one upgrade.
pub fn in_steps_only(why: &str) -> String {
    format!(
        "a new database could not be made by one upgrade of the history, only by one up to the cut and another one \
         from there: {why}"
    )
}

/// The line of the replay.
pub fn replayed(replayed: &Replayed, cut: &Cut, server: &Server) -> String {
    let (applied, squashed) = (replayed.applied.len(), cut.squashed().len());
    let revisions = count(squashed as u64, "revision", "revisions");
    // One branch after the other, each with a dump behind it.
    let some = if applied < squashed { format!("{applied} of ") } else { String::new() };
    format!("{some}{revisions} on {}", short_version(server.version()))
}

/// The line of the dump.
pub fn dumped(dump: &SchemaDump) -> String {
    let counts = &dump.counts;
    format!(
        "{}, {}, {}, {}",
        count(counts.tables, "table", "tables"),
        count(counts.indexes, "index", "indexes"),
        count(counts.functions, "function", "functions"),
        count(counts.seed_rows, "seed row", "seed rows"),
    )
}

/// The line of the rendering.
pub fn rendered(baselines: &[Baseline]) -> String {
    let statements = baselines.iter().map(|baseline| baseline.statements as u64).sum();
    let statements = count(statements, "statement", "statements");
    let bytes: usize = baselines.iter().map(|baseline| baseline.bytes.len()).sum();
    let files: Vec<_> = baselines.iter().filter_map(|b| b.sql_file.as_ref()).collect();
    let sql: usize = files.iter().map(|file| file.bytes).sum();
    let beside = match files.len() {
        0 => String::new(),
        number => format!(" and {sql} in {}", count(number as u64, "SQL file", "SQL files")),
    };
    let ids: Vec<_> = baselines.iter().map(|baseline| baseline.revision.as_str()).collect();
    let revisions = if ids.len() == 1 { "revision" } else { "revisions" };
    format!("{statements}, {bytes} bytes{beside}, {revisions} {}", ids.join(", "))
}

/// The line of the proof.
pub fn proved(proof: &Proof) -> String {
    let mut text = format!("equal: {}", count(proof.compared() as u64, "object", "objects"));
    match &proof.roundtrip_drift()[..] {
        [] => {}
        drift => {
            let objects = count(drift.len() as u64, "object", "objects");
            text.push_str(&format!(" ({objects} printed differently after a round trip)"));
        }
    }
    if let Offline::Skipped(reason) = proof.offline() {
        text.push_str(&format!("; offline mode not proved: {reason}"));
    }
    text
}

/// The line of the archive.
pub fn archived(receipt: &Receipt) -> String {
    format!("{} in {}", count(receipt.files as u64, "file", "files"), receipt.archive)
}
