//! The forms of the findings: JSON, SARIF by its schema, GitHub's annotations; the rules themselves.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::{audit, of, one, revision};
use crate::support::project::Project;

/// A project in a folder of a repository, with findings of each severity, with and without a file.
fn findings() -> Project {
    let project = Project::bare();
    let versions = "migrations/versions";
    project.write(
        &format!("{versions}/a1_.py"),
        revision("a1", None, "import os\nX = os.environ['X']\n", "op.drop_table('t')"),
    );
    project.write(&format!("{versions}/b1_.py"), revision("b1", Some("a1"), "", "pass"));
    project.write(
        &format!("{versions}/c 1_%.py"),
        revision("c1", Some("a1"), "", "op.execute('''DELETE\n  FROM t''')"),
    );
    project.write(&format!("{versions}/d1_.py"), revision("d1", Some("gone"), "", "pass"));
    project
}

/// The schema of SARIF 2.1.0, which a package of the tests carries.
fn schema() -> Value {
    // What other platforms need is not on this machine.
    let rustc = PathBuf::from(env!("CARGO")).with_file_name("rustc");
    let told = Command::new(rustc).arg("-vV").output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let host = told.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", host])
        .current_dir(crate::support::repository())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "serde-sarif").unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let text = std::fs::read_to_string(manifest.with_file_name("src/schema.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    // A regular expression with a bracket too many, for a property that we do not write.
    for definition in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][definition]["properties"]["language"];
        assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
    }
    schema
}

#[test]
fn sarif_is_valid() {
    let schema = schema();
    assert_eq!(schema["properties"]["version"]["enum"], json!(["2.1.0"]));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let project = findings();
    let log = project.rebaseline(&["--format", "sarif", "audit"]).exits(1).json();
    let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    // The validator does find what is wrong.
    let mut wrong = log.clone();
    wrong["runs"][0]["results"][0]["level"] = json!("bad");
    assert!(!validator.is_valid(&wrong));

    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(place["uriBaseId"], "SRCROOT");
        assert!(!place["uri"].as_str().unwrap().starts_with('/'));
    }
    for rule in rules {
        assert!(rule["help"]["text"].as_str().unwrap().len() > 40, "{rule}");
    }
    let removed = results.iter().find(|result| result["ruleId"] == "data-change").unwrap();
    insta::assert_snapshot!("sarif_result", serde_json::to_string_pretty(removed).unwrap());
    // A finding without a file is about the configuration: a result needs a place.
    std::fs::remove_file(project.path().join("migrations/versions/d1_.py")).unwrap();
    let log = project.rebaseline(&["--format", "sarif", "audit"]).exits(0).json();
    assert!(validator.is_valid(&log));
    let results = log["runs"][0]["results"].as_array().unwrap();
    let heads = results.iter().find(|result| result["ruleId"] == "several-heads").unwrap();
    let place = &heads["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(place, &json!({"uri": "alembic.ini", "uriBaseId": "SRCROOT"}));
    let clean = one("", "pass").rebaseline(&["--format", "sarif", "audit"]).exits(0).json();
    assert!(validator.is_valid(&clean));
    assert_eq!(clean["runs"][0]["results"], json!([]));
}

#[test]
fn paths_are_relative_to_the_repository() {
    let project = Project::bare();
    std::fs::create_dir(project.path().join(".git")).unwrap();
    for (path, content) in findings().tree() {
        project.write(&format!("back end/{path}"), content);
    }
    let run = |format: &str| {
        let output = project
            .command(&["--format", format, "audit"])
            .current_dir(project.path().join("back end"))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let log: Value = serde_json::from_str(&run("sarif")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let uris: Vec<&str> = results
        .iter()
        .map(|r| r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap())
        .collect();
    assert!(uris.contains(&"back%20end/migrations/versions/c%201_%25.py"), "{uris:?}");
    assert!(uris.iter().all(|uri| uri.starts_with("back%20end/")), "{uris:?}");
    assert!(run("github").contains("file=back end/migrations/versions/d1_.py,line="));
}

#[test]
fn github_annotations() {
    let project = findings();
    insta::assert_snapshot!(
        "github",
        project.rebaseline(&["--format", "github", "audit"]).exits(1).stdout
    );
    // Nothing found, nothing said.
    assert_eq!(one("", "pass").rebaseline(&["--format", "github", "audit"]).exits(0).stdout, "");
}

#[test]
fn json_has_the_place() {
    let project = findings();
    let told = project.rebaseline(&["--format", "json", "audit"]).exits(1).json();
    let lost = of(&told, "missing-parent")[0];
    assert_eq!(
        (&lost["line"], &lost["column"], &lost["end"]),
        (&json!(11), &json!(17), &json!({"line": 11, "column": 23}))
    );
    let text = project.read("migrations/versions/d1_.py");
    assert_eq!(text.lines().nth(10).unwrap().get(16..22), Some("\"gone\""));
    // Each finding has each key, even where there is nothing to say.
    for finding in told["findings"].as_array().unwrap() {
        let keys: Vec<&str> = finding.as_object().unwrap().keys().map(String::as_str).collect();
        let wanted =
            ["rule", "severity", "revision", "file", "line", "column", "end", "message", "help"];
        assert_eq!(keys, wanted);
    }
}

#[test]
fn other_commands_have_no_such_format() {
    let project = one("", "pass");
    let mut told = String::new();
    for format in ["sarif", "github"] {
        let run = project.rebaseline(&["--format", format, "squash", "--dry-run"]).exits(2);
        assert_eq!(run.stdout, "");
        told += &run.stderr;
    }
    insta::assert_snapshot!("no_such_format", told);
}

#[test]
fn the_rules_themselves() {
    let project = Project::of(&[]);
    insta::assert_snapshot!("list_rules", audit(&project, &["--list-rules"]).exits(0).stdout);
    insta::assert_snapshot!(
        "explain",
        audit(&project, &["--explain", "create-all"]).exits(0).stdout
    );
    let told = audit(&project, &["--explain", "crate-all"]).exits(2).stderr;
    insta::assert_snapshot!("explain_unknown", told);
    let all = project.rebaseline(&["--format", "json", "audit", "--list-rules"]).exits(0).json();
    assert!(all["rules"].as_array().unwrap().len() > 30);
}

#[test]
fn colours_where_they_are_asked_for() {
    let project = findings();
    let text = project.rebaseline(&["--color", "always", "audit"]).exits(1).stdout;
    assert!(text.contains("\u{1b}["));
    let plain = project.rebaseline(&["audit"]).exits(1).stdout;
    assert!(!plain.contains('\u{1b}'));
}
