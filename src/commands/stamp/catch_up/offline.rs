//! `--sql`: what a catch-up would run, as SQL. Nothing is connected to but to read where the target stands.

use super::{Way, Work};
use crate::postgres::identifier;
use crate::postgres::target::Target;
use crate::run::Scripts;
use crate::stages::catch_up::{self, CatchUpError};
use crate::stages::stamp::{Allowed, Decision, Outcome, Plan, Told};

/// The rows that a database with these has after the stamp; none if it would be refused.
pub fn stamped(plan: &Plan, rows: Vec<String>) -> Option<Vec<String>> {
    match plan.judge(Some(&rows), Allowed::default()).decision {
        Decision::AlreadyThere => Some(rows),
        Decision::Stamp(rows) => Some(rows),
        Decision::Adopt(_) | Decision::Refuse(..) => None,
    }
}

impl Work<'_> {
    /// The SQL of all rounds, with the statements of the stamps.
    pub(super) async fn sql(&self, target: &Target, way: &Way) -> Result<String, CatchUpError> {
        let mut interpreter = self.interpreter()?;
        let mut text = header(target);
        if way.rows.is_empty() {
            let sql = catch_up::sql(&self.scripts(way), environment(), &mut interpreter).await?;
            self.give_back(interpreter);
            return Ok(format!("{text}-- it is empty: the baseline\n\n{sql}"));
        }
        let mut rows = way.rows.clone();
        for number in way.number..self.plans.len() {
            let history = &self.histories[number];
            let lacking = history.lacking(&rows);
            let file = self.squashes.squashes()[number].file.display();
            if !lacking.is_empty() {
                let round = Way { number, rows: rows.clone(), lacking: lacking.clone() };
                let scripts: Scripts = self.scripts(&round);
                let sql = catch_up::sql(&scripts, environment(), &mut interpreter).await?;
                text += &format!(
                    "-- from {} to the cut of {file}: {}\n\n{}\n",
                    rows.join(", "),
                    lacking.join(", "),
                    sql.trim_end()
                );
            }
            let at_cut = history.rows_after(&rows, &lacking);
            let Some(after) = stamped(&self.plans[number], at_cut.clone()) else { break };
            if after != at_cut {
                let stamp = statements(&self.plans[number], &at_cut, &after);
                text += &format!("\n-- the stamp\n\n{stamp}");
            }
            rows = after;
        }
        self.give_back(interpreter);
        Ok(text)
    }

    /// The SQL of a stamp alone: nothing is lacking. None if the database would not be stamped.
    pub(super) fn sql_of_the_stamp(&self, target: &Target, told: &Told) -> Option<String> {
        let found = told.found.as_ref().filter(|_| told.outcome == Outcome::WouldStamp)?;
        let plan = self.newest();
        let Decision::Stamp(rows) = plan.judge(Some(found), plan.allowed).decision else {
            return None;
        };
        let stamp = statements(plan, found, &rows);
        Some(format!("{}-- the stamp: no revision is lacking\n\n{stamp}", header(target)))
    }
}

fn header(target: &Target) -> String {
    format!("-- {target}\n-- psql -v ON_ERROR_STOP=1 -f FILE\n")
}

fn environment() -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
    crate::config::inherited()
}

/// What the stamp sends. It looks first whether the revisions above it came to their end: psql, left to itself, goes on
/// after an error.
fn statements(plan: &Plan, from: &[String], rows: &[String]) -> String {
    let record = &plan.version_table;
    let table = identifier::qualify(record.schema.as_deref(), &record.table);
    let values: Vec<_> = rows.iter().map(|row| format!("({})", identifier::literal(row))).collect();
    let mut from = from.to_vec();
    from.sort();
    let expected: Vec<_> = from.iter().map(|row| identifier::literal(row)).collect();
    let complaint = identifier::literal(&format!(
        "the version table does not stand at {}: nothing is stamped, see what failed above",
        from.join(", ")
    ));
    format!(
        "BEGIN;\nLOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE;\nDO $rebaseline$\nBEGIN\n    \
         IF ARRAY(SELECT version_num::text COLLATE \"C\" FROM {table} ORDER BY 1) IS DISTINCT FROM ARRAY[{}]::text[] THEN\n        \
         RAISE EXCEPTION USING MESSAGE = {complaint};\n    END IF;\nEND\n$rebaseline$;\nDELETE FROM {table};\n\
         INSERT INTO {table} (version_num) VALUES {};\nCOMMIT;\n",
        expected.join(", "),
        values.join(", ")
    )
}
