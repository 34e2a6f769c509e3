//! What is compared: the values that change from run to run are tokens on both sides, as far as each is
//! what it must be in its own run. Pure.

use std::collections::BTreeSet;

use crate::schema::Entry;
use crate::schema::volatile::Volatile;
use crate::schema::volatile::clock::Window;
use crate::stages::prove::Kept;
use crate::stages::prove::control::Controls;
use crate::stages::prove::offline::OfflineRun;
use crate::stages::prove::run::Timed;

/// The sides at the cut.
pub struct AtTheCut {
    pub control: Vec<Entry>,
    pub baseline: Vec<Entry>,
    pub offline: OfflineRun,
}

/// Masks the control, the baseline's run and its offline run. No run may repeat the random keys of
/// another.
pub fn at_the_cut(
    volatile: &Volatile,
    mut control: Vec<Entry>,
    (mut baseline, window): (Vec<Entry>, &Window),
    offline: OfflineRun,
) -> AtTheCut {
    let mut strangers = volatile.mask_replay(&mut control);
    strangers.extend(volatile.mask_run(&mut baseline, window, &strangers));
    let offline = match offline {
        OfflineRun::Made(mut entries, window) => {
            volatile.mask_run(&mut entries, &window, &strangers);
            OfflineRun::Made(entries, window)
        }
        skipped @ OfflineRun::Skipped(_) => skipped,
    };
    AtTheCut { control, baseline, offline }
}

/// The sides at the heads.
pub struct AtTheHeads {
    pub history: Vec<Entry>,
    pub baseline: Vec<Entry>,
    pub in_one_go: Vec<Entry>,
    pub controls: Controls,
}

/// Masks what the kept revisions made of it.
pub fn at_the_heads(
    kept: &Kept<'_>,
    heads: &Timed,
    one_go: &Timed,
    mut controls: Controls,
) -> AtTheHeads {
    let volatile = kept.volatile;
    let mut history = kept.holding.entries.clone();
    volatile.mask_replay(&mut history);
    volatile.mask_replay(&mut controls.history.entries);
    let nobody = BTreeSet::new();
    let mut baseline = heads.holding.entries.clone();
    volatile.mask_run(&mut baseline, &heads.window, &nobody);
    let mut in_one_go = one_go.holding.entries.clone();
    volatile.mask_run(&mut in_one_go, &one_go.window, &nobody);
    volatile.mask_run(&mut controls.baseline.entries, &heads.window, &nobody);
    AtTheHeads { history, baseline, in_one_go, controls }
}
