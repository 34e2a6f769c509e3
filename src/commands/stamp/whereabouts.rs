//! Where is it? For a database whose version table does not say: which archived revision its catalog
//! matches best. Only reads, and only what `status` may read anyway.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde::Serialize;
use sqlx::{ConnectOptions, Connection};

use crate::commands::generations::Generations;
use crate::commands::index;
use crate::config::Settings;
use crate::postgres::inventory;
use crate::postgres::programs::Table;
use crate::postgres::target::Target;
use crate::report::count;
use crate::schema::index::nearest::{self, Nearest};
use crate::schema::inventory::{Forms, Inventory};
use crate::stages::catch_up::{self, Patience, Standing};
use crate::stages::stamp::{Outcome, Plan, Told};

/// A line of `status`.
#[derive(Debug, Serialize)]
pub struct Line {
    /// What the version table says.
    #[serde(flatten)]
    pub told: Told,
    /// What the catalog says, where the version table does not say enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Whereabouts>,
}

/// What the catalog says.
#[derive(Debug, Serialize)]
pub struct Whereabouts {
    /// The revisions that it matches best.
    #[serde(flatten)]
    pub nearest: Nearest,
    /// Whether all archived revisions were looked at, or only the cuts.
    pub indexed: bool,
}

impl Line {
    /// The line for people.
    pub fn text(&self) -> String {
        let mut text = super::line(&self.told);
        if let Some(whereabouts) = &self.nearest {
            text += &format!("\n  where: {}", whereabouts.text());
        }
        text
    }
}

/// How many revisions are named.
const NAMED: usize = 5;

impl Whereabouts {
    fn text(&self) -> String {
        let Nearest { revisions, distance, differences } = &self.nearest;
        let mut names = revisions.iter().take(NAMED).cloned().collect::<Vec<_>>().join(" or ");
        if revisions.len() > NAMED {
            names += &format!(" or {} more", revisions.len() - NAMED);
        }
        let mut text = format!("its catalog is that of {names}");
        if *distance > 0 {
            let objects = count(*distance as u64, "object", "objects");
            let more = if *distance > differences.len() { "; ..." } else { "" };
            text += &format!(" but for {objects}: {}{more}", differences.join("; "));
        }
        if !self.indexed {
            text +=
                " (only the cuts are known; `rebaseline index` looks at each archived revision)";
        }
        text
    }
}

/// Adds what the catalog says to each line whose version table says too little.
pub async fn look(
    settings: &Settings,
    squashes: &Generations,
    plan: &Plan,
    patience: Patience,
    targets: &[Target],
    jobs: usize,
    told: Vec<Told>,
) -> Vec<Line> {
    let lost = targets.iter().zip(&told).map(|(target, told)| async {
        let lost = is_lost(squashes, plan, patience, target, told).await;
        if lost { read(target, plan, patience.connect).await } else { None }
    });
    let catalogs: Vec<_> = stream::iter(lost).buffered(jobs.max(1)).collect().await;
    let mut known: Option<Known> = None;
    let line = |(told, actual): (Told, Option<Inventory>)| {
        let nearest = actual.and_then(|actual| {
            let known = known.get_or_insert_with(|| Known::of(settings, squashes, actual.major()));
            let found = nearest::nearest(&known.inventories, &known.forms, &actual);
            found.map(|nearest| Whereabouts { nearest, indexed: known.indexed })
        });
        Line { told, nearest }
    };
    told.into_iter().zip(catalogs).map(line).collect()
}

/// Whether the version table leaves open where a database stands: tables and no rows, or an unknown row. One
/// that cannot be read, or not now, is not lost.
async fn is_lost(
    squashes: &Generations,
    plan: &Plan,
    patience: Patience,
    target: &Target,
    told: &Told,
) -> bool {
    if told.outcome != Outcome::Refused {
        return false;
    }
    let known = |row: &String| {
        let squashes = squashes.squashes();
        plan.new.contains_key(row)
            || squashes.iter().any(|s| s.generation.requires.contains_key(row))
    };
    match catch_up::look(target, &plan.version_table, patience).await {
        Ok(Standing::Unversioned) => true,
        Ok(Standing::At(rows)) => !rows.iter().all(known),
        Ok(Standing::Empty) | Err(_) => false,
    }
}

/// The catalog; nothing if it cannot be read or is empty.
async fn read(target: &Target, plan: &Plan, patience: Duration) -> Option<Inventory> {
    let connect = target.url.options().ok()?;
    let mut connection = tokio::time::timeout(patience, connect.connect()).await.ok()?.ok()?;
    let record = &plan.version_table;
    let schema = record.schema.clone().unwrap_or_else(|| "public".to_owned());
    let table = Table { schema, name: record.table.clone() };
    let inventory = inventory::read(&mut connection, &table).await;
    // What was read stands.
    let _ = connection.close().await;
    let inventory = inventory.ok()?;
    let occupied = inventory.items().iter().any(|item| item.object.schema.is_some());
    occupied.then_some(inventory)
}

/// All inventories that are known.
struct Known {
    inventories: Vec<(String, Inventory)>,
    forms: Vec<Forms>,
    indexed: bool,
}

impl Known {
    fn of(settings: &Settings, squashes: &Generations, major: u32) -> Self {
        let mut known = Self { inventories: Vec::new(), forms: Vec::new(), indexed: true };
        for squash in squashes.squashes() {
            let archive = &squash.archive;
            let forms = archive.inventory().and_then(|json| Forms::from_json(json).ok());
            if let Some(index) = index::kept(settings, archive.sha256(), major) {
                let inventories = index.inventories();
                known.inventories.extend(inventories.map(|(id, i)| (id.to_owned(), i)));
            } else {
                known.indexed = false;
                if let Some(forms) = &forms {
                    let heads = archive.manifest().baselines().flat_map(|b| b.replaces.clone());
                    let cut = heads.collect::<Vec<_>>().join("+");
                    known.inventories.push((cut, forms.history.clone()));
                }
            }
            known.forms.extend(forms);
        }
        known
    }
}
