//! Compares a target's catalog with what the archive says that the history builds.
//!
//! Takes a read-only transaction; gives what is told of the comparison and, if the database must be
//! left alone, why. Writes nothing, and locks nothing of its own; but `PostgreSQL` itself waits for the lock of
//! a table while it prints a view of it.

use sqlx::postgres::PgConnection;

use crate::postgres::inventory::{self, View};
use crate::postgres::programs::Table;
use crate::schema::inventory::accepted::Accepted;
use crate::schema::inventory::drift::{self, Drift, Question};
use crate::schema::inventory::tenant::Exchange;
use crate::schema::inventory::{Forms, Inventory};
use crate::stages::stamp::decision::{Decision, Reach};
use crate::stages::stamp::error::TargetError;
use crate::stages::stamp::table;
use crate::stages::stamp::told::{Catalog, shortened};

/// What catalogs are compared with, and what the user says to differences.
#[derive(Debug, Clone, Default)]
pub struct Check {
    /// What the history builds; none if the archive does not tell.
    pub expected: Option<Forms>,
    /// The same in the words of older squashes.
    pub older: Vec<Inventory>,
    /// Nothing is compared.
    pub skipped: bool,
    /// Differences that the user accepts.
    pub accepted: Vec<Accepted>,
    /// Extra objects that nobody minds: patterns for `schema.name`.
    pub ignore: Vec<glob::Pattern>,
}

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The version table, which is left out: where it is, or would be.
    pub version_table: &'a Table,
    /// The role that runs the migrations, if the version table tells it.
    pub owner: Option<&'a str>,
    /// The history's own schema and the tenant's that takes its place.
    pub tenant: Option<(&'a str, &'a str)>,
    /// How far the database is from what can be compared.
    pub reach: &'a Reach,
    /// What is to be done.
    pub decision: &'a Decision,
}

/// The outcome of a comparison: what is told, and why the database must be left alone.
pub type Verdict = (Catalog, Option<(String, String)>);

impl Check {
    /// Compares.
    pub async fn run(
        &self,
        connection: &mut PgConnection,
        subject: Subject<'_>,
    ) -> Result<Verdict, TargetError> {
        if self.skipped {
            return Ok((Catalog::none("--no-drift-check".to_owned()), None));
        }
        if let Reach::Beyond(rows) = subject.reach {
            let reason = format!(
                "it stands at {}, and the archive tells what there is at the baseline",
                rows.join(", ")
            );
            return Ok((Catalog::none(reason), None));
        }
        let Some(expected) = &self.expected else {
            let why = "its catalog cannot be compared: the archive holds no inventory (an older version of \
                       rebaseline made it)";
            let help = "squash again with this version, or look at the database yourself and use --no-drift-check";
            let catalog = Catalog::none("the archive holds no inventory".to_owned());
            return Ok((catalog, Some((why.to_owned(), help.to_owned()))));
        };
        let schema = &subject.version_table.schema;
        let owner = match subject.owner {
            Some(owner) => Some(owner.to_owned()),
            None => table::main_owner(connection, schema).await?,
        };
        let tenant = subject.tenant.map(|(_, tenant)| tenant);
        let view = View { role: owner.as_deref(), schema: tenant };
        let live = inventory::read_view(connection, subject.version_table, view).await?;
        let (role, quoted): (String, Option<String>) = sqlx::query_as(
            "select quote_ident(coalesce($1, current_user)::text), quote_ident($2::text)",
        )
        .bind(&owner)
        .bind(tenant)
        .persistent(false)
        .fetch_one(connection)
        .await?;
        let exchange = subject.tenant.zip(quoted.as_deref());
        let exchange = exchange.map(|((own, tenant), quoted)| Exchange { own, tenant, quoted });
        let question = Question {
            role: &role,
            exchange,
            some_branches: matches!(subject.reach, Reach::Some(_)),
            ignore: &self.ignore,
            accepted: &self.accepted,
        };
        let found = drift::compare(expected, &self.older, &live, &question);
        let catalog = Catalog::of(&found, not_compared(&subject));
        Ok((catalog, refusal(&found, subject.decision)))
    }
}

/// What this comparison cannot tell.
fn not_compared(subject: &Subject<'_>) -> Option<String> {
    let mut parts = Vec::new();
    if let Some((_, tenant)) = subject.tenant {
        parts.push(format!("only the schema {tenant} was compared"));
    }
    if let Reach::Some(baselines) = subject.reach {
        parts.push(format!(
            "it has the branches of {} only: whether something is missing, privileges and comments were not \
             compared",
            baselines.join(", ")
        ));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn refusal(drift: &Drift, decision: &Decision) -> Option<(String, String)> {
    if drift.empty && matches!(decision, Decision::Adopt(_)) {
        let why = "it is empty: nothing that the history builds is there";
        let help = "it needs no stamp: alembic upgrade head builds it from the baseline";
        return Some((why.to_owned(), help.to_owned()));
    }
    let first = drift.counted.first()?;
    let told: Vec<String> = drift.counted.iter().map(ToString::to_string).collect();
    let count = match told.len() {
        1 => "1 object differs".to_owned(),
        count => format!("{count} objects differ"),
    };
    let says = match decision {
        Decision::AlreadyThere => "its version table says that it is there, its catalog does not",
        _ => "its catalog is not what the history builds",
    };
    let why = format!("{says}: {count}: {}", shortened(&told));
    let name = first.object.to_string().replace('`', "");
    let help = format!(
        "bring the database in line with the history, or accept each difference by its name: \
         --accept-drift '{name}'"
    );
    Some((why, help))
}
