//! `bridge install` and `bridge remove`: the two files, and what `alembic init` writes.

use std::process::Command;

use crate::support::project::{ENV_SYNC, Project};
use crate::support::terminal::on_a_terminal;
use crate::support::{assert_same_tree, environment, tree};

fn outcome(project: &Project, arguments: &[&str]) -> String {
    let run = project.rebaseline(&[&["--format", "json", "bridge"], arguments].concat()).exits(0);
    run.json()["outcome"].as_str().unwrap().to_owned()
}

/// The lines that an install changes in `env.py`.
fn changed(project: &Project) -> String {
    let run = project.rebaseline(&["bridge", "install", "--dry-run"]).exits(0);
    let lines =
        run.stdout.lines().filter(|line| line.starts_with(['+', '-']) && !line.starts_with("---"));
    lines.filter(|line| !line.starts_with("+++")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn in_and_out_byte_for_byte() {
    let project = Project::chain(&["op.execute('create table a (id int)')"]);
    project.write("migrations/env.py", ENV_SYNC.replace('\n', "\r\n"));
    let before = project.tree();
    assert_eq!(outcome(&project, &["remove"]), "not_installed");
    assert_eq!(outcome(&project, &["install", "--dry-run"]), "dry_run");
    assert_same_tree(&before, &project.tree());
    // Before the first squash too: then it has nothing to do yet.
    assert_eq!(outcome(&project, &["install"]), "installed");
    let installed = project.tree();
    assert_ne!(before, installed);
    assert_eq!(outcome(&project, &["install"]), "already_installed");
    assert_same_tree(&installed, &project.tree());
    // One that is not as generated is written anew only after a yes.
    let module = project.read("migrations/rebaseline_bridge.py");
    project.write("migrations/rebaseline_bridge.py", format!("{module}# old\n"));
    assert_eq!(outcome(&project, &["install", "--yes"]), "installed");
    assert_same_tree(&installed, &project.tree());
    assert_eq!(outcome(&project, &["remove", "--dry-run"]), "dry_run");
    assert_same_tree(&installed, &project.tree());
    assert_eq!(outcome(&project, &["remove"]), "removed");
    assert_same_tree(&before, &project.tree());
}

/// What somebody has written into the module is not thrown away, whatever was said beforehand.
#[test]
fn an_edited_module_is_not_removed() {
    let project = Project::chain(&["op.execute('create table a (id int)')"]);
    let before = project.tree();
    project.rebaseline(&["bridge", "install"]).exits(0);
    let file = "migrations/rebaseline_bridge.py";
    let module = project.read(file);
    project.write(file, module.replacen("import json", "import json  # ours", 1));
    let edited = project.tree();
    for arguments in [&["remove"][..], &["remove", "--yes"], &["remove", "--dry-run"]] {
        let run = project.rebaseline(&[&["bridge"], arguments].concat()).exits(1);
        for words in [file, "is not as it was generated", "state: nothing was changed"] {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
        assert_same_tree(&edited, &project.tree());
    }
    // Nor is it written over, unless somebody says so who has seen what would be lost.
    let run = project.rebaseline(&["bridge", "install"]).exits(1);
    assert!(run.stderr.contains(&format!("{file}` was edited")), "{}", run.stderr);
    let run = project.rebaseline(&["bridge", "install", "--dry-run"]).exits(0);
    assert!(run.stdout.contains("-import json  # ours\n+import json\n"), "{}", run.stdout);
    let run = on_a_terminal(&project, &["bridge", "install"], &[("", "n")]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("write over what was edited in"), "{run:?}");
    assert_same_tree(&edited, &project.tree());
    assert_eq!(outcome(&project, &["install", "--yes"]), "installed");
    assert_eq!(project.read(file), module);
    // As the hint says: out of the way, then the call is taken out all the same.
    std::fs::remove_file(project.path().join(file)).unwrap();
    assert_eq!(outcome(&project, &["remove"]), "removed");
    assert_same_tree(&before, &project.tree());
    // Git may have changed the ends of its lines.
    project.rebaseline(&["bridge", "install"]).exits(0);
    project.write(file, module.replace('\n', "\r\n"));
    assert_eq!(outcome(&project, &["remove", "--yes"]), "removed");
    assert_same_tree(&before, &project.tree());
}

/// Killed at each change: what is there works, and the same command finishes it.
#[test]
fn killed_in_between() {
    let project = Project::chain(&["op.execute('create table a (id int)')"]);
    let before = project.tree();
    let crash = |verb: &str, at: usize| {
        let mut command = project.command(&["bridge", verb]);
        command.env("REBASELINE_CRASH_AT", at.to_string()).output().unwrap().status.code()
    };
    for at in 1.. {
        let ended = crash("install", at);
        let calls = project.read("migrations/env.py").contains("rebaseline_bridge.run");
        assert!(!calls || project.path().join("migrations/rebaseline_bridge.py").exists(), "{at}");
        project.rebaseline(&["bridge", "install"]).exits(0);
        if ended == Some(0) {
            assert!(at > 4);
            break;
        }
        project.rebaseline(&["bridge", "remove"]).exits(0);
        assert_same_tree(&before, &project.tree());
    }
    for at in 1.. {
        let ended = crash("remove", at);
        let calls = project.read("migrations/env.py").contains("rebaseline_bridge.run");
        assert!(!calls || project.path().join("migrations/rebaseline_bridge.py").exists(), "{at}");
        project.rebaseline(&["bridge", "remove"]).exits(0);
        assert_same_tree(&before, &project.tree());
        if ended == Some(0) {
            assert!(at > 2);
            break;
        }
        project.rebaseline(&["bridge", "install"]).exits(0);
    }
}

#[test]
fn what_alembic_init_writes() {
    let mut told = String::new();
    for template in ["generic", "async", "multidb", "pyproject", "pyproject_async"] {
        let project = Project::of(&[("pyproject.toml", "[project]\nname = 'shop'\n")]);
        let init = Command::new(environment().join("bin/alembic"))
            .args(["init", "-t", template, "migrations"])
            .current_dir(project.path())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .unwrap();
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        let before = tree(project.path());
        told += &format!("{template}\n{}\n", changed(&project));
        assert_eq!(outcome(&project, &["install"]), "installed");
        assert_eq!(outcome(&project, &["remove"]), "removed");
        assert_same_tree(&before, &tree(project.path()));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_is_refused() {
    let project = Project::chain(&["pass"]);
    let unusual = ENV_SYNC.replace("context.run_migrations()", "run(context.run_migrations)");
    project.write("migrations/env.py", &unusual);
    let before = project.tree();
    let run = project.rebaseline(&["bridge", "install"]).exits(1);
    let told =
        run.stderr.replace(project.path().canonicalize().unwrap().to_str().unwrap(), "PROJECT");
    insta::assert_snapshot!(told);
    assert_same_tree(&before, &project.tree());
    // What it says can be pasted, and then it goes on.
    let pasted = "from alembic import context\nfrom alembic.util import load_python_file\n\n\
                  rebaseline_bridge = load_python_file(context.script.dir, \"rebaseline_bridge.py\")\n";
    let by_hand = ENV_SYNC
        .replace("from alembic import context\n", pasted)
        .replace("context.run_migrations()", "rebaseline_bridge.run_migrations(context)");
    project.write("migrations/env.py", &by_hand);
    assert_eq!(outcome(&project, &["install"]), "installed");
    assert_eq!(project.read("migrations/env.py"), by_hand);
    // A file of this name that is not ours.
    project.write("migrations/rebaseline_bridge.py", "x = 1\n");
    for verb in ["install", "remove"] {
        let run = project.rebaseline(&["bridge", verb]).exits(1);
        assert!(run.stderr.contains("was not written by rebaseline"), "{}", run.stderr);
    }
    assert_eq!(project.read("migrations/rebaseline_bridge.py"), "x = 1\n");
}

/// A folder of archives elsewhere: the module finds it from where `env.py` is.
#[test]
fn the_archives_of_rebaseline_toml() {
    let project = Project::chain(&["op.execute('create table a (id int)')"]);
    project.write("rebaseline.toml", "archive_dir = 'data/old'\n");
    project.squash(&[]);
    assert_eq!(outcome(&project, &["install"]), "installed");
    let module = project.read("migrations/rebaseline_bridge.py");
    assert!(module.contains("os.path.join(HERE, \"../data/old\")"), "{module}");
    assert!(module.contains("os.path.join(HERE, \"..\")"), "{module}");
    // A squash tells of a bridge that would not find its archive, and of no other.
    let squash = |more: &[&str]| {
        let run = project.rebaseline(&[&["squash", "--dry-run"][..], more].concat()).exits(0);
        run.stderr.contains("migrations/rebaseline_bridge.py looks for archives in another folder")
    };
    assert!(!squash(&[]));
    assert!(squash(&["--archive-dir", "elsewhere"]));
    project.rebaseline(&["bridge", "install", "--archive-dir", "elsewhere"]).exits(0);
    assert!(project.read("migrations/rebaseline_bridge.py").contains("\"../elsewhere\""));
    assert!(!squash(&["--archive-dir", "elsewhere"]));
}
