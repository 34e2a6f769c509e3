//! What the README says, and what it leaves alone.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::history::drawing::history;
use crate::history::{Choice, RevisionId};
use crate::schema::Object;

fn entry(kind: &str, schema: &str, name: &str, statements: usize) -> Entry {
    let object =
        Object { kind: kind.to_owned(), schema: Some(schema.to_owned()), name: name.to_owned() };
    Entry { object, owner: None, statements: vec!["x".into(); statements].into() }
}

fn entries() -> Vec<Entry> {
    let table = |schema: &str, name: &str| entry("TABLE", schema, name, 1);
    vec![
        table("public", "menu_dish"),
        table("public", "menu_course"),
        table("public", "menu_price"),
        table("public", "booking_day"),
        table("public", "a|b `c`"),
        table("kitchen", "oven"),
        entry("INDEX", "public", "i", 1),
        entry("FUNCTION", "public", "f()", 1),
        entry("POLICY", "public", "oven p", 1),
        entry("TABLE DATA", "public", "menu_dish", 3),
        entry("TABLE DATA", "kitchen", "oven", 1),
    ]
}

/// A file with the block for a history of which some is kept.
fn rendered(revision: &str, choice: &Choice, old: Option<&str>) -> Result<String, ReadmeError> {
    let history = history("a->b->c->d");
    let cut = Cut::choose(&history, choice).unwrap();
    let baseline = Baseline {
        revision: RevisionId::new(revision.to_owned()).unwrap(),
        replaces: cut.heads().to_vec(),
        file: PathBuf::from("migrations/versions/d_baseline.py"),
        bytes: Vec::new(),
        sql_file: None,
        statements: 12,
    };
    let request = Request {
        baselines: &[baseline],
        cut: &cut,
        entries: &entries(),
        notes: &["A note.".to_owned()],
        roles: &["app_user".to_owned()],
        created: "2024-01-01 10:00:00.000000",
        archive: "migrations/archive/2024-01-01_d.zip",
        server: "PostgreSQL 15.4",
        upgrade: "alembic upgrade heads",
    };
    render(&request, None, "README.md", old)
}

#[test]
fn a_readme() {
    insta::assert_snapshot!(rendered("d", &Choice::Whole, Some("# Shop\n")).unwrap());
}

#[test]
fn a_readme_of_a_new_id_and_kept_revisions() {
    insta::assert_snapshot!(rendered("new", &Choice::Keep(1), None).unwrap());
}

#[test]
fn what_is_outside_of_the_markers_stays() {
    let around = |block: &str| format!("# Shop\r\n\r\n  {block}\r\ntail without an end");
    let old = around(&format!("{BEGIN}\r\nold\r\n{END}"));
    let once = rendered("d", &Choice::Whole, Some(&old)).unwrap();
    let begin = once.find(BEGIN).unwrap();
    let end = once.find(END).unwrap() + END.len();
    assert_eq!(once, around(&once[begin..end]));
    assert!(!once.replace("\r\n", "").contains('\n'));
    assert_eq!(rendered("d", &Choice::Whole, Some(&once)).unwrap(), once);
}

#[test]
fn markers_that_are_no_pair_are_refused() {
    let shown = [
        format!("{BEGIN}\n"),
        format!("a\n{END}\n"),
        format!("{END}\n{BEGIN}\n"),
        format!("{BEGIN}\n{END}\n{BEGIN}\n{END}\n"),
        format!("{BEGIN}\n{BEGIN}\n{END}\n"),
    ]
    .map(|old| check(None, "README.md", Some(&old)).unwrap_err().to_string());
    insta::assert_snapshot!(shown.join("\n"), @"
    the markers in `README.md` are no pair: `<!-- rebaseline:begin -->` in line 1
    the markers in `README.md` are no pair: `<!-- rebaseline:end -->` in line 2
    the markers in `README.md` are no pair: `<!-- rebaseline:end -->` in line 1, `<!-- rebaseline:begin -->` in line 2
    the markers in `README.md` are no pair: `<!-- rebaseline:begin -->` in line 1, `<!-- rebaseline:end -->` in line 2, `<!-- rebaseline:begin -->` in line 3, `<!-- rebaseline:end -->` in line 4
    the markers in `README.md` are no pair: `<!-- rebaseline:begin -->` in line 1, `<!-- rebaseline:begin -->` in line 2, `<!-- rebaseline:end -->` in line 3
    ");
    // In a sentence it is no marker.
    check(None, "README.md", Some(&format!("a line `{BEGIN}` begins"))).unwrap();
}

#[test]
fn a_template_cannot_make_markers() {
    let history = history("a");
    let cut = Cut::choose(&history, &Choice::Whole).unwrap();
    let request = Request {
        baselines: &[],
        cut: &cut,
        entries: &[],
        notes: &[],
        roles: &[],
        created: "",
        archive: "",
        server: "",
        upgrade: "",
    };
    let template = format!("a\n  {END}\n");
    let error = render(&request, Some(("mine", &template)), "README.md", None).unwrap_err();
    insta::assert_snapshot!(error, @"template `mine` makes a line that is a marker");
}

proptest! {
    /// Whatever is in the file: the second time changes nothing, and what was there is still there.
    #[test]
    fn a_second_time_changes_nothing(old in "[a-z#`<>!\\- \n]{0,60}", ending in "(\n|\r\n)") {
        let old = old.replace('\n', &ending);
        let once = with_block("f", &old, "block").unwrap();
        prop_assert!(once.starts_with(&old));
        prop_assert_eq!(with_block("f", &once, "block").unwrap(), once);
    }

    #[test]
    fn names_stay_in_their_cell(name in "[a-z|`\n]{1,20}") {
        let code = code(&name);
        prop_assert!(!code.contains('\n'));
        prop_assert!(!code.replace("\\|", "").contains('|'));
    }
}
