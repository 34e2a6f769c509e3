//! Histories drawn as text, for tests: `history("a->b, a->c, b+c->d")`.
//!
//! `a->b` makes `a` a parent of `b`; `a~>b` makes `b` depend on `a`; `a->b->c` is a chain; a name
//! alone is a base. Names may come in any order. A drawing that is no history panics.
#![expect(clippy::missing_panics_doc, reason = "test code")]

use std::collections::BTreeMap;

use super::{History, Revision, RevisionId};

/// An id in a test.
pub fn id(text: &str) -> RevisionId {
    RevisionId::new(text).unwrap()
}

/// The drawn history.
pub fn history(drawing: &str) -> History {
    History::link(revisions(drawing)).unwrap()
}

/// The drawn revisions, not linked.
pub fn revisions(drawing: &str) -> Vec<Revision> {
    let mut found: BTreeMap<String, Revision> = BTreeMap::new();
    for part in drawing.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let mut from: Vec<&str> = Vec::new();
        let mut depends = false;
        for step in part.replace("->", ">-").replace("~>", ">~").split('>') {
            let by = step.chars().next().filter(|mark| "-~".contains(*mark));
            let step = by.map_or(step, |mark| &step[mark.len_utf8()..]);
            depends = by.map_or(depends, |mark| mark == '~');
            let names: Vec<String> = step.split('+').map(|name| name.trim().to_owned()).collect();
            for name in &names {
                let revision = found.entry(name.clone()).or_insert_with(|| bare(name));
                if depends {
                    revision.depends_on.extend(from.iter().map(ToString::to_string));
                } else {
                    revision.parents.extend(from.iter().map(|parent| id(parent)));
                }
            }
            from = names.into_iter().map(|name| &*name.leak()).collect();
        }
    }
    found.into_values().collect()
}

/// A revision with nothing but an id.
pub fn bare(name: &str) -> Revision {
    Revision {
        id: id(name),
        parents: Vec::new(),
        depends_on: Vec::new(),
        labels: Vec::new(),
        message: String::new(),
        created: None,
        files: Vec::new(),
    }
}
