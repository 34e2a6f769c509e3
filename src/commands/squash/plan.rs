//! What becomes of the history: one baseline for all that is squashed, or one for each base.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cli::Squash;
use crate::error::{Explain, Kind, Result};
use crate::history::branches::branches;
use crate::history::{BranchesError, Choice, Cut, History, RevisionId};
use crate::stages::dump::SchemaDump;
use crate::stages::dump::parts::{self, ChangesOthers};
use crate::stages::render::{self, IdChoice, Part, RenderError};

/// A branch that has no baseline of its own.
#[derive(Debug, thiserror::Error)]
#[error("the branch of `{base}` changes what other branches made: {}", changes.objects.join(", "))]
pub struct Entangled {
    base: RevisionId,
    changes: ChangesOthers,
}

impl Explain for Entangled {
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn hints(&self) -> Vec<String> {
        vec!["leave --per-branch out: one baseline stands for all branches".to_owned()]
    }
}

impl Explain for BranchesError {
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn hints(&self) -> Vec<String> {
        vec!["leave --per-branch out: one baseline stands for all branches".to_owned()]
    }
}

/// The cut, and the steps in which the history is replayed up to it.
#[derive(Debug)]
pub struct Plan {
    /// What goes and what stays.
    pub cut: Cut,
    /// One for each baseline, in the order in which they run.
    pub steps: Vec<Step>,
}

/// One baseline.
#[derive(Debug)]
pub struct Step {
    /// What it stands for.
    pub part: Part,
    /// Where the history stands when this and all steps before it have run.
    pub cut: Cut,
    /// The message that it adds to the user's; the branch's name.
    pub name: Option<String>,
    /// The file of the base, beside which it lies.
    pub beside: Option<PathBuf>,
}

/// Works the plan out.
pub fn plan(history: &History, arguments: &Squash) -> Result<Plan> {
    let cut = Cut::choose(history, &choice(arguments))?;
    if !arguments.per_branch || history.bases().len() < 2 {
        let part = Part::of_cut(history, &cut);
        let steps = vec![Step { part, cut: cut.clone(), name: None, beside: None }];
        return Ok(Plan { cut, steps });
    }
    let steps = branches(history)?.into_iter().map(|(branch, cut)| {
        let part = Part::of_branch(history, &branch);
        let name = part.labels.first().cloned().unwrap_or_else(|| branch.base.to_string());
        let file = history.get(&branch.base).and_then(|revision| revision.files.first());
        let beside = file.map(|file| file.path.clone());
        Step { part, cut, name: Some(name), beside }
    });
    Ok(Plan { cut, steps: steps.collect() })
}

fn choice(arguments: &Squash) -> Choice {
    match arguments {
        Squash { upto, .. } if !upto.is_empty() => Choice::Upto(upto.clone()),
        Squash { keep: Some(count), .. } => Choice::Keep(*count),
        Squash { before: Some(time), .. } => Choice::Before(*time),
        _ => Choice::Whole,
    }
}

/// What each step adds, from the dumps after each of them.
pub fn added(plan: &Plan, dumps: &[SchemaDump]) -> Result<Vec<SchemaDump>> {
    let mut added = Vec::with_capacity(dumps.len());
    for (number, (dump, step)) in dumps.iter().zip(&plan.steps).enumerate() {
        let Some(before) = number.checked_sub(1).and_then(|before| dumps.get(before)) else {
            added.push(dump.clone());
            continue;
        };
        let base = step.part.bases.first().or(step.part.squashed.first()).cloned();
        let more = parts::added(before, dump).map_err(|changes| Entangled {
            base: base.unwrap_or_else(RevisionId::example),
            changes,
        })?;
        added.push(more);
    }
    Ok(added)
}

/// Gives each baseline its id, and tells each which others it depends on.
pub fn choose_ids(
    plan: &mut Plan,
    history: &History,
    dumps: &[SchemaDump],
    choice: &IdChoice,
) -> Result<Vec<RevisionId>, RenderError> {
    let mut ids = Vec::new();
    let mut of_base = BTreeMap::new();
    for (step, dump) in plan.steps.iter_mut().zip(dumps) {
        let id = render::choose_id(history, &step.part, dump, choice)?;
        if ids.contains(&id) {
            return Err(RenderError::TakenId { id: id.to_string() });
        }
        let bases: Vec<RevisionId> = step
            .part
            .squashed
            .iter()
            .flat_map(|id| history.dependencies(id))
            .filter_map(|on| of_base.get(on).cloned())
            .collect();
        for on in bases {
            if !step.part.depends_on.contains(&on) {
                step.part.depends_on.push(on);
            }
        }
        of_base.extend(step.part.squashed.iter().map(|squashed| (squashed.clone(), id.clone())));
        ids.push(id);
    }
    Ok(ids)
}

/// The version table's rows when all baselines have run: one that another depends on has none.
pub fn version_rows(plan: &Plan, ids: &[RevisionId]) -> Vec<String> {
    let needed: Vec<_> = plan.steps.iter().flat_map(|step| &step.part.depends_on).collect();
    ids.iter().filter(|id| !needed.contains(id)).map(ToString::to_string).collect()
}
