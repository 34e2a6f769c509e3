//! Rows and graphs, drawn.

use super::*;

/// `a->b` is drawn as `a b`, one line for each edge or lone revision.
fn graph(edges: &[&str]) -> Requires {
    let mut graph = Requires::new();
    for edge in edges {
        let mut names = edge.split(' ');
        let parent = names.next().unwrap().to_owned();
        graph.entry(parent.clone()).or_default();
        if let Some(child) = names.next() {
            graph.entry(child.to_owned()).or_default().push(parent);
        }
    }
    graph
}

fn plan(old: &[&str], new: &[&str], baselines: &[(&str, &[&str])]) -> Plan {
    let replaced = |(baseline, heads): &(&str, &[&str])| Replaced {
        baseline: (*baseline).to_owned(),
        heads: heads.iter().map(|head| (*head).to_owned()).collect(),
    };
    let baselines: Vec<_> = baselines.iter().map(replaced).collect();
    let (old, new) = (graph(old), graph(new));
    let mut all = old.clone();
    for (id, on) in &new {
        all.entry(id.clone()).or_default().extend(on.clone());
    }
    let minted = baselines.iter().filter(|b| b.heads != [b.baseline.clone()]);
    let minted: BTreeSet<String> = minted.map(|b| b.baseline.clone()).collect();
    for replaced in baselines.iter().filter(|b| minted.contains(&b.baseline)) {
        all.entry(replaced.baseline.clone()).or_default().extend(replaced.heads.clone());
    }
    Plan {
        version_table: VersionTableRecord { schema: None, table: "t".to_owned() },
        baselines,
        archived: ["older".to_owned()].into(),
        old,
        new,
        lineage: all.clone(),
        all,
        minted,
        allowed: Allowed::default(),
        check: Check::default(),
    }
}

fn judged(plan: &Plan, rows: &[&str], allowed: Allowed) -> Judgement {
    let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
    plan.judge(Some(&rows), allowed)
}

fn told(plan: &Plan, rows: &[&str]) -> String {
    shown(judged(plan, rows, Allowed::default()))
}

const PURGE: Allowed = Allowed { adopt: false, purge: true };
const ADOPT: Allowed = Allowed { adopt: true, purge: false };

fn shown(judgement: Judgement) -> String {
    match judgement.decision {
        Decision::AlreadyThere => "there".to_owned(),
        Decision::Stamp(rows) => format!("stamp {}", rows.join(" ")),
        Decision::Adopt(rows) => format!("adopt {}", rows.join(" ")),
        Decision::Refuse(why, _) => why,
    }
}

#[test]
fn one_head_whose_id_is_kept() {
    let plan = plan(&["a b", "b c"], &["c", "c z"], &[("c", &["c"])]);
    assert_eq!(told(&plan, &["c"]), "there");
    assert_eq!(told(&plan, &["z"]), "there");
    assert!(told(&plan, &["a"]).contains("behind the cut"));
    assert!(told(&plan, &["older"]).contains("behind the cut"));
    assert!(told(&plan, &["x"]).contains("neither the project nor its archives"));
    assert!(matches!(plan.judge(None, Allowed::default()).decision, Decision::Refuse(..)));
    assert!(told(&plan, &[]).contains("empty"));
}

#[test]
fn several_heads_in_one_baseline() {
    let plan = plan(&["a c", "a d"], &["n"], &[("n", &["c", "d"])]);
    assert_eq!(told(&plan, &["n"]), "there");
    assert_eq!(told(&plan, &["d", "c"]), "stamp n");
    assert!(told(&plan, &["c"]).contains("behind the cut"));
    assert_eq!(told(&plan, &["n", "c"]), "beside n its version table has c, which n implies");
    assert_eq!(
        told(&plan, &["x", "c"]),
        "beside c its version table has x, which neither the project nor its archives know"
    );
}

#[test]
fn a_kept_revision_says_what_it_builds_on() {
    let plan = plan(&["a b", "a c", "b d", "c d"], &["n d", "d e"], &[("n", &["b", "c"])]);
    assert_eq!(told(&plan, &["b", "c"]), "stamp n");
    assert_eq!(told(&plan, &["d"]), "there");
    assert_eq!(told(&plan, &["e"]), "there");
    // A row that should have gone when `d` ran.
    assert!(told(&plan, &["d", "c"]).contains("c, which d implies"));
    assert_eq!(shown(judged(&plan, &["d", "c"], PURGE)), "stamp d");
    assert!(told(&plan, &["b"]).contains("behind the cut"));
}

#[test]
fn a_branch_may_be_missing_as_a_whole() {
    let plan = plan(&["a b", "x y", "b y"], &["n", "n m"], &[("n", &["b"]), ("m", &["y"])]);
    assert_eq!(told(&plan, &["b"]), "stamp n");
    assert_eq!(told(&plan, &["y"]), "stamp m");
    assert!(told(&plan, &["b", "x"]).contains("behind the cut"));
}

#[test]
fn ghosts_go_only_if_they_may_and_the_good_rows_decide() {
    let plan = plan(&["a b", "b c"], &["n", "n z"], &[("n", &["c"])]);
    let purged = |rows: &[&str]| shown(judged(&plan, rows, PURGE));
    assert_eq!(purged(&["n", "x"]), "stamp n");
    assert_eq!(purged(&["c", "x", "y"]), "stamp n");
    assert_eq!(purged(&["z", "a", "c"]), "stamp z");
    assert!(purged(&["b", "a"]).contains("behind the cut"));
    assert!(purged(&["x"]).contains("neither the project"));
    let judged = |rows: &[&str], allowed| judged(&plan, rows, allowed);
    assert_eq!(judged(&["z", "x", "n"], Allowed::default()).ghosts, ["x", "n"]);
    assert_eq!(judged(&["z", "x", "n"], PURGE).ghosts, ["x", "n"]);
    assert_eq!(judged(&["z"], PURGE).ghosts, [""; 0]);
    // Adopting is about databases that say nothing at all.
    assert!(shown(judged(&["c", "x"], ADOPT)).contains("beside c"));
}

#[test]
fn a_database_that_says_nothing_may_be_adopted() {
    let plan = plan(&["a b", "x y", "b y"], &["n", "n m"], &[("n", &["b"]), ("m", &["y"])]);
    // `m` requires `n`, which so has no row of its own.
    assert_eq!(shown(plan.judge(None, ADOPT)), "adopt m");
    assert_eq!(shown(judged(&plan, &[], ADOPT)), "adopt m");
    assert_eq!(shown(judged(&plan, &["?", "!"], ADOPT)), "adopt m");
    assert_eq!(plan.judge(None, ADOPT).reach, Reach::Exact);
    assert!(shown(judged(&plan, &["a"], ADOPT)).contains("behind the cut"));
}

#[test]
fn what_a_catalog_can_be_compared_with() {
    let plan = plan(&["a b", "x y"], &["n", "m", "m z"], &[("n", &["b"]), ("m", &["y"])]);
    let reach = |rows: &[&str]| judged(&plan, rows, Allowed::default()).reach;
    assert_eq!(reach(&["n", "m"]), Reach::Exact);
    assert_eq!(reach(&["b", "y"]), Reach::Exact);
    assert_eq!(reach(&["b"]), Reach::Some(vec!["n".to_owned()]));
    assert_eq!(reach(&["n", "z"]), Reach::Beyond(vec!["z".to_owned()]));
}

#[test]
fn what_is_missing_is_told_in_order() {
    let mut plan = plan(&["n d", "d e", "n f"], &["e", "f"], &[("e", &["e"]), ("f", &["f"])]);
    // An older squash: `n` stands for `c` and its ancestors.
    for (id, on) in [("n", "c"), ("c", "b"), ("b", "a"), ("a", "")] {
        let on = Some(on.to_owned()).filter(|on| !on.is_empty());
        plan.all.entry(id.to_owned()).or_default().extend(on);
        plan.archived.insert(id.to_owned());
    }
    plan.minted.insert("n".to_owned());
    let missing = |rows: &[&str]| judged(&plan, rows, Allowed::default()).missing.join(" ");
    assert_eq!(missing(&["a"]), "b c d e f");
    assert_eq!(missing(&["n"]), "d e f");
    assert_eq!(missing(&["d"]), "e f");
    assert_eq!(missing(&["e", "f"]), "");
    assert_eq!(
        told(&plan, &["a"]),
        "it stands at a, which is behind the cut (e, f): it lacks 5 revisions: b, c, d..."
    );
}

#[test]
fn a_row_that_another_depends_on_is_no_ghost() {
    let mut plan = plan(&["a b", "x y", "b y"], &["n"], &[("n", &["b", "y"])]);
    // `y` depends on `b`, and does not descend from it.
    plan.lineage.get_mut("y").unwrap().retain(|id| id == "x");
    assert_eq!(told(&plan, &["b", "y"]), "stamp n");
    assert_eq!(told(&plan, &["y"]), "stamp n");
    assert_eq!(told(&plan, &["x", "y"]), "beside y its version table has x, which y implies");
}
