//! Volatile: the values that change from run to run, looked for between two replays.
//!
//! Takes what both replays made, the texts of the revisions and what the user says; gives a [`Volatile`],
//! or refuses by name what cannot be made again. Asks the first replay's database for types, keys and
//! defaults, and changes nothing in it.

use arcstr::Substr;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::error::{Explain, Kind};
use crate::postgres::facts;
use crate::postgres::holding::Holding;
use crate::postgres::scratch::{ScratchDb, ScratchError};
use crate::schema::Entry;
use crate::schema::volatile::Volatile;
use crate::schema::volatile::choice::{ChoiceError, Choices, Chosen, shown};
use crate::schema::volatile::drift::{self, Definitions};
use crate::schema::volatile::facts::{Facts, Name};
use crate::schema::volatile::find::{Search, Side};
use crate::schema::volatile::settle::{Refusal, Settle};
use crate::schema::volatile::sources::Sources;
use crate::stages::dump::SchemaDump;
use crate::stages::replay::Replayed;

/// Why the values that change cannot be settled.
#[derive(Debug, thiserror::Error)]
pub enum VolatileError {
    /// They cannot be made again.
    #[error(
        "the history makes seed values that change from run to run and cannot be made again: {}",
        listed(refused)
    )]
    Refused {
        /// Which, and why.
        refused: Vec<Refusal>,
    },
    /// A name that the user gave.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// The scratch database.
    #[error("cannot look into the scratch database")]
    Scratch(#[from] ScratchError),
    /// Its catalog.
    #[error("cannot look into the scratch database")]
    Catalog(#[from] sqlx::Error),
}

fn listed(refused: &[Refusal]) -> String {
    let line = |refusal: &Refusal| {
        let table = shown(&refusal.table);
        match &refusal.column {
            Some(column) => format!("\n  {table}.{column}: {}", refusal.why),
            None => format!("\n  {table}: {}", refusal.why),
        }
    };
    refused.iter().map(line).collect()
}

impl Explain for VolatileError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused { .. } => Kind::Refused,
            Self::Choice(_) => Kind::Usage,
            Self::Scratch(_) | Self::Catalog(_) => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Refused { refused } => ways_out(refused),
            Self::Choice(ChoiceError::Unknown { known, .. }) if !known.is_empty() => {
                let mut some: Vec<&str> = known.iter().map(String::as_str).take(20).collect();
                if known.len() > some.len() {
                    some.push("...");
                }
                vec![format!("there is {}", some.join(", "))]
            }
            Self::Scratch(error) => error.hints(),
            _ => Vec::new(),
        }
    }

    fn state(&self) -> String {
        "nothing was changed; the scratch database is removed".to_owned()
    }
}

/// What the user can say instead.
fn ways_out(refused: &[Refusal]) -> Vec<String> {
    let columns: Vec<String> = refused
        .iter()
        .filter_map(|r| Some(format!("{}.{}", shown(&r.table), r.column.as_ref()?)))
        .collect();
    let tables: BTreeSet<String> = refused.iter().map(|r| shown(&r.table)).collect();
    let mut hints = Vec::new();
    if let Some(column) = columns.first() {
        let lines: Vec<String> =
            columns.iter().map(|c| format!("  \"{c}\" = \"an SQL expression\"")).collect();
        hints.push(format!(
            "to make a new value in each install, in rebaseline.toml:\n  [seed]\n{}\n\
             for instance \"{column}\" = \"encode(sha256(gen_random_uuid()::text::bytea), 'hex')\"",
            lines.join("\n")
        ));
        let flags: Vec<String> = columns.iter().map(|c| format!("--freeze {c}")).collect();
        hints.push(format!(
            "to keep what this run made, in clear, in a file that is committed: {}",
            flags.join(" ")
        ));
    }
    let flags: Vec<String> = tables.iter().map(|table| format!("--drop-seed {table}")).collect();
    hints.push(format!("to leave all rows of a table out: {}", flags.join(" ")));
    hints
}

/// What is looked at.
#[derive(Debug)]
pub struct Request<'a> {
    /// What the first replay made: the baseline is made from it.
    pub ours: &'a Holding,
    /// How it ran.
    pub replayed: &'a Replayed,
    /// Its database.
    pub database: &'a ScratchDb,
    /// What the second replay made, and how it ran; none with `--once`.
    pub twin: Option<(&'a Holding, &'a Replayed)>,
    /// The texts of the revisions.
    pub texts: &'a [String],
    /// What the user says.
    pub choices: &'a Choices,
}

impl Request<'_> {
    fn beforehand(&self) -> HashSet<&str> {
        let before = self.replayed.dump_before.iter().flat_map(|before| &before.entries);
        let rows = before.filter(|entry| entry.is_rows()).flat_map(|entry| &entry.statements);
        rows.map(Substr::as_str).collect()
    }

    fn search<'s>(
        &'s self,
        facts: &'s Facts,
        sources: &'s Sources,
        chosen: &'s Chosen,
        seeded: &'s BTreeSet<(Name, String)>,
    ) -> Search<'s> {
        let ours = Side { entries: &self.ours.entries, window: &self.replayed.window };
        let theirs = self.twin.map_or(ours, |(holding, replayed)| Side {
            entries: &holding.entries,
            window: &replayed.window,
        });
        let once = self.twin.is_none();
        Search { sides: [ours, theirs], facts, sources, without: &chosen.drop, seeded, once }
    }
}

/// Looks for the values that change and settles how each is written.
/// `parts` are what each of several baselines adds.
pub async fn settle(
    request: &Request<'_>,
    parts: &[SchemaDump],
) -> Result<Volatile, VolatileError> {
    let sources = Sources::read(request.texts.iter().map(String::as_str));
    let chosen = request.choices.among(&request.ours.entries)?;
    let mut connection = request.database.connect().await?;
    let facts = facts::facts(&mut connection).await?;
    let seeded = chosen.seed.keys().cloned().collect();
    let search = request.search(&facts, &sources, &chosen, &seeded);
    let found = search.run();
    let zones = &request.replayed.window.zones;
    let samples = facts::samples(&mut connection, &facts, found.columns(), zones).await?;
    let settle = Settle {
        entries: &request.ours.entries,
        made: &request.ours.made.statements,
        window: &request.replayed.window,
        facts: &facts,
        sources: &sources,
        chosen: &chosen,
        samples: &samples,
        beforehand: &request.beforehand(),
        parts: &by_row(parts),
        lenient: false,
    };
    let mut volatile = settle.run(&found).map_err(|refused| VolatileError::Refused { refused })?;
    if let Some((twin, _)) = request.twin {
        let [ours, theirs] = [request.ours, twin].map(|holding| Definitions {
            entries: &holding.entries,
            made: &holding.made.statements,
        });
        let window = &request.replayed.window;
        volatile.schema = drift::drift(ours, theirs, window, &sources);
        let [ours, theirs] = [request.ours, twin].map(|holding| &holding.inventory);
        volatile.varying = drift::varying(ours, theirs, window, &sources);
    }
    volatile.unknown = request.twin.is_none() && request.ours.entries.iter().any(Entry::is_rows);
    Ok(volatile)
}

/// Which part makes a row, where there are several.
fn by_row(parts: &[SchemaDump]) -> HashMap<&str, usize> {
    let mut rows = HashMap::new();
    for (number, part) in parts.iter().enumerate().filter(|_| parts.len() > 1) {
        for block in &part.blocks {
            if block.object.as_ref().is_some_and(|object| object.kind == "TABLE DATA") {
                rows.extend(block.statements.iter().map(|statement| (statement.as_str(), number)));
            }
        }
    }
    rows
}

/// The values that change once the kept revisions have run, too: only to compare them.
pub async fn at_the_heads(request: &Request<'_>) -> Result<Volatile, VolatileError> {
    let sources = Sources::read(request.texts.iter().map(String::as_str));
    let mut connection = request.database.connect().await?;
    let facts = facts::facts(&mut connection).await?;
    // A kept revision may have dropped what was named.
    let named = request.choices.among(&request.ours.entries);
    let chosen = named.unwrap_or_default();
    let seeded = chosen.seed.keys().cloned().collect();
    let found = request.search(&facts, &sources, &chosen, &seeded).run();
    let settle = Settle {
        entries: &request.ours.entries,
        made: &[],
        window: &request.replayed.window,
        facts: &facts,
        sources: &sources,
        chosen: &chosen,
        samples: &BTreeMap::new(),
        beforehand: &HashSet::new(),
        parts: &HashMap::new(),
        lenient: true,
    };
    let settled = settle.run(&found).map_err(|refused| VolatileError::Refused { refused });
    let mut volatile = settled?;
    volatile.unknown = request.twin.is_none();
    Ok(volatile)
}
