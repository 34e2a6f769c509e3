//! Revision files as people write them, and as they should not.

use super::*;

const TEMPLATE: &str = r#""""add orders

Revision ID: ae1027a6acf
Revises: 1975ea83b712
Create Date: 2024-03-05 07:08:09.123456

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = 'ae1027a6acf'
down_revision: Union[str, Sequence[str], None] = '1975ea83b712'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    pass
"#;

fn read(source: &str) -> RevisionSource {
    read_revision(source).unwrap()
}

fn parents(value: &str) -> String {
    let source = read(&format!("revision = 'x'\ndown_revision = {value}\n"));
    let ids: Vec<_> = source.parents.iter().map(|parent| parent.value.to_string()).collect();
    ids.join(" ")
}

fn problems(source: &str) -> String {
    let broken = read_revision(source).unwrap_err();
    let lines = broken.problems.iter().map(|problem| {
        let SourceProblem { line, column, kind, .. } = problem;
        format!("{line}:{column} {kind}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_template_of_today() {
    let source = read(TEMPLATE);
    assert_eq!(source.id.as_str(), "ae1027a6acf");
    assert_eq!(source.message, "add orders");
    assert_eq!(source.created.as_deref(), Some("2024-03-05 07:08:09.123456"));
    assert_eq!(&TEMPLATE[source.id_place.unwrap().range], "'ae1027a6acf'");
    assert_eq!(&TEMPLATE[source.parents[0].range.clone()], "'1975ea83b712'");
    assert_eq!(source.parents[0].line, 16);
    assert_eq!(&TEMPLATE[source.depends_on_place.unwrap().range], "None");
}

#[test]
fn every_form_of_parents() {
    assert_eq!(parents("'a'"), "a");
    assert_eq!(parents("('a', \"b\")"), "a b");
    assert_eq!(parents("'a', 'b'"), "a b");
    assert_eq!(parents("['a', 'b']"), "a b");
    assert_eq!(parents("{'a'}"), "a");
    assert_eq!(parents("('a'\n    'b')"), "ab");
    assert_eq!(parents("u'a'"), "a");
    assert_eq!(parents("r'''a'''"), "a");
    for base in ["None", "()", "[]", "(None,)"] {
        assert_eq!(parents(base), "", "{base}");
    }
}

#[test]
fn parts_of_a_tuple_have_their_own_places() {
    let text = "revision = 'x'\ndown_revision = ('a',\n                 'b')\n";
    let source = read(text);
    assert_eq!(&text[source.down_revision.range], "('a',\n                 'b')");
    assert_eq!(&text[source.parents[1].range.clone()], "'b'");
    assert_eq!((source.parents[0].line, source.parents[1].line), (2, 3));
}

#[test]
fn names_and_unpacking() {
    let text =
        "BASE = 'a'\nrevision, down_revision = 'x', BASE\nbranch_labels = depends_on = ('l',)";
    let source = read(text);
    assert_eq!(source.id.as_str(), "x");
    assert_eq!(source.parents[0].value.as_str(), "a");
    assert_eq!(source.labels[0].value, "l");
    assert_eq!(source.depends_on[0].value, "l");

    let text = "PARENTS = ('a', 'b')\nrevision = 'x'\ndown_revision = PARENTS\n";
    let source = read(text);
    assert_eq!(&text[source.parents[1].range.clone()], "PARENTS");
    assert_eq!(source.parents[1].line, 3);
}

#[test]
fn the_last_assignment_counts() {
    assert_eq!(parents("'a'\ndown_revision = 'b'"), "b");
    assert_eq!(parents("'a'\nif True:\n    down_revision = 'c'\ndown_revision = 'b'"), "b");
    assert_eq!(parents("'a'\ndown_revision: str\n"), "a");
    assert_eq!(parents("'a'\ndef upgrade():\n    down_revision = 'c'\n"), "a");
}

#[test]
fn an_empty_text_is_no_dependency() {
    assert!(read("revision = 'x'\ndown_revision = None\ndepends_on = ''").depends_on.is_empty());
}

#[test]
fn messages_are_what_alembic_shows() {
    let message = |docstring: &str| {
        read(&format!("{docstring}\nrevision = 'x'\ndown_revision = None\n")).message
    };
    assert_eq!(message("'''two\nlines\n\nRevision ID: x\n'''"), "two\nlines");
    assert_eq!(message("'''\n\nRevision ID: x\nRevises: y\n'''"), "");
    assert_eq!(message("'''text\nRevision ID: x\n'''"), "text");
    assert_eq!(message("'''about Revision ID: x\n'''"), "about Revision ID: x");
    assert_eq!(message("'''dos\r\n\r\nRevision ID: x\r\n'''"), "dos");
    assert_eq!(message("# no docstring"), "");
    assert_eq!(message("f'''computed'''"), "");
}

#[test]
fn odd_but_right_files() {
    assert_eq!(read("\u{feff}revision = 'x'\ndown_revision = None\n").id.as_str(), "x");
    assert_eq!(read("revision='x';down_revision=None").id.as_str(), "x");
    let carriage = read("# a\rrevision = 'x'\rdown_revision = None\r");
    assert_eq!(carriage.down_revision.line, 3);
    let windows = read("revision = 'x'\r\ndown_revision = None\r\n");
    assert_eq!(windows.down_revision.line, 2);
}

#[test]
fn an_id_from_the_file_name() {
    let text = "down_revision = None\n";
    let id = |name| read_revision_named(text, name).map(|source| source.id.to_string());
    assert_eq!(id("1975ea83b712.py").unwrap(), "1975ea83b712");
    for name in ["1975ea83b712_slug.py", "orders.py", ".py", ""] {
        assert!(id(name).is_err(), "{name}");
    }
}

#[test]
fn a_syntax_error_still_tells_the_id() {
    let broken = read_revision("revision = 'x'\ndown_revision = 'a'\ndef upgrade(:\n").unwrap_err();
    assert_eq!(broken.id.as_deref(), Some("x"));
    assert_eq!(broken.problems.len(), 1);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    insta::assert_snapshot!(problems("revision = 'x'\ndown_revision = (\n"), @"3:1 syntax error: unexpected EOF while parsing");
    insta::assert_snapshot!(problems("revision = 'x'\nprint 'python 2'\n"), @"2:7 syntax error: simple statements must be separated by newlines or semicolons");
    insta::assert_snapshot!(problems("<<<<<<< HEAD\nrevision = 'x'\n"), @"1:1 syntax error: expected a statement");
    insta::assert_snapshot!(problems("revision = 'x'\n# \0\n"), @"2:3 syntax error: source code cannot contain null bytes");
    insta::assert_snapshot!(problems("\n# nothing\n"), @"1:1 the file is empty");
    insta::assert_snapshot!(problems("'''text'''\n"), @r"
    1:1 the file assigns no `revision`
    1:1 the file assigns no `down_revision`
    ");
    insta::assert_snapshot!(problems("revision = 5\ndown_revision = 'a', b'c'\n"), @r"
    1:12 `revision` is a number, not one string
    2:22 `down_revision` is bytes, not a string, or a tuple of strings
    ");
    insta::assert_snapshot!(problems("revision = 'x',\ndown_revision = 'a b-c'\n"), @r"
    1:12 `revision` is a sequence, not one string
    2:17 `-` is not allowed in the revision id `a b-c`, in `down_revision`
    ");
    insta::assert_snapshot!(problems("revision = ''\ndown_revision = ('a', None)\n"), @r"
    1:12 a revision id cannot be empty, in `revision`
    2:23 `down_revision` is `None`, not a string, or a tuple of strings
    ");
}

#[test]
fn what_is_dynamic_is_told_with_the_reason() {
    let assigned = |value: &str| problems(&format!("revision = 'x'\ndown_revision = {value}\n"));
    insta::assert_snapshot!(assigned("parent()"), @"2:17 `down_revision` is known only when the file runs: it is the result of a call");
    insta::assert_snapshot!(assigned("('a', f'{b}')"), @"2:23 `down_revision` is known only when the file runs: it is an f-string");
    insta::assert_snapshot!(assigned("'a' if x else 'b'"), @"2:17 `down_revision` is known only when the file runs: it depends on a condition");
    insta::assert_snapshot!(assigned("'a'\ndown_revision += 'b'"), @"3:1 `down_revision` is known only when the file runs: its value is an expression");
    insta::assert_snapshot!(assigned("'a'\nif x:\n    down_revision = 'b'"), @"4:5 `down_revision` is known only when the file runs: it is assigned inside a block");
    insta::assert_snapshot!(assigned("'a'\ntry:\n    pass\nexcept E:\n    down_revision = 'b'"), @"6:5 `down_revision` is known only when the file runs: it is assigned inside a block");
    insta::assert_snapshot!(assigned("unknown"), @"2:17 `down_revision` is known only when the file runs: its value is an expression");
    insta::assert_snapshot!(problems("from .ids import revision, down_revision\n"), @r"
    1:18 `revision` is known only when the file runs: it is imported
    1:28 `down_revision` is known only when the file runs: it is imported
    ");
    insta::assert_snapshot!(problems("from .ids import *\n"), @r"
    1:18 `revision` is known only when the file runs: it is imported
    1:18 `down_revision` is known only when the file runs: it is imported
    ");
    insta::assert_snapshot!(problems("revision, *down_revision = ids\n"), @r"
    1:1 `revision` is known only when the file runs: it is unpacked from an expression
    1:12 `down_revision` is known only when the file runs: it is unpacked from an expression
    ");
    insta::assert_snapshot!(problems("revision = 'x'\ndown_revision = None\ndepends_on = d[0]"), @"3:14 `depends_on` is known only when the file runs: its value is an expression");
}
