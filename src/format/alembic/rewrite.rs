//! Points a kept revision to the baseline: `down_revision`, `depends_on` and the docstring's `Revises:`.
//!
//! Takes a source text, what was read from it and the new names of revisions that go; gives the new
//! text, in which nothing else is changed: not a comment, a quote or a line end. What it gives is read
//! again and must say what was wanted, so an edit that went wrong is an error and never a file. Pure.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::format::alembic::python::{Literal, RevisionSource, read_revision_named};
use crate::history::RevisionId;

/// An identifier in which nothing but its value may change.
type Place = Literal<String>;

/// Why a file cannot be edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` at line {line} is written in a way that cannot be edited safely")]
pub struct CannotEdit {
    /// The identifier.
    pub name: &'static str,
    /// Its line.
    pub line: u32,
}

/// What the kept revision says after the squash, or `None` if it needs no change.
///
/// `renamed` tells for each revision that goes the one that stands for it; `dependencies` are the ids
/// that `depends_on` means, in its order (a label means the revision that carries it: the baseline
/// takes the label over, so labels stay).
///
/// # Errors
/// A value that cannot be edited without touching what else is in the file.
pub fn rewrite(
    text: &str,
    source: &RevisionSource,
    renamed: &BTreeMap<RevisionId, RevisionId>,
) -> Result<Option<String>, CannotEdit> {
    let new = |id: &str| renamed.get(id).map(|id| id.as_str().to_owned());
    let plain = |places: &[Literal<RevisionId>]| -> Vec<Place> {
        let place = |p: &Literal<RevisionId>| Literal {
            value: p.value.to_string(),
            range: p.range.clone(),
            line: p.line,
        };
        places.iter().map(place).collect()
    };
    let parents = plain(&source.parents);
    let mut edits = edits(text, &parents, new);
    edits.extend(self::edits(text, &source.depends_on, new));
    if edits.is_empty() {
        return Ok(None);
    }
    edits.extend(revises(text, source, new));
    edits.sort_by_key(|(range, _)| range.start);
    let mut rewritten = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for (range, new) in edits {
        let Some(between) = text.get(at..range.start) else { return Err(cannot(source)) };
        rewritten.push_str(between);
        rewritten.push_str(&new);
        at = range.end;
    }
    rewritten.push_str(&text[at..]);
    let wanted = |places: &[Place]| mapped(places, new);
    match read_revision_named(&rewritten, "") {
        Ok(read)
            if read.id == source.id
                && values(&plain(&read.parents)) == wanted(&parents)
                && values(&read.depends_on) == wanted(&source.depends_on)
                && values(&read.labels) == values(&source.labels)
                && read.message == source.message =>
        {
            Ok(Some(rewritten))
        }
        _ => Err(cannot(source)),
    }
}

fn cannot(source: &RevisionSource) -> CannotEdit {
    CannotEdit { name: "down_revision", line: source.down_revision.line }
}

fn values(places: &[Place]) -> Vec<String> {
    places.iter().map(|place| place.value.clone()).collect()
}

/// The new values: renamed, and each only once.
fn mapped(places: &[Place], new: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut values = Vec::new();
    for place in places {
        let value = new(&place.value).unwrap_or_else(|| place.value.clone());
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// The edits that rename the values of one identifier. A value that would be there twice is taken out,
/// with the comma before it, unless a comment stands there.
fn edits(
    text: &str,
    places: &[Place],
    new: impl Fn(&str) -> Option<String>,
) -> Vec<(Range<usize>, String)> {
    if places.iter().all(|place| new(&place.value).is_none()) {
        return Vec::new();
    }
    // Several values that came through one name: the name gives way to what it stands for.
    let one_name = places.len() > 1 && places.iter().all(|p| p.range == places[0].range);
    if one_name {
        let quoted: Vec<_> = mapped(places, new).iter().map(|id| format!("\"{id}\"")).collect();
        let value = match quoted.as_slice() {
            [one] => one.clone(),
            several => format!("({})", several.join(", ")),
        };
        return vec![(places[0].range.clone(), value)];
    }
    let mut edits = Vec::new();
    let mut seen = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let value = new(&place.value);
        let result = value.clone().unwrap_or_else(|| place.value.clone());
        if seen.contains(&result) {
            // The first value is never a repetition: there is one before this.
            let before = places[index - 1].range.end;
            let remarked = text[before..place.range.start].contains('#');
            let from = if remarked { place.range.start } else { before };
            edits.push((from..place.range.end, String::new()));
            continue;
        }
        seen.push(result);
        if let Some(value) = value {
            edits.push((place.range.clone(), requoted(&text[place.range.clone()], &value)));
        }
    }
    edits
}

/// A value in the quotes of the literal that it replaces. A name gets the quotes of Alembic's own files.
pub(super) fn requoted(literal: &str, value: &str) -> String {
    let quote = match literal.find(['"', '\'']) {
        Some(at) if literal[at..].starts_with('\'') => '\'',
        _ => '"',
    };
    // A legal id may hold a quote or a backslash.
    let escaped = value.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"));
    format!("{quote}{escaped}{quote}")
}

/// The edit of the docstring's `Revises:` line, which people and Alembic's own `show` read. A line that
/// says something else than the parents is left alone.
fn revises(
    text: &str,
    source: &RevisionSource,
    new: impl Fn(&str) -> Option<String>,
) -> Option<(Range<usize>, String)> {
    let docstring = source.docstring.clone()?;
    let mut at = docstring.start;
    for line in text.get(docstring)?.split_inclusive(['\n', '\r']) {
        let start = at;
        at += line.len();
        let Some((before, said)) = line.split_once("Revises:") else { continue };
        if !before.trim().is_empty() {
            continue;
        }
        let said_ids: Vec<&str> = said.trim().split(',').map(str::trim).collect();
        let parents: Vec<&str> = source.parents.iter().map(|p| p.value.as_str()).collect();
        if said_ids != parents {
            return None;
        }
        let places: Vec<Place> = source
            .parents
            .iter()
            .map(|p| Literal { value: p.value.to_string(), range: 0..0, line: 0 })
            .collect();
        let value = mapped(&places, new).join(", ");
        let from = start + before.len() + "Revises:".len() + (said.len() - said.trim_start().len());
        return Some((from..from + said.trim().len(), value));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::alembic::python::read_revision;

    fn rewritten(text: &str, renamed: &[(&str, &str)]) -> String {
        let id = |id: &str| RevisionId::new(id).unwrap();
        let renamed = renamed.iter().map(|(old, new)| (id(old), id(new))).collect();
        let source = read_revision(text).unwrap();
        rewrite(text, &source, &renamed).unwrap().unwrap_or_else(|| "unchanged".to_owned())
    }

    #[test]
    fn nothing_but_the_ids_changes() {
        let text = "\"\"\"add cake\n\nRevision ID: c\nRevises: b\nCreate Date: 2024-01-01\n\n\"\"\"\r\n\
                    revision = 'c'  # b\ndown_revision : str = 'b'  # was a\ndepends_on = None\nx = 'b'\n";
        let expected =
            text.replace("Revises: b", "Revises: new1").replace("= 'b'  #", "= 'new1'  #");
        assert_eq!(rewritten(text, &[("b", "new1")]), expected);
        assert_eq!(rewritten(text, &[("z", "new1")]), "unchanged");
    }

    #[test]
    fn parents_that_become_one() {
        let text = |parents: &str| {
            format!(
                "\"\"\"m\n\nRevises: a, b\n\"\"\"\nrevision = \"m\"\ndown_revision = {parents}\n"
            )
        };
        let both = [("a", "n"), ("b", "n")];
        let of = |parents: &str, renamed: &[(&str, &str)]| {
            let new = rewritten(&text(parents), renamed);
            let from = new.find("Revises").unwrap();
            new[from..].replace("\"\"\"\nrevision = \"m\"\n", "")
        };
        insta::assert_snapshot!(
            [
                of("(\"a\", \"b\")", &both),
                of("('a', 'b',)", &both),
                of("[\"a\",   # one\n  \"b\"]", &both),
                of("('a', 'b')", &[("b", "n")]),
                of("('a', 'b')", &[("a", "b")]),
            ]
            .join("\n"),
            @r#"
            Revises: n
            down_revision = ("n")

            Revises: n
            down_revision = ('n',)

            Revises: n
            down_revision = ["n",   # one
              ]

            Revises: a, n
            down_revision = ('a', 'n')

            Revises: b
            down_revision = ('b')
        "#
        );
    }

    #[test]
    fn names_give_way_to_what_they_stand_for() {
        let text = "revision = 'c'\nPARENT = 'b'\nBOTH = ('x', 'y')\ndown_revision = PARENT\ndepends_on = BOTH\n";
        insta::assert_snapshot!(rewritten(text, &[("b", "n"), ("x", "n")]), @r#"
            revision = 'c'
            PARENT = 'b'
            BOTH = ('x', 'y')
            down_revision = "n"
            depends_on = ("n", "y")
        "#);
    }

    #[test]
    fn a_dependency_is_renamed_too_and_labels_are_not() {
        let text = "revision = 'c'\ndown_revision = None\ndepends_on = ('b', 'billing')\nbranch_labels = ('shop',)\n";
        insta::assert_snapshot!(rewritten(text, &[("b", "n")]), @r"
            revision = 'c'
            down_revision = None
            depends_on = ('n', 'billing')
            branch_labels = ('shop',)
        ");
    }
}
