use proptest::prelude::*;

use super::super::drawing::{history, id};
use super::*;

fn names(ids: &[RevisionId]) -> String {
    ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(" ")
}

fn upto(drawing: &str, names: &[&str]) -> Result<Cut, CutError> {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Cut::choose(&history(drawing), &Choice::Upto(names))
}

fn squashed(cut: Result<Cut, CutError>) -> String {
    cut.map_or_else(|error| error.to_string(), |cut| names(cut.squashed()))
}

#[test]
fn whole_squashes_everything() {
    let cut = Cut::whole(&history("a->b, a->c, b+c->d"));
    assert_eq!(names(cut.squashed()), "a b c d");
    assert_eq!(names(cut.heads()), "d");
    assert!(cut.kept().is_empty());
}

#[test]
fn upto_takes_all_that_runs_before() {
    let cut = upto("a->b, x->y->z, b~>y", &["y"]).unwrap();
    assert_eq!(names(cut.squashed()), "a b x y");
    assert_eq!(names(cut.heads()), "b y");
    assert_eq!(names(cut.version_rows()), "y");
    // A kept revision that builds on `b` alone says nothing about `y`.
    assert!(upto("a->b->c, x->y->z, b~>y", &["y"]).is_err());
}

#[test]
fn a_cut_on_both_sides_of_a_merge() {
    assert_eq!(squashed(upto("a->b, a->c, b+c->d->e", &["b", "c"])), "a b c");
    assert_eq!(squashed(upto("a->b, a->c, b+c->d->e", &["d"])), "a b c d");
    assert_eq!(squashed(upto("a->b, a->c, b+c->d->e", &["a"])), "a");
}

#[test]
fn a_cut_that_splits_a_fork_names_the_nearest() {
    let error = upto("a->b->d, a->c->d2, d+d2->e->f", &["d"]).unwrap_err();
    let CutError::Splits { smaller, larger, .. } = &error else { panic!("{error}") };
    assert_eq!((smaller, larger), (&Some((vec![id("a")], 1)), &Some((vec![id("e")], 6))));
    insta::assert_snapshot!(error, @"the cut splits the history: `c` is kept and builds on a part of what is squashed, but not on `d`");
}

#[test]
fn what_is_in_the_way_of_a_later_cut_is_named() {
    let drawn = history("a->b->d, a->c->d2, d+d2->e->f");
    let named = Cut::in_the_way(&drawn, 4).map(|(kept, lacks)| (kept.to_string(), names(&lacks)));
    let cut = Cut::choose(&drawn, &Choice::Keep(4)).unwrap();
    assert!(cut.kept().len() > 4, "{cut:?}");
    let (kept, lacks) = named.unwrap();
    assert!(cut.kept().contains(&id(&kept)) && !lacks.is_empty(), "{kept}: {lacks}");
    assert_eq!(Cut::in_the_way(&drawn, 1), None);
}

#[test]
fn another_base_stays_as_a_whole() {
    assert_eq!(squashed(upto("a->b->c, x->y", &["b"])), "a b");
}

#[test]
fn keep_leaves_the_newest_and_never_splits() {
    let keep =
        |drawing: &str, count| squashed(Cut::choose(&history(drawing), &Choice::Keep(count)));
    assert_eq!(keep("a->b->c->d", 1), "a b c");
    assert_eq!(keep("a->b->c->d", 0), "a b c d");
    assert_eq!(keep("a->b, a->c, b+c->d->e", 1), "a b c d");
    assert_eq!(keep("a->b, a->c, b+c->d->e", 2), "a b c");
    assert_eq!(keep("a->b, a->c, b+c->d->e", 3), "a");
    insta::assert_snapshot!(keep("a->b", 2), @"the cut squashes nothing: the history has 2 revisions, and 2 are to stay");
}

#[test]
fn names_are_found_as_alembic_finds_them() {
    assert_eq!(squashed(upto("abc->abd->x", &["abc"])), "abc");
    assert_eq!(squashed(upto("abc->xyz->u", &["ab"])), "abc");
    insta::assert_snapshot!(squashed(upto("abc->abd", &["ab"])), @"`ab` is the beginning of several revisions: `abc`, `abd`");
    insta::assert_snapshot!(squashed(upto("a->b", &["nope"])), @"there is no revision `nope` in the history");
}

/// A graph in which each revision builds on up to two of those before it.
fn drawn() -> impl Strategy<Value = History> {
    proptest::collection::vec(
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..10u8),
        1..14,
    )
    .prop_map(|revisions| {
        let names: Vec<String> = (0..revisions.len()).map(|n| format!("r{n:02}")).collect();
        let mut lines = vec![names[0].clone()];
        for (number, (one, other, how)) in revisions.iter().enumerate().skip(1) {
            let (one, other) = (&names[one.index(number)], &names[other.index(number)]);
            let new = &names[number];
            lines.push(match how {
                0 => new.clone(),
                1..=6 => format!("{one}->{new}"),
                _ if one == other => format!("{one}->{new}"),
                7 => format!("{one}->{new}, {other}~>{new}"),
                _ => format!("{one}+{other}->{new}"),
            });
        }
        history(&lines.join(", "))
    })
}

proptest! {
    /// Whatever is asked for: what is squashed is closed, and whoever builds on it builds on all of it.
    #[test]
    fn a_cut_is_closed_and_whole(history in drawn(), keep in 0..14usize, name in any::<prop::sample::Index>()) {
        let upto = history.order[name.index(history.len())].to_string();
        for choice in [Choice::Keep(keep), Choice::Upto(vec![upto])] {
            let Ok(cut) = Cut::choose(&history, &choice) else { continue };
            let squashed: BTreeSet<_> = cut.squashed().iter().cloned().collect();
            for one in &squashed {
                prop_assert!(history.ancestors(one).is_subset(&squashed));
            }
            for kept in cut.kept() {
                if history.requires(kept).any(|needed| squashed.contains(needed)) {
                    prop_assert!(squashed.is_subset(&history.ancestors(kept)));
                }
            }
            if let Choice::Keep(count) = choice {
                prop_assert!(cut.kept().len() >= count.min(history.len()));
            }
        }
    }

    /// The cuts that an error names can be made.
    #[test]
    fn the_nearest_cuts_can_be_made(history in drawn(), name in any::<prop::sample::Index>()) {
        let upto = history.order[name.index(history.len())].to_string();
        if let Err(CutError::Splits { smaller, larger, .. }) = Cut::choose(&history, &Choice::Upto(vec![upto])) {
            for (heads, count) in [smaller, larger].into_iter().flatten() {
                let names = heads.iter().map(ToString::to_string).collect();
                let cut = Cut::choose(&history, &Choice::Upto(names)).unwrap();
                prop_assert_eq!(cut.squashed().len(), count);
            }
        }
    }
}
