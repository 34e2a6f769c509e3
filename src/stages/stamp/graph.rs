//! What requires what, by id. Pure.

use std::collections::{BTreeMap, BTreeSet};

/// What each revision requires, by id: parents and dependencies.
pub type Requires = BTreeMap<String, Vec<String>>;

/// These revisions and all that they require.
pub fn closed(graph: &Requires, ids: &[String]) -> BTreeSet<String> {
    in_order(graph, ids).into_iter().collect()
}

/// These revisions and all that they require, each after what it requires itself.
pub fn in_order(graph: &Requires, ids: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut order = Vec::new();
    // An id comes up twice: before what it requires, and after.
    let mut todo: Vec<(String, bool)> = ids.iter().rev().map(|id| (id.clone(), false)).collect();
    while let Some((id, done)) = todo.pop() {
        if done {
            order.push(id);
        } else if seen.insert(id.clone()) {
            let requires = graph.get(&id).into_iter().flatten().rev().cloned();
            todo.push((id.clone(), true));
            todo.extend(requires.map(|id| (id, false)));
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_after_what_it_requires() {
        let edges = [("d", vec!["b", "c"]), ("b", vec!["a"]), ("c", vec!["a"]), ("a", vec![])];
        let own = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let mut graph: Requires =
            edges.into_iter().map(|(id, on)| (id.to_owned(), own(on))).collect();
        assert_eq!(in_order(&graph, &own(vec!["d"])), ["a", "b", "c", "d"]);
        assert_eq!(in_order(&graph, &own(vec!["c", "b"])), ["a", "c", "b"]);
        // An id that is used twice, in two squashes, may close a circle.
        graph.insert("a".to_owned(), own(vec!["d"]));
        assert_eq!(closed(&graph, &own(vec!["a"])).len(), 4);
    }
}
