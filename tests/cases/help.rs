//! What users see before they start: every help page, and the keys that programs rely on.

use serde_json::Value;

use crate::support::project::Project;

/// A help page. The width is fixed: clap would take the terminal's.
fn help(arguments: &[&str]) -> String {
    let project = Project::of(&[]);
    let output = project.command(arguments).env("COLUMNS", "100").output().unwrap();
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_pages() {
    insta::assert_snapshot!("help", help(&["--help"]));
    for verb in [
        "squash", "audit", "repair", "stamp", "status", "health", "rebase", "index", "resume",
        "undo", "bridge", "archive",
    ] {
        insta::assert_snapshot!(format!("help_{verb}"), help(&[verb, "--help"]));
    }
    for verb in ["install", "remove"] {
        insta::assert_snapshot!(format!("help_bridge_{verb}"), help(&["bridge", verb, "--help"]));
    }
    for verb in ["list", "show", "verify", "restore"] {
        insta::assert_snapshot!(format!("help_archive_{verb}"), help(&["archive", verb, "--help"]));
    }
}

#[test]
fn every_command_has_a_help_page_here() {
    let commands = |page: &str| -> Vec<String> {
        let (_, list) = page.split_once("Commands:\n").unwrap();
        let lines = list.lines().take_while(|line| !line.is_empty());
        lines.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
    };
    assert_eq!(
        commands(&help(&["--help"])),
        [
            "squash", "audit", "repair", "stamp", "status", "health", "rebase", "index", "resume",
            "undo", "bridge", "archive", "help"
        ]
    );
    assert_eq!(commands(&help(&["bridge", "--help"])), ["install", "remove", "help"]);
    assert_eq!(
        commands(&help(&["archive", "--help"])),
        ["list", "show", "verify", "restore", "help"]
    );
}

/// Asserts that an object has at least these keys.
#[track_caller]
fn assert_keys(object: &Value, keys: &[&str]) {
    let found = object.as_object().unwrap_or_else(|| panic!("no object: {object}"));
    let missing: Vec<_> = keys.iter().filter(|key| !found.contains_key(**key)).collect();
    assert!(missing.is_empty(), "without {missing:?}: {object}");
}

#[track_caller]
fn assert_squash_keys(result: &Value) {
    let all =
        ["outcome", "history", "baseline", "schema", "proof", "archive", "slowest", "seconds"];
    assert_keys(result, &all);
    assert_keys(&result["history"], &["revisions", "heads", "bases", "squashed", "kept"]);
    assert_keys(&result["baseline"], &["revision", "file", "bytes", "statements"]);
    let schema =
        ["tables", "indexes", "functions", "views", "types", "policies", "triggers", "seed_rows"];
    assert_keys(&result["schema"], &schema);
    assert_keys(&result["proof"], &["equal", "compared", "roundtrip_drift"]);
    assert_keys(&result["slowest"][0], &["revision", "seconds"]);
    let stages = ["audit", "replay", "dump", "render", "prove", "total"];
    assert_keys(&result["seconds"], &stages);
    assert!(result["seconds"].as_object().unwrap().values().all(Value::is_number));
}

#[test]
fn keys_of_a_squash() {
    let project = Project::chain(&[
        "op.execute('create table room (id int primary key, name text)')",
        "op.execute(\"insert into room values (1, 'one')\")",
    ]);
    let before = project.tree();
    let arguments = ["--format", "json", "squash", "--dry-run"];
    let dry = project.rebaseline(&arguments).exits(0).json();
    assert_eq!(dry["outcome"], "dry_run");
    assert_squash_keys(&dry);
    assert_eq!(project.tree(), before);

    let result = project.squash(&[]);
    assert_squash_keys(&result);
    assert_keys(&result["archive"], &["file", "files", "sha256"]);
    assert!(result["seconds"]["archive"].is_number());
    assert_eq!(result["history"]["heads"], serde_json::json!(["r2"]));
    assert_eq!(result["history"]["bases"], serde_json::json!(["r1"]));
    assert_eq!(result["history"]["revisions"], 2);
    assert_eq!(result["history"]["kept"], 0);
    assert_eq!(result["schema"]["tables"], 1);
    assert_eq!(result["schema"]["seed_rows"], 1);
    assert!(result["proof"]["roundtrip_drift"].is_array());
    let file = result["baseline"]["file"].as_str().unwrap();
    assert_eq!(result["baseline"]["bytes"], project.read(file).len());
}

#[test]
fn keys_of_an_audit() {
    let project = Project::chain(&["pass"]);
    let clean = project.rebaseline(&["--format", "json", "audit"]).exits(0).json();
    assert_eq!(clean, serde_json::json!({ "findings": [] }));
    project.revision("r2", &["missing"], "pass");
    let report = project.rebaseline(&["--format", "json", "audit"]).exits(1).json();
    let finding = &report["findings"][0];
    let keys = ["rule", "severity", "revision", "file", "line", "message", "help"];
    assert_keys(finding, &keys);
    assert_eq!(finding["rule"], "missing-parent");
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["revision"], "r2");
    assert_eq!(finding["file"], "migrations/versions/r2_.py");
    assert_eq!(finding["line"], 12);
}
