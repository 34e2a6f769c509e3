//! Repairs of piles of files, written as text.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rebaseline_archive::Sha256;

use super::*;
use crate::format::alembic::python::read_revision_named;

fn id(text: &str) -> RevisionId {
    RevisionId::new(text).unwrap()
}

/// A revision file: `path id parent+parent day`, the day being that of its Create Date, or `-`. What stands
/// behind is its body.
fn file(line: &str) -> File {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [path, id, parents, day, body @ ..] = words.as_slice() else { panic!("{line}") };
    let parents: Vec<&str> = parents.split('+').filter(|parent| *parent != "-").collect();
    let down = match parents.as_slice() {
        [] => "None".to_owned(),
        [one] => format!("{one:?}"),
        several => format!("{several:?}").replace('[', "(").replace(']', ")"),
    };
    let date = if *day == "-" {
        String::new()
    } else {
        format!("Create Date: 2024-01-{day:0>2} 10:00:00\n")
    };
    raw(
        path,
        &format!(
            "\"\"\"step\n\nRevision ID: {id}\nRevises: {}\n{date}\n\"\"\"\nrevision = {id:?}\ndown_revision = {down}\n\n\n\
             def upgrade():\n    do({:?})\n",
            parents.join(", "),
            body.join(" ")
        ),
    )
}

fn raw(path: &str, text: &str) -> File {
    let name = path.rsplit('/').next().unwrap();
    File {
        path: path.into(),
        text: text.to_owned(),
        sha256: Sha256::of(text.as_bytes()).to_string(),
        link: false,
        read: read_revision_named(text, name),
    }
}

fn files(drawing: &str) -> Vec<File> {
    drawing.lines().map(str::trim).filter(|line| !line.is_empty()).map(file).collect()
}

fn answered(files: &[File], answers: &[(&str, &str)]) -> Plan {
    let answers: Vec<Answer> =
        answers.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    plan(Input {
        files,
        unreadable: 0,
        deleted: &BTreeMap::new(),
        squashed: &BTreeMap::new(),
        answers: &answers,
    })
}

/// The identifiers of the files after the mends, and what is open.
fn shown(files: &[File], plan: &Plan) -> String {
    let mut text = String::new();
    for file in files {
        let mend = plan.mends.iter().find(|mend| mend.path == file.path);
        let now = match mend {
            None => Some(file.text.clone()),
            Some(mend) => mend.new.clone(),
        };
        let path = file.path.display();
        let Some(now) = now else {
            text += &format!("{path}: removed\n");
            continue;
        };
        let name = path.to_string();
        match read_revision_named(&now, name.rsplit('/').next().unwrap()) {
            Ok(source) => {
                let parents: Vec<_> = source.parents.iter().map(|p| p.value.as_str()).collect();
                let mark = if mend.is_some() { " *" } else { "" };
                text += &format!("{path}: {} <- {}{mark}\n", source.id, parents.join("+"));
            }
            Err(_) => text += &format!("{path}: broken\n"),
        }
    }
    for question in &plan.questions {
        let answers: Vec<&str> = question.candidates.iter().map(|c| c.answer.as_str()).collect();
        text += &format!("{} {}? {}\n", question.rule, question.revision, answers.join(" | "));
    }
    for left in &plan.left {
        text += &format!("left {}: {}\n", left.file.display(), left.why);
    }
    text
}

fn mended(drawing: &str, answers: &[(&str, &str)]) -> String {
    let files = files(drawing);
    shown(&files, &answered(&files, answers))
}

/// Applies a plan, as the command does.
fn applied(files: &[File], plan: &Plan) -> Vec<File> {
    let mut after = Vec::new();
    for file in files {
        match plan.mends.iter().find(|mend| mend.path == file.path) {
            None => after.push(file.clone()),
            Some(mend) => {
                after.extend(
                    mend.new.as_ref().map(|new| raw(&file.path.display().to_string(), new)),
                );
            }
        }
    }
    after
}

#[test]
fn a_sound_history_needs_nothing() {
    let sound = "v/a.py a - 1\nv/b.py b a 2\nv/c.py c a 3\nv/d.py d b+c 4";
    insta::assert_snapshot!(mended(sound, &[]), @r"
    v/a.py: a <- 
    v/b.py: b <- a
    v/c.py: c <- a
    v/d.py: d <- b+c
    ");
}

#[test]
fn empty_files_go_and_broken_ones_stay() {
    let mut files = files("v/a.py a - 1");
    files.push(raw("v/e.py", ""));
    files.push(raw("v/f.py", "\n# to do\n"));
    files.push(raw("v/g.py", "revision = 'g\n"));
    files.push(raw("v/h.py", "<<<<<<< HEAD\nrevision = 'h'\n=======\nrevision = 'i'\n>>>>>>> x\n"));
    files.push(File { link: true, ..raw("v/l.py", "") });
    let plan = answered(&files, &[]);
    insta::assert_snapshot!(shown(&files, &plan), @r"
    v/a.py: a <- 
    v/e.py: removed
    v/f.py: removed
    v/g.py: broken
    v/h.py: broken
    v/l.py: broken
    left v/g.py: it cannot be read as a revision: repair it by hand
    left v/h.py: it has git's conflict markers: finish the merge first
    left v/l.py: it is empty, but a link: nothing is written through links
    ");
    assert_eq!(plan.left.iter().filter(|left| left.stops).count(), 1);
}

#[test]
fn the_same_program_twice() {
    let mut files = files("v/a.py a - 1\nv/b_1.py b a 2\nv/b.py b a 2\nv/c.py c b 3");
    // Other white space, another comment, another date.
    let other = files[2].text.replace("do(", "do(  ").replace("01-02", "01-09") + "# copy\n";
    files.push(raw("v/b_copy.py", &other));
    insta::assert_snapshot!(shown(&files, &answered(&files, &[])), @r"
    v/a.py: a <- 
    v/b_1.py: removed
    v/b.py: b <- a
    v/c.py: c <- b
    v/b_copy.py: removed
    ");
}

#[test]
fn one_that_does_something_else_is_asked_about() {
    let fork = "v/a.py a - 1\nv/b1.py b a 2 one\nv/b2.py b a 3 two\nv/c.py c b 4";
    insta::assert_snapshot!(mended(fork, &[]), @r"
    v/a.py: a <- 
    v/b1.py: b <- a
    v/b2.py: b <- a
    v/c.py: c <- b
    duplicate-revision b? both:b2.py | both:b1.py | only:b2.py | only:b1.py
    ");
    insta::assert_snapshot!(mended(fork, &[("b", "both:b2.py")]), @r"
    v/a.py: a <- 
    v/b1.py: 44a688a57b72 <- a *
    v/b2.py: b <- 44a688a57b72 *
    v/c.py: c <- b
    ");
    insta::assert_snapshot!(mended(fork, &[("b", "only:b1.py")]), @r"
    v/a.py: a <- 
    v/b1.py: b <- a
    v/b2.py: removed
    v/c.py: c <- b
    ");
}

#[test]
fn a_copy_that_kept_the_id_of_its_original() {
    // `b` was copied for a revision behind `c`.
    let copy = "v/a.py a - 1\nv/b.py b a 2 one\nv/c.py c b 3\nv/d.py b c 4 two";
    insta::assert_snapshot!(mended(copy, &[]), @r"
    v/a.py: a <- 
    v/b.py: b <- a
    v/c.py: c <- b
    v/d.py: 90e13d633965 <- c *
    ");
    // `e` may build on either.
    let both = format!("{copy}\nv/e.py e b 5");
    insta::assert_snapshot!(mended(&both, &[]), @r"
    v/a.py: a <- 
    v/b.py: b <- a
    v/c.py: c <- b
    v/d.py: b <- c
    v/e.py: e <- b
    duplicate-revision b? both:b.py | both:d.py | only:b.py | only:d.py
    ");
    insta::assert_snapshot!(mended(&both, &[("b", "both:b.py")]), @r"
    v/a.py: a <- 
    v/b.py: b <- a
    v/c.py: c <- b
    v/d.py: 90e13d633965 <- c *
    v/e.py: e <- 90e13d633965 *
    ");
    insta::assert_snapshot!(mended(&both, &[("b", "both:d.py")]), @r"
    v/a.py: a <- 
    v/b.py: 141b8d1417bc <- a *
    v/c.py: c <- 141b8d1417bc *
    v/d.py: b <- c
    v/e.py: e <- b
    ");
}

#[test]
fn a_docstring_that_still_has_the_right_id() {
    let mut files = files("v/a.py a - 1\nv/b.py b a 2 one\nv/d.py d c 4");
    let copied = file("v/c.py b b 3 two").text.replace("Revision ID: b", "Revision ID: c");
    files.push(raw("v/c.py", &copied));
    insta::assert_snapshot!(shown(&files, &answered(&files, &[])), @r"
    v/a.py: a <- 
    v/b.py: b <- a
    v/d.py: d <- c
    v/c.py: c <- b *
    ");
}

#[test]
fn chains_in_folders_of_their_own() {
    let chains = "fleet/1.py 0001 - 1 f\nfleet/2.py 0002 0001 2 f\nbilling/1.py 0001 - 11 b\nbilling/2.py 0002 0001 12 b\nbilling/3.py 0003 0002 13 b";
    insta::assert_snapshot!(mended(chains, &[]), @r"
    fleet/1.py: 0001 <- 
    fleet/2.py: 0002 <- 0001
    billing/1.py: billing_0001 <-  *
    billing/2.py: billing_0002 <- billing_0001 *
    billing/3.py: 0003 <- billing_0002 *
    ");
    // A third folder that names the id could mean either.
    let third = format!("{chains}\nshop/1.py s1 0002 4");
    assert!(mended(&third, &[]).contains("duplicate-revision 0002?"), "{}", mended(&third, &[]));
}

#[test]
fn a_chain_that_another_one_may_depend_on_is_asked_about() {
    let chains = "fleet/1.py 0001 - 1 f\nfleet/2.py 0002 0001 2 f\nbilling/1.py 0001 - 11 b\nbilling/2.py 0002 0001 12 b";
    let mut files = files(chains);
    // Of `0001`, nobody knows which is meant; `0002` is nobody's dependency.
    let text = files[3].text.replace("\n\n\ndef", "\ndepends_on = '0001'\n\n\ndef");
    files[3] = raw("billing/2.py", &text);
    let text = shown(&files, &answered(&files, &[]));
    assert!(text.contains("billing/1.py: 0001 <- \n"), "{text}");
    assert!(text.contains("duplicate-revision 0001?"), "{text}");
    assert!(text.contains("billing/2.py: billing_0002 <- 0001 *\n"), "{text}");
}

#[test]
fn a_chain_that_is_a_reformatted_copy_is_asked_about() {
    let chains = "fleet/1.py 0001 - 1 f\nfleet/2.py 0002 0001 2 f\ncopy/1.py 0001 - 1 f\ncopy/2.py 0002 0001 2 f\ncopy/3.py 0003 0002 3";
    let mut files = files(chains);
    for at in [2, 3] {
        let (path, text) = (files[at].path.display().to_string(), files[at].text.clone());
        files[at] = raw(&path, &text.replace("do(\"f\")", "do(\n        'f',\n    )"));
    }
    let plan = answered(&files, &[]);
    assert_eq!(plan.mends, []);
    let text = shown(&files, &plan);
    assert!(text.contains("duplicate-revision 0001?"), "{text}");
    assert!(text.contains("duplicate-revision 0002?"), "{text}");
}

#[test]
fn the_same_program_that_finds_other_files_is_asked_about() {
    let reads = |path: &str| {
        let text = file("v/b.py b a 2").text;
        raw(path, &(text + "    do(Path(__file__).with_suffix('.sql').read_text())\n"))
    };
    let mut files = files("v/a.py a - 1");
    files.extend([reads("v/b.py"), reads("w/b.py")]);
    let plan = answered(&files, &[]);
    assert_eq!(plan.mends, []);
    assert!(plan.questions[0].text.contains("by the same program, which may find other files"));
    assert!(shown(&files, &plan).contains("duplicate-revision b?"));
    // In one folder it finds the same.
    files[2] = reads("v/b_1.py");
    let text = shown(&files, &answered(&files, &[]));
    assert!(text.contains("v/b_1.py: removed\n"), "{text}");
    // One that reads none is the same in any folder.
    let others = [file("v/a.py a - 1"), file("v/b.py b a 2"), file("w/b.py b a 2")];
    assert!(shown(&others, &answered(&others, &[])).contains("w/b.py: removed\n"));
}

#[test]
fn a_parent_that_is_gone() {
    let gone = "v/01_a.py a - 1\nv/02_b.py b a 2\nv/04_d.py d c 4\nv/05_e.py e d 5";
    insta::assert_snapshot!(mended(gone, &[]), @r"
    v/01_a.py: a <- 
    v/02_b.py: b <- a
    v/04_d.py: d <- c
    v/05_e.py: e <- d
    missing-parent d? b | none
    ");
    assert!(mended(gone, &[("d", "b")]).contains("v/04_d.py: d <- b *\n"));
    // One that was not offered, but is there; and none.
    assert!(mended(gone, &[("d", "a")]).contains("v/04_d.py: d <- a *\n"));
    assert!(mended(gone, &[("d", "none")]).contains("v/04_d.py: d <-  *\n"));
    // Its own descendant would make a circle.
    let refused = answered(&files(gone), &[("d", "e")]);
    assert_eq!(refused.unasked, [("d".to_owned(), "e".to_owned())]);
    assert_eq!(refused.questions.len(), 1);
}

fn gone(parents: &[&str], added: &[(&str, Option<&str>)]) -> Deleted {
    let added = added
        .iter()
        .map(|(path, name)| Added { path: (*path).to_owned(), id: name.map(id) })
        .collect();
    Deleted {
        path: "v/x.py".to_owned(),
        commit: "0123456789".to_owned(),
        parents: parents.iter().map(|parent| id(parent)).collect(),
        added,
    }
}

/// The same with what git knows, and what squashes took.
fn known(
    files: &[File],
    deleted: &[(&str, Deleted)],
    squashed: &[&str],
    unreadable: usize,
    answers: &[(&str, &str)],
) -> Plan {
    let deleted = deleted.iter().map(|(name, deleted)| (id(name), deleted.clone())).collect();
    let squashed = squashed.iter().map(|name| (id(name), "archive/s.zip".into())).collect();
    let answers: Vec<Answer> =
        answers.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    plan(Input { files, unreadable, deleted: &deleted, squashed: &squashed, answers: &answers })
}

#[test]
fn what_git_knows_of_a_parent() {
    let files = files("v/a.py a - 1\nv/d.py d c 4");
    let with = |deleted: &[(&str, &[&str])], unreadable| {
        let deleted: Vec<_> = deleted.iter().map(|(name, p)| (*name, gone(p, &[]))).collect();
        shown(&files, &known(&files, &deleted, &[], unreadable, &[]))
    };
    assert!(with(&[("c", &["a"])], 0).contains("v/d.py: d <- a *\n"));
    // Two in a row are gone.
    assert!(with(&[("c", &["b"]), ("b", &["a"])], 0).contains("v/d.py: d <- a *\n"));
    // Where it leads nowhere, to itself, or to the base of another history, it is a question; and where a file
    // that cannot be read may have it.
    for (deleted, unreadable) in [
        (&[("c", &["b"][..])], 0),
        (&[("c", &["d"])], 0),
        (&[("c", &[][..])], 0),
        (&[("c", &["a"])], 1),
    ] {
        let text = with(deleted, unreadable);
        assert!(text.contains("v/d.py: d <- c\n") && text.contains("missing-parent d?"), "{text}");
    }
}

#[test]
fn a_base_only_where_there_is_no_other() {
    let deleted = [("c", gone(&["b"], &[])), ("b", gone(&[], &[]))];
    let alone = files("v/d.py d c 4\nv/e.py e d 5");
    let text = shown(&alone, &known(&alone, &deleted, &[], 0, &[]));
    assert!(text.contains("v/d.py: d <-  *\n"), "{text}");
    // Two that would become bases.
    let two = files("v/d.py d c 4\nv/e.py e c 5");
    let text = shown(&two, &known(&two, &deleted, &[], 0, &[]));
    assert!(text.contains("missing-parent d?") && text.contains("missing-parent e?"), "{text}");
    let chosen = shown(&two, &known(&two, &deleted, &[], 0, &[("d", "none"), ("e", "d")]));
    assert!(chosen.contains("v/d.py: d <-  *\nv/e.py: e <- d *\n"), "{chosen}");
}

#[test]
fn one_that_builds_on_the_same_may_be_the_deleted_one_renamed_before() {
    let chain = [("x", gone(&["w"], &[])), ("w", gone(&["a"], &[]))];
    for deleted in [&[("x", gone(&["a"], &[]))][..], &chain] {
        let twin = files("v/a.py a - 1\nv/y.py y a 2\nv/z.py z y 3\nv/d.py d x 4");
        let plan = known(&twin, deleted, &[], 0, &[]);
        let text = shown(&twin, &plan);
        assert!(text.contains("v/d.py: d <- x\n") && text.contains("missing-parent d?"), "{text}");
        let y = plan.questions[0].candidates.iter().find(|c| c.answer == "y").unwrap();
        assert!(y.why.contains("it may be that one, under a new id"), "{}", y.why);
        // Others may come after the same one, or after this one.
        let alone = files("v/a.py a - 1\nv/y.py y x 2\nv/z.py z x 3\nv/d.py d y 4");
        let text = shown(&alone, &known(&alone, deleted, &[], 0, &[]));
        assert!(text.contains("y <- a *\n") && text.contains("z <- a *\n"), "{text}");
    }
}

#[test]
fn a_commit_that_adds_revisions_may_have_renamed_one() {
    let files = files("v/a.py a - 1\nv/y.py y a 2\nv/z.py z a 3\nv/d.py d x 4");
    let with = |added: &[(&str, Option<&str>)]| {
        let plan = known(&files, &[("x", gone(&["a"], added))], &[], 0, &[]);
        (shown(&files, &plan), plan)
    };
    let (text, plan) = with(&[("v/y.py", Some("y"))]);
    assert!(text.contains("v/d.py: d <- x\n") && text.contains("missing-parent d? y | "), "{text}");
    let candidates = &plan.questions[0].candidates;
    assert!(candidates[0].why.contains("0123456789 took `x` and added `v/y.py`"), "{candidates:?}");
    let a = candidates.iter().find(|candidate| candidate.answer == "a").unwrap();
    assert!(a.why.contains("git has `v/x.py`, deleted in 0123456789"), "{candidates:?}");
    // One that cannot be read may be it too.
    assert!(with(&[("v/y.py", None)]).0.contains("missing-parent d?"));
    // The docstring is no way around.
    let said = file("v/d.py d x 4").text.replace("Revises: x", "Revises: a");
    let said = [files[0].clone(), files[1].clone(), raw("v/d.py", &said)];
    let plan = known(&said, &[("x", gone(&["a"], &[("v/y.py", Some("y"))]))], &[], 0, &[]);
    assert!(shown(&said, &plan).contains("missing-parent d?"));
    // Nor is a commit further up.
    let deleted = [("x", gone(&["w"], &[])), ("w", gone(&["a"], &[("v/y.py", Some("y"))]))];
    let text = shown(&files, &known(&files, &deleted, &[], 0, &[]));
    assert!(text.contains("missing-parent d?"), "{text}");
}

#[test]
fn what_a_squash_took_is_for_rebase() {
    let mut files = files("v/n.py n - 1\nv/d.py d c 4\nv/e.py e d 5");
    let deleted = [("c", gone(&["n"], &[]))];
    let wanted = "v/n.py: n <- \nv/d.py: d <- c\nv/e.py: e <- d\n\
        left v/d.py: its parent `c` was squashed, it is in `archive/s.zip`: rebaseline rebase v/d.py\n";
    assert_eq!(shown(&files, &known(&files, &deleted, &["c"], 0, &[])), wanted);
    let said = file("v/d.py d c 4").text.replace("Revises: c", "Revises: n");
    files[1] = raw("v/d.py", &said);
    let plan = known(&files, &[], &["c"], 0, &[]);
    assert_eq!(shown(&files, &plan), wanted);
    assert!(plan.heads.is_empty() && !plan.left[0].stops);
    // One that was deleted, and built on what a squash took.
    files[1] = file("v/d.py d x 4");
    let deleted = [("x", gone(&["c"], &[])), ("c", gone(&["n"], &[]))];
    let text = shown(&files, &known(&files, &deleted, &["c"], 0, &[]));
    assert!(text.contains("v/d.py: d <- x\n") && text.contains("missing-parent d?"), "{text}");
}

#[test]
fn each_missing_parent_of_a_merge_is_a_question() {
    let merge = "v/a.py a - 1\nv/b.py b a 2\nv/c.py c a 3\nv/m.py m p+q 4";
    let open = mended(merge, &[]);
    assert!(open.contains("missing-parent m:p?") && open.contains("missing-parent m:q?"), "{open}");
    let second = mended(merge, &[("m:q", "c")]);
    assert!(second.contains("m <- p+c *\n") && !second.contains("m:q?"), "{second}");
    let both = mended(merge, &[("m:q", "c"), ("m:p", "b")]);
    assert!(both.contains("v/m.py: m <- b+c *\n") && !both.contains('?'), "{both}");
    // Which of them is meant must be said; where there is one, it need not.
    let files = files(merge);
    assert_eq!(answered(&files, &[("m", "c")]).unasked, [("m".to_owned(), "c".to_owned())]);
    let one = "v/a.py a - 1\nv/b.py b a 2\nv/c.py c a 3\nv/m.py m b+q 4";
    assert!(mended(one, &[("m", "c")]).contains("v/m.py: m <- b+c *\n"));
}

#[test]
fn a_parent_that_is_clear() {
    let mut files = files("v/a.py a - 1\nv/b.py b None 2");
    files.push(raw("v/c.py", &file("v/c.py c gone 3").text.replace("Revises: gone", "Revises: a")));
    let labelled =
        file("v/l.py l a 4").text.replace("\n\n\ndef", "\nbranch_labels = 'shop'\n\n\ndef");
    files.push(raw("v/l.py", &labelled));
    files.push(file("v/m.py m shop 5"));
    insta::assert_snapshot!(shown(&files, &answered(&files, &[])), @r"
    v/a.py: a <- 
    v/b.py: b <-  *
    v/c.py: c <- a *
    v/l.py: l <- a
    v/m.py: m <- l *
    ");
}

#[test]
fn a_parent_in_a_broken_file_is_left_alone() {
    let mut files = files("v/a.py a - 1\nv/d.py d c 4");
    files.push(raw("v/c.py", "revision = 'c'\ndown_revision = 'a\n"));
    insta::assert_snapshot!(shown(&files, &answered(&files, &[])), @r"
    v/a.py: a <- 
    v/d.py: d <- c
    v/c.py: broken
    left v/c.py: it cannot be read as a revision: repair it by hand
    left v/d.py: its parent `c` is declared in `v/c.py`, which cannot be read
    ");
}

#[test]
fn a_circle_is_cut_only_where_it_is_said() {
    let circle = "v/a.py a - 1\nv/b.py b d 2\nv/c.py c b 3\nv/d.py d c 4\nv/e.py e d 5";
    insta::assert_snapshot!(mended(circle, &[]), @r"
    v/a.py: a <- 
    v/b.py: b <- d
    v/c.py: c <- b
    v/d.py: d <- c
    v/e.py: e <- d
    cycle b? cut:b | cut:c | cut:d
    ");
    insta::assert_snapshot!(mended(circle, &[("b", "cut:b")]), @r"
    v/a.py: a <- 
    v/b.py: b <- a *
    v/c.py: c <- b
    v/d.py: d <- c
    v/e.py: e <- d
    ");
    let own = "v/a.py a - 1\nv/b.py b b 2";
    assert!(mended(own, &[]).contains("cycle b? cut:b\n"), "{}", mended(own, &[]));
    let two = "v/a.py a b 1\nv/b.py b a 2\nv/x.py x y 3\nv/y.py y x 4";
    assert_eq!(answered(&files(two), &[]).questions.len(), 2);
    let one = answered(&files(two), &[("x", "cut:x")]);
    assert_eq!((one.questions.len(), one.mends.len()), (1, 1));
}

#[test]
fn docstrings_are_set_right_but_not_where_something_is_open() {
    let mut wrong = files("v/a.py a - 1");
    wrong.push(raw("v/b.py", &file("v/b.py b a 2").text.replace("Revises: a", "Revises: z")));
    let plan = answered(&wrong, &[]);
    assert_eq!(plan.mends[0].reasons[0].rule, "docstring");
    assert_eq!(plan.mends[0].new.as_deref(), Some(file("v/b.py b a 2").text.as_str()));
    let mut open = files("v/a.py a - 1\nv/b1.py b a 2 two");
    open.push(raw("v/b2.py", &file("v/b2.py b a 2 x").text.replace("Revises: a", "Revises: z")));
    let plan = answered(&open, &[]);
    assert_eq!((plan.mends.len(), plan.questions.len()), (0, 1));
}

#[test]
fn what_is_not_changed_through_a_link_stops_all() {
    let mut files = files("v/a.py a - 1\nv/b.py b None 2");
    files[1].link = true;
    let plan = answered(&files, &[]);
    assert!(plan.mends.is_empty());
    assert!(plan.left[0].stops && plan.left[0].why.contains("link"));
}

#[test]
fn a_second_repair_finds_nothing() {
    let pile = "fleet/1.py 0001 - 1 f\nfleet/2.py 0002 0001 2 f\nbilling/1.py 0001 - 11 b\nbilling/2.py 0002 0001 12 b\n\
                v/b1.py b 0002 3 one\nv/b2.py b 0002 4 two\nv/c.py c gone 5\nv/d.py d e 6\nv/e.py e d 7";
    let files = files(pile);
    let answers = [
        ("0002", "both:fleet/2.py"),
        ("0001", "both:fleet/1.py"),
        ("b", "both:b2.py"),
        ("c", "b"),
        ("d", "cut:d"),
    ];
    let first = answered(&files, &answers);
    assert_eq!(first.questions, []);
    let after = applied(&files, &first);
    let second = answered(&after, &[]);
    assert_eq!(shown(&after, &second), shown(&files, &first).replace(" *", ""));
    assert!(second.mends.is_empty() && second.questions.is_empty());
    assert_eq!(second.heads, first.heads);
}

/// A pile of files at random: few ids, so that they are double, missing and in circles.
fn piles() -> impl Strategy<Value = String> {
    let one = (0..5_u8, proptest::collection::vec(0..6_u8, 0..3), 1..9_u8, 0..2_u8, 0..3_u8);
    proptest::collection::vec(one, 1..9).prop_map(|files| {
        let name = |number: &u8| char::from(b'a' + number).to_string();
        let line = |(at, (id, parents, day, folder, body)): (usize, (u8, Vec<u8>, u8, u8, u8))| {
            let mut parents: Vec<String> = parents.iter().map(name).collect();
            parents.sort();
            parents.dedup();
            let parents = if parents.is_empty() { "-".to_owned() } else { parents.join("+") };
            format!("v{folder}/f{at}.py {} {parents} {day} {body}\n", name(&id))
        };
        files.into_iter().enumerate().map(line).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is answered, the questions come to an end, what comes out holds together, and a second
    /// repair finds nothing.
    #[test]
    fn answers_lead_to_a_history(pile in piles(), picks in proptest::collection::vec(any::<prop::sample::Index>(), 40)) {
        let files = files(&pile);
        let mut answers: Vec<Answer> = Vec::new();
        let plan_of = |answers: &[Answer]| {
            plan(Input { files: &files, unreadable: 0, deleted: &BTreeMap::new(), squashed: &BTreeMap::new(), answers })
        };
        let mut planned = plan_of(&answers);
        for pick in &picks {
            prop_assert!(planned.unasked.is_empty(), "{:?}", planned.unasked);
            let Some(question) = planned.questions.first() else { break };
            prop_assert!(!question.candidates.is_empty(), "{}", question.text);
            let candidate = &question.candidates[pick.index(question.candidates.len())];
            answers.push((question.revision.clone(), candidate.answer.clone()));
            planned = plan_of(&answers);
        }
        prop_assert!(planned.questions.is_empty(), "{:?}", planned.questions);
        prop_assert!(planned.left.is_empty(), "{:?}", planned.left);
        let after = applied(&files, &planned);
        let again = answered(&after, &[]);
        prop_assert!(again.mends.is_empty(), "{:?}", again.mends);
        prop_assert!(again.questions.is_empty(), "{:?}", again.questions);
        // What nobody removed is there.
        let removed = planned.mends.iter().filter(|mend| mend.new.is_none()).count();
        prop_assert_eq!(after.len() + removed, files.len());
        prop_assert_eq!(again.heads.is_empty(), after.is_empty());
    }
}
