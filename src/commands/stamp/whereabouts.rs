//! Where is it? For a database whose version table does not say: which archived revision its catalog
//! matches best. Only reads, and only what `status` may read anyway.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sqlx::{AssertSqlSafe, Connection};

use crate::commands::generations::Generations;
use crate::commands::index;
use crate::config::Settings;
use crate::postgres::connect::{self, Patience, Waiting};
use crate::postgres::identifier;
use crate::postgres::inventory;
use crate::postgres::programs::Table;
use crate::postgres::target::Target;
use crate::schema::index::nearest::{self, Nearest, Whereabouts};
use crate::schema::inventory::{Forms, Inventory};
use crate::stages::stamp::{Outcome, Plan, Told};

/// What is known of where databases can be.
pub struct Finder<'a> {
    settings: &'a Settings,
    squashes: &'a Generations,
    plan: &'a Plan,
    patience: Patience,
    /// By the major version of the server: each has an index of its own.
    known: Mutex<BTreeMap<u32, Arc<Known>>>,
}

impl<'a> Finder<'a> {
    /// One that has looked at no index yet.
    pub fn new(
        settings: &'a Settings,
        squashes: &'a Generations,
        plan: &'a Plan,
        patience: Patience,
    ) -> Self {
        Self { settings, squashes, plan, patience, known: Mutex::default() }
    }

    /// Adds what the catalog says, if the version table says too little.
    pub async fn find(&self, target: &Target, told: Told) -> Told {
        if target.schema.is_some() || !self.is_lost(&told) {
            return told;
        }
        let Some(actual) = self.read(target).await else { return told };
        let known = self.known(actual.major());
        let found = nearest::nearest(&known.inventories, &known.forms, &actual);
        let help = found.as_ref().and_then(|found| self.way_on(&told, found)).or(told.help);
        let nearest = found.map(|nearest| Whereabouts { nearest, indexed: known.indexed });
        Told { nearest, help, ..told }
    }

    /// What a database needs whose catalog is just that of an archived revision before the cut: a version table that says
    /// so. Which of several it is, no catalog tells.
    fn way_on(&self, told: &Told, found: &Nearest) -> Option<String> {
        let revision = found.revisions.first().filter(|_| found.distance == 0)?;
        let squashes = self.squashes.squashes();
        let is_cut = |id: &String| self.plan.baselines.iter().any(|b| b.heads.contains(id));
        let is_known = squashes.iter().any(|s| s.generation.requires.contains_key(revision));
        if !is_known || found.revisions.iter().any(is_cut) {
            return None;
        }
        let record = &self.plan.version_table;
        let table = identifier::qualify(record.schema.as_deref(), &record.table);
        let make = match told.found {
            Some(_) => format!("DELETE FROM {table}"),
            None => format!(
                "CREATE TABLE {table} (version_num VARCHAR({}) NOT NULL PRIMARY KEY)",
                revision.len().max(32)
            ),
        };
        let several = match found.revisions.len() {
            1 => "",
            _ => " (or at another of these, which differ in rows only: look before you choose)",
        };
        Some(format!(
            "if it is at {revision}{several}, let its version table say so, in SQL: {make}; INSERT INTO {table} VALUES ({}); \
             then: rebaseline stamp --catch-up",
            identifier::literal(revision)
        ))
    }

    /// Whether the version table leaves open where a database stands: no rows, or an unknown one.
    fn is_lost(&self, told: &Told) -> bool {
        if told.outcome != Outcome::Refused || !told.read {
            return false;
        }
        let known = |row: &String| {
            let squashes = self.squashes.squashes();
            self.plan.new.contains_key(row)
                || squashes.iter().any(|s| s.generation.requires.contains_key(row))
        };
        match &told.found {
            None => true,
            Some(rows) => rows.is_empty() || !rows.iter().all(known),
        }
    }

    /// The catalog; nothing if it cannot be read or is empty.
    async fn read(&self, target: &Target) -> Option<Inventory> {
        // It has been tried before: once is enough now.
        let waiting = Waiting { retries: 0, ..self.patience.connect };
        let mut connection = connect::connect(&target.url, waiting).await.ok()?;
        let record = &self.plan.version_table;
        let schema = record.schema.clone().unwrap_or_else(|| "public".to_owned());
        let table = Table { schema, name: record.table.clone() };
        let inventory = async {
            let mut transaction = connection.begin().await?;
            let lock = self.patience.lock.as_millis().max(1);
            let limits = format!("SET TRANSACTION READ ONLY; SET LOCAL lock_timeout = {lock}");
            sqlx::raw_sql(AssertSqlSafe(limits)).execute(&mut *transaction).await?;
            inventory::read(&mut transaction, &table).await
        };
        let inventory = inventory.await;
        // What was read stands.
        let _ = connection.close().await;
        let inventory = inventory.ok()?;
        let occupied = inventory.items().iter().any(|item| item.object.schema.is_some());
        occupied.then_some(inventory)
    }

    fn known(&self, major: u32) -> Arc<Known> {
        let read = || Arc::new(Known::of(self.settings, self.squashes, major));
        match self.known.lock() {
            Ok(mut known) => Arc::clone(known.entry(major).or_insert_with(read)),
            // Another thread has panicked: what it would have kept is read again.
            Err(_) => read(),
        }
    }
}

/// All inventories that are known.
pub struct Known {
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
