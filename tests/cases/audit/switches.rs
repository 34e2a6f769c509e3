//! Rules that the user switches off, lowers or raises: by flags, by rebaseline.toml, by comments.

use serde_json::json;

use super::{audit, of, one, revision, rules};
use crate::support::project::Project;

fn two_heads() -> Project {
    let project = one("", "pass");
    for id in ["b1", "c1"] {
        project
            .write(&format!("migrations/versions/{id}_.py"), revision(id, Some("a1"), "", "pass"));
    }
    project
}

#[test]
fn flags() {
    let project = two_heads();
    audit(&project, &[]).exits(0);
    insta::assert_snapshot!("single_head", audit(&project, &["--single-head"]).exits(1).stdout);
    audit(&project, &["--strict"]).exits(1);
    let clean = one("", "op.drop_table('x')");
    audit(&clean, &["--strict", "--single-head"]).exits(0);
}

#[test]
fn the_configuration() {
    let project = two_heads();
    project.write("rebaseline.toml", "[audit.rules]\nseveral-heads = \"off\"\n");
    assert!(rules(&project).is_empty());
    audit(&project, &["--strict"]).exits(0);
    audit(&project, &["--single-head"]).exits(1);
    project.write("rebaseline.toml", "[audit.rules]\nseveral-heads = \"error\"\n");
    audit(&project, &[]).exits(1);
    // It is the user's rule, and no reason why the history could not be squashed.
    let squash = project.rebaseline(&["squash", "--dry-run"]).exits(0);
    assert!(squash.stderr.contains("2 heads, 0 merges, 1 finding "), "{}", squash.stderr);
    project.write("rebaseline.toml", "[audit.rules]\nseveral-heads = \"info\"\n");
    let told = project.rebaseline(&["--format", "json", "audit", "--strict"]).exits(0).json();
    assert_eq!(of(&told, "several-heads")[0]["severity"], "info");
}

#[test]
fn a_configuration_that_cannot_be() {
    let project = two_heads();
    let mut told = String::new();
    for line in [
        "severel-heads = \"off\"",
        "cycle = \"warning\"",
        "several-heads = \"quiet\"",
        "zzz = \"off\"",
    ] {
        project.write("rebaseline.toml", format!("[audit.rules]\n{line}\n"));
        let run = audit(&project, &[]).exits(2);
        assert_eq!(run.stdout, "");
        let real = project.path().canonicalize().unwrap().display().to_string();
        told += &run
            .stderr
            .replace(&real, "[PROJECT]")
            .replace(&project.path().display().to_string(), "[PROJECT]");
        // The same for who squashes.
        project.rebaseline(&["squash", "--dry-run"]).exits(2);
    }
    insta::assert_snapshot!("wrong_configuration", told);
}

#[test]
fn comments() {
    let project = one(
        "",
        "op.drop_table('x')  # rebaseline: ignore[destructive-change]\n# rebaseline: ignore[data-change]\n\
         op.execute('''\n    DELETE FROM y''')\nop.drop_table('z')",
    );
    let told = project.rebaseline(&["--format", "json", "audit"]).exits(0).json();
    assert!(of(&told, "data-change").is_empty());
    let left = of(&told, "destructive-change");
    assert_eq!(left.len(), 1);
    // The one that is left, and no word of the other.
    assert_eq!(left[0]["message"], "the revision drops what may hold data: `drop_table z`");

    let project = one(
        "# rebaseline: ignore-file[destructive-change, data-change]\n",
        "op.drop_table('x')\nop.execute('DELETE FROM y')",
    );
    let told = project.rebaseline(&["--format", "json", "audit"]).exits(0).json();
    assert_eq!(told, json!({"findings": []}));
}

#[test]
fn comments_that_ignore_nothing() {
    let project = one(
        "# rebaseline: ignore-file[cycle]\n",
        "op.drop_table('x')  # rebaseline: ignore[destructive-chang]\n\
         op.execute('SELECT 1')  # rebaseline: ignore[data-change]\nop.execute('SELECT 2')  # rebaseline: ignore",
    );
    insta::assert_snapshot!("unused_ignore", audit(&project, &[]).exits(0).stdout);
    // A structural error stays, whatever a comment says.
    let text = revision("b1", Some("gone"), "# rebaseline: ignore-file[missing-parent]\n", "pass");
    project.write("migrations/versions/b1_.py", text);
    audit(&project, &[]).exits(1);
}
