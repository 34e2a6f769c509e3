//! `--readme FILE`: written with the swap, between markers; taken back by `undo`; refused before anything
//! is started where it cannot be written.

use crate::support::assert_same_tree;
use crate::support::project::{Project, Run};

const TABLES: &str = "op.execute('create table menu_a (id int primary key)')\n\
    op.execute('create table menu_b ()')\n\
    op.execute('create table menu_c ()')\n\
    op.execute('insert into menu_a values (1), (2)')";

const BEGIN: &str = "<!-- rebaseline:begin -->";
const END: &str = "<!-- rebaseline:end -->";

fn project(readme: &str) -> Project {
    let project = Project::chain(&["op.execute('create role kitchen')", TABLES]);
    project.write("docs/DATABASE.md", readme);
    // Nothing is started where a test has only this folder for PostgreSQL's programs.
    project.write("empty/README", "no programs here");
    project
}

/// What stands before, between and after the markers.
#[track_caller]
fn parts(text: &str) -> (String, String, String) {
    let (before, rest) = text.split_once(BEGIN).expect("a first marker");
    let (block, after) = rest.split_once(END).expect("a second marker");
    assert!(!after.contains(BEGIN) && !after.contains(END), "{text}");
    (before.to_owned(), block.to_owned(), after.to_owned())
}

/// Refused with this exit code, before a server is looked for; nothing changed.
#[track_caller]
fn refused(project: &Project, arguments: &[&str], word: &str) -> Run {
    let before = project.tree();
    let run = project.rebaseline(&[&["squash", "--pg-bin", "empty"], arguments].concat()).exits(2);
    assert!(run.stderr.contains(word), "{word}: {}", run.stderr);
    assert!(run.stderr.contains("nothing was changed"), "{}", run.stderr);
    assert_same_tree(&project.tree(), &before);
    run
}

#[test]
fn it_is_written_with_the_swap_and_taken_back_by_undo() {
    let project = project("# Database\n\nOurs.\n");
    let old = project.tree();
    project.squash(&["--readme", "docs/DATABASE.md"]);
    let (before, block, after) = parts(&project.read("docs/DATABASE.md"));
    assert_eq!((before.as_str(), after.as_str()), ("# Database\n\nOurs.\n\n", "\n"));
    for told in [
        "Revision `r2` in `migrations/versions/r2_baseline.py`",
        "from 2 revisions.",
        "| `public` | | 3 | 2 |",
        "| | `menu` | 3 | 2 |",
        "| `public.menu_a` | 2 |",
        "    alembic upgrade heads\n",
        "At `r2`, where the old revisions ended: nothing to do.",
    ] {
        assert!(block.contains(told), "{told}: {block}");
    }
    let archive = block.split('`').find(|word| word.ends_with(".zip")).unwrap();
    assert!(project.path().join(archive).is_file(), "{archive}");
    project.rebaseline(&["archive", "verify"]).exits(0);
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &old);
}

#[test]
fn it_is_written_anew_the_second_time() {
    let project = project(&format!("# Database\r\n\r\n{BEGIN}\r\nold\r\n{END}\r\n\r\ntail"));
    project.write("rebaseline.toml", "readme = 'docs/DATABASE.md'\n");
    project.squash(&[]);
    let (_, first, _) = parts(&project.read("docs/DATABASE.md"));
    let between = project.tree();
    project.revision("r3", &["r2"], "op.execute('create table menu_d ()')");
    let with_third = project.tree();
    project.squash(&["--revision-id", "newest"]);
    let (before, second, after) = parts(&project.read("docs/DATABASE.md"));
    assert_eq!((before.as_str(), after.as_str()), ("# Database\r\n\r\n", "\r\n\r\ntail"));
    assert!(first.contains("| `public` | | 3 | 2 |"), "{first}");
    assert!(second.contains("| `public` | | 4 | 2 |"), "{second}");
    assert!(second.contains("`rebaseline stamp "), "{second}");
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &with_third);
    std::fs::remove_file(project.path().join("migrations/versions/r3_.py")).unwrap();
    assert_same_tree(&project.tree(), &between);
    project.rebaseline(&["undo"]).exits(0);
    let text = project.read("docs/DATABASE.md");
    assert_eq!(parts(&text).1, "\r\nold\r\n");
}

/// Beside the revisions it would be archived for that reason too; and a new file goes again.
#[test]
fn a_new_file_beside_the_revisions() {
    let project = project("");
    let old = project.tree();
    project.squash(&["--readme", "migrations/versions/README.md"]);
    assert!(project.read("migrations/versions/README.md").starts_with(BEGIN));
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &old);
    project.write("migrations/versions/README.md", "# Here\n");
    let old = project.tree();
    project.squash(&["--readme", "migrations/versions/README.md"]);
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &old);
}

#[test]
fn a_link_stays_a_link() {
    let project = project("# Database\n");
    let link = project.path().join("README.md");
    std::os::unix::fs::symlink("docs/DATABASE.md", &link).unwrap();
    project.squash(&["--readme", "README.md"]);
    assert!(link.is_symlink());
    assert!(project.read("docs/DATABASE.md").contains(BEGIN));
    project.rebaseline(&["undo"]).exits(0);
    assert!(link.is_symlink());
    assert_eq!(project.read("docs/DATABASE.md"), "# Database\n");
}

#[test]
fn a_dry_run_writes_nothing_into_it() {
    let project = project("# Database\n");
    let old = project.tree();
    project.rebaseline(&["squash", "--dry-run", "--readme", "docs/DATABASE.md"]).exits(0);
    assert_same_tree(&project.tree(), &old);
}

#[test]
fn a_template_of_the_users_own() {
    let project = project("");
    let template = "Baseline {{ baselines[0].revision }} of {{ squashed }}, {{ kept }} kept.";
    project.write("mine/README.md.tera", template);
    project.squash(&["--readme", "docs/DATABASE.md", "--templates", "mine"]);
    let text = project.read("docs/DATABASE.md");
    assert_eq!(text, format!("{BEGIN}\nBaseline r2 of 2, 0 kept.\n{END}\n"));
}

#[test]
fn what_cannot_be_written_is_refused_before_the_replay() {
    let broken = project(&format!("a\n{BEGIN}\nb\n"));
    let run = refused(&broken, &["--readme", "docs/DATABASE.md"], "no pair");
    assert!(run.stderr.contains("`docs/DATABASE.md`"), "{}", run.stderr);
    assert!(run.stderr.contains("in line 2"), "{}", run.stderr);
    refused(&broken, &["--readme", "docs"], "a folder");
    refused(&broken, &["--readme", "migrations/env.py"], "Python");
    refused(&broken, &["--readme", "../outside.md"], "outside");
    broken.write("binary.md", b"\xff\xfe");
    refused(&broken, &["--readme", "binary.md"], "binary.md");
    broken.write("mine/README.md.tera", "{{ }}");
    let arguments = ["--readme", "README.md", "--templates", "mine"];
    let run = refused(&broken, &arguments, "mine/README.md.tera");
    assert!(run.stderr.contains("1:"), "{}", run.stderr);
}
