//! Gives a revision file other identifiers: `revision`, `down_revision`, `depends_on`, and the lines of its
//! docstring that repeat them.
//!
//! Takes a source text, what was read from it and what it shall say; gives the new text, in which nothing
//! else is changed. What it gives is read again and must say what was wanted, so an edit that went wrong is
//! an error and never a file. Pure.

use std::ops::Range;

use crate::format::alembic::literal;
use crate::format::alembic::python::{Literal, RevisionSource, read_revision_named};
use crate::format::alembic::rewrite::{CannotEdit, requoted};
use crate::history::RevisionId;

/// What a revision file shall say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `revision`.
    pub id: RevisionId,
    /// `down_revision`.
    pub parents: Vec<RevisionId>,
    /// `depends_on`.
    pub depends_on: Vec<String>,
}

impl Identity {
    /// What the file says now.
    pub fn of(source: &RevisionSource) -> Self {
        Self {
            id: source.id.clone(),
            parents: source.parents.iter().map(|parent| parent.value.clone()).collect(),
            depends_on: source.depends_on.iter().map(|name| name.value.clone()).collect(),
        }
    }
}

type Edit = (Range<usize>, String);

/// The text that says this, or `None` if it says so already. The docstring's `Revision ID:` and `Revises:`
/// are set right too, where they hold ids and nothing else.
///
/// # Errors
/// A value that cannot be edited without touching what else is in the file.
pub fn mend(
    text: &str,
    source: &RevisionSource,
    wanted: &Identity,
) -> Result<Option<String>, CannotEdit> {
    let now = Identity::of(source);
    let mut edits: Vec<Edit> = Vec::new();
    if now.id != wanted.id {
        // One that has its id from the file's name has no place for another.
        let place =
            source.id_place.as_ref().ok_or(CannotEdit { name: "revision", line: 1 })?.range.clone();
        edits.push((place.clone(), requoted(&text[place], wanted.id.as_str())));
    }
    if now.parents != wanted.parents {
        let places: Vec<_> = source.parents.iter().map(|p| p.range.clone()).collect();
        let values: Vec<&str> = wanted.parents.iter().map(RevisionId::as_str).collect();
        edits.extend(
            set(text, &places, Some(&source.down_revision), &values).ok_or(cannot(source))?,
        );
    }
    if now.depends_on != wanted.depends_on {
        let places: Vec<_> = source.depends_on.iter().map(|p| p.range.clone()).collect();
        let values: Vec<&str> = wanted.depends_on.iter().map(String::as_str).collect();
        let whole = source.depends_on_place.as_ref();
        edits.extend(set(text, &places, whole, &values).ok_or(cannot(source))?);
    }
    edits.extend(docstring(text, source, wanted));
    if edits.is_empty() {
        return Ok(None);
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut mended = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for (range, new) in edits {
        mended.push_str(text.get(at..range.start).ok_or(cannot(source))?);
        mended.push_str(&new);
        at = range.end;
    }
    mended.push_str(text.get(at..).ok_or(cannot(source))?);
    match read_revision_named(&mended, "") {
        Ok(read)
            if Identity::of(&read) == *wanted
                && read
                    .labels
                    .iter()
                    .map(|l| &l.value)
                    .eq(source.labels.iter().map(|l| &l.value))
                && read.message == source.message
                && read.created == source.created =>
        {
            Ok(Some(mended))
        }
        _ => Err(cannot(source)),
    }
}

fn cannot(source: &RevisionSource) -> CannotEdit {
    CannotEdit { name: "down_revision", line: source.down_revision.line }
}

/// The edits that give an identifier these values: one by one where their number stays, else all at once.
fn set(
    text: &str,
    places: &[Range<usize>],
    whole: Option<&Literal<()>>,
    values: &[&str],
) -> Option<Vec<Edit>> {
    let apart = places.windows(2).all(|pair| pair[0].end <= pair[1].start);
    if apart && !places.is_empty() && places.len() == values.len() {
        let edits = places.iter().zip(values);
        return Some(
            edits.map(|(at, value)| (at.clone(), requoted(&text[at.clone()], value))).collect(),
        );
    }
    let whole = whole?.range.clone();
    let quoted: Vec<String> = values.iter().map(|value| literal::one_line(value)).collect();
    let value = match quoted.as_slice() {
        [] => "None".to_owned(),
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    };
    Some(vec![(whole, value)])
}

/// What the docstring says of the ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// `Revision ID:`, if it is there and holds one id.
    pub id: Option<String>,
    /// `Revises:`, if it is there and holds ids, or nothing, or `None`.
    pub revises: Option<Vec<String>>,
}

/// What the docstring says of the ids.
pub fn said(text: &str, source: &RevisionSource) -> Said {
    let mut said = Said::default();
    for line in lines(text, source) {
        match line.name {
            "Revision ID:" => said.id = said.id.or(line.ids.first().cloned()),
            _ => said.revises = said.revises.or(Some(line.ids)),
        }
    }
    said
}

/// One line of the docstring that holds ids.
struct Line {
    name: &'static str,
    ids: Vec<String>,
    /// The bytes of the ids, or where they would stand.
    range: Range<usize>,
}

/// The first line of each name, unless it holds more than ids.
fn lines(text: &str, source: &RevisionSource) -> Vec<Line> {
    let Some(docstring) = source.docstring.clone() else { return Vec::new() };
    let Some(inside) = text.get(docstring.clone()) else { return Vec::new() };
    let mut found: Vec<Line> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    let mut at = docstring.start;
    for line in inside.split_inclusive(['\n', '\r']) {
        let start = at;
        at += line.len();
        for name in ["Revision ID:", "Revises:"] {
            let Some((before, value)) = line.split_once(name) else { continue };
            if !before.trim().is_empty() || seen.contains(&name) {
                continue;
            }
            seen.push(name);
            // The closing quotes may stand in the same line.
            let value = value.split(['"', '\'']).next().unwrap_or_default();
            let ids: Vec<String> = value.split(',').map(|id| id.trim().to_owned()).collect();
            let ids = if ids == [""] || ids == ["None"] { Vec::new() } else { ids };
            let plain = |id: &String| {
                RevisionId::new(id.as_str()).is_ok()
                    && !id.contains(|c: char| c.is_whitespace() || "\\${}()<>".contains(c))
            };
            if !ids.iter().all(plain) || (name == "Revision ID:" && ids.len() != 1) {
                continue;
            }
            let from = start + before.len() + name.len();
            let from = from + usize::from(value.starts_with(' '));
            let end = start + before.len() + name.len() + value.trim_end().len();
            found.push(Line { name, ids, range: from..end.max(from) });
        }
    }
    found
}

/// The edits that make the docstring say what the identifiers say.
fn docstring(text: &str, source: &RevisionSource, wanted: &Identity) -> Vec<Edit> {
    let mut edits = Vec::new();
    for line in lines(text, source) {
        let right: Vec<&str> = match line.name {
            "Revision ID:" => vec![wanted.id.as_str()],
            _ => wanted.parents.iter().map(RevisionId::as_str).collect(),
        };
        let same = {
            let (mut one, mut other) = (line.ids.clone(), right.clone());
            one.sort();
            other.sort_unstable();
            one == other
        };
        // An id with quotes or a backslash would have to be escaped: it is left alone.
        if same || right.iter().any(|id| id.contains(['"', '\'', '\\'])) {
            continue;
        }
        let blank = text[..line.range.start].ends_with(' ') || right.is_empty();
        let value = format!("{}{}", if blank { "" } else { " " }, right.join(", "));
        edits.push((line.range, value));
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::alembic::python::read_revision;

    fn id(text: &str) -> RevisionId {
        RevisionId::new(text).unwrap()
    }

    fn mended(text: &str, new: &str, parents: &[&str], depends_on: &[&str]) -> String {
        let wanted = Identity {
            id: id(new),
            parents: parents.iter().map(|parent| id(parent)).collect(),
            depends_on: depends_on.iter().map(ToString::to_string).collect(),
        };
        let source = read_revision(text).unwrap();
        mend(text, &source, &wanted).unwrap().unwrap_or_else(|| "unchanged".to_owned())
    }

    const TEXT: &str = "\"\"\"add vans\n\nRevision ID: c\nRevises: b\nCreate Date: 2024-01-01\n\n\"\"\"\r\n\
                        revision: str = 'c'  # c\ndown_revision = \"b\"\nbranch_labels = None\n\
                        depends_on = None\nx = 'b'\n";

    #[test]
    fn nothing_but_the_ids_changes() {
        assert_eq!(mended(TEXT, "c", &["b"], &[]), "unchanged");
        let expected = TEXT
            .replace("Revision ID: c", "Revision ID: d")
            .replace("str = 'c'", "str = 'd'")
            .replace("Revises: b", "Revises: z")
            .replace("= \"b\"", "= \"z\"");
        assert_eq!(mended(TEXT, "d", &["z"], &[]), expected);
    }

    #[test]
    fn parents_come_and_go() {
        let base = TEXT.replace("Revises: b", "Revises:").replace("= \"b\"", "= None");
        assert_eq!(mended(TEXT, "c", &[], &[]), base.replace("Revises:", "Revises: "));
        assert_eq!(mended(&base, "c", &["b"], &[]), TEXT);
        let two =
            TEXT.replace("Revises: b", "Revises: b, z").replace("= \"b\"", "= (\"b\", \"z\")");
        assert_eq!(mended(TEXT, "c", &["b", "z"], &[]), two);
        assert_eq!(mended(&two, "c", &["b"], &[]), TEXT);
        let dependent = TEXT.replace("depends_on = None", "depends_on = \"shop\"");
        assert_eq!(mended(TEXT, "c", &["b"], &["shop"]), dependent);
        assert_eq!(mended(&dependent, "c", &["b"], &[]), TEXT);
    }

    #[test]
    fn a_docstring_that_is_wrong_is_set_right_and_one_with_words_is_left() {
        let wrong = TEXT.replace("Revises: b", "Revises: a, x").replace("ID: c", "ID:   q");
        assert_eq!(mended(&wrong, "c", &["b"], &[]), TEXT);
        let words = TEXT.replace("Revises: b", "Revises: the one before (see b)");
        assert_eq!(mended(&words, "c", &["b"], &[]), "unchanged");
        let template = TEXT.replace("ID: c", "ID: ${up_revision}");
        assert_eq!(mended(&template, "c", &["b"], &[]), "unchanged");
        // The order of two parents says nothing.
        let two =
            TEXT.replace("Revises: b", "Revises: z, b").replace("= \"b\"", "= (\"b\", \"z\")");
        assert_eq!(mended(&two, "c", &["b", "z"], &[]), "unchanged");
    }

    #[test]
    fn an_id_from_the_name_cannot_be_changed() {
        let text = "down_revision = 'a'\n";
        let source = read_revision_named(text, "abc.py").unwrap();
        let wanted = Identity { id: id("x"), ..Identity::of(&source) };
        assert_eq!(mend(text, &source, &wanted).unwrap_err().name, "revision");
    }

    #[test]
    fn what_the_docstring_says() {
        let source = read_revision(TEXT).unwrap();
        let expected = Said { id: Some("c".to_owned()), revises: Some(vec!["b".to_owned()]) };
        assert_eq!(said(TEXT, &source), expected);
    }
}
