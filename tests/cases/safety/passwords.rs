//! A password appears nowhere: not in what is printed, not in the arguments of a process, not in what
//! is written.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use super::{HISTORY, hard_coded};
use crate::support::project::{ENV_SYNC, Project, Run};
use crate::support::target::Target;
use crate::support::{environment, tree};

/// A password with characters that a URL must escape: as it is, and as it stands in the URL. The tests
/// run side by side, so each has its own.
struct Secret {
    plain: String,
    escaped: String,
}

impl Secret {
    fn new(word: &str) -> Self {
        Self { plain: format!("pw/{word}@Zq7%"), escaped: format!("pw%2F{word}%40Zq7%25") }
    }

    fn url(&self) -> String {
        format!("postgresql+psycopg://app:{}@127.0.0.1:1/production", self.escaped)
    }

    #[track_caller]
    fn is_not_in(&self, text: &[u8], place: &str) {
        let text = String::from_utf8_lossy(text);
        let found =
            [&self.plain, &self.escaped].into_iter().any(|secret| text.contains(secret.as_str()));
        assert!(!found, "the password is in {place}: {text}");
    }

    /// Runs the binary, reading the arguments of every process of this machine meanwhile.
    #[track_caller]
    fn stays_secret(&self, project: &Project, arguments: &[&str], code: i32) {
        let mut command = project.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let readers = [reading(out), reading(err)];
        let mut lines = BTreeSet::new();
        while child.try_wait().unwrap().is_none() {
            let processes = std::fs::read_dir("/proc").unwrap().flatten();
            lines.extend(processes.filter_map(|p| std::fs::read(p.path().join("cmdline")).ok()));
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let [stdout, stderr] = readers.map(|reader| reader.join().unwrap());
        let run = Run { code: child.wait().unwrap().code(), stdout, stderr }.exits(code);
        self.is_not_in(run.stdout.as_bytes(), "stdout");
        self.is_not_in(run.stderr.as_bytes(), "stderr");
        for line in lines {
            self.is_not_in(&line, "the arguments of a process");
        }
    }

    /// No file of the project holds it, apart from `except`; archives are looked into.
    fn is_not_in_tree(&self, project: &Project, except: &[&str]) {
        for (name, bytes) in tree(project.path()) {
            if except.contains(&name.as_str()) {
                continue;
            }
            self.is_not_in(&bytes, &name);
            if std::path::Path::new(&name).extension().is_some_and(|e| e == "zip") {
                self.is_not_in(&inflated(&project.path().join(&name)), &name);
            }
        }
    }
}

fn reading(mut pipe: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}

/// The names, comments and contents of all files in a zip, by somebody else's reader.
fn inflated(file: &std::path::Path) -> Vec<u8> {
    let script = "import sys, zipfile\nfile = zipfile.ZipFile(sys.argv[1])\nout = sys.stdout.buffer\n\
        for entry in file.infolist():\n    out.write(entry.filename.encode() + entry.comment + entry.extra)\n\
        \x20   out.write(file.read(entry))\nout.write(file.comment)";
    let output = Command::new(environment().join("bin/python"))
        .args(["-c", script])
        .arg(file)
        .output()
        .unwrap();
    assert!(output.status.success() && output.stdout.len() > 100);
    output.stdout
}

const FORMS: [&[&str]; 2] = [&[], &["-vv", "--format", "json"]];

#[test]
fn a_squash_keeps_the_password_of_database_url() {
    let secret = Secret::new("variable");
    let mut project = Project::chain(&HISTORY);
    project.set("DATABASE_URL", &secret.url());
    for form in FORMS {
        secret.stays_secret(&project, &[form, &["squash"]].concat(), 0);
        secret.is_not_in_tree(&project, &[]);
        secret.stays_secret(&project, &[form, &["archive", "show"]].concat(), 0);
        secret.stays_secret(&project, &[form, &["undo"]].concat(), 0);
        secret.is_not_in_tree(&project, &[]);
    }
}

#[test]
fn a_failing_revision_keeps_the_password() {
    let secret = Secret::new("revision");
    let mut project = Project::chain(&HISTORY);
    project.set("DATABASE_URL", &secret.url());
    // Revisions tell what they were given.
    let body = "import os\nprint(os.environ['DATABASE_URL'])\n\
        raise ValueError(op.get_bind().engine.url.render_as_string(hide_password=False))";
    project.revision("r3", &["r2"], body);
    for form in FORMS {
        secret.stays_secret(&project, &[form, &["squash"]].concat(), 3);
    }
    secret.is_not_in_tree(&project, &[]);
}

#[test]
fn a_traceback_through_a_line_with_the_url_keeps_the_password() {
    let secret = Secret::new("traceback");
    let project = Project::chain(&HISTORY);
    // The URL stands in the very line that the traceback shows.
    let env = hard_coded(ENV_SYNC, &secret.url());
    let url = format!("{:?}", secret.url());
    let call = "    engine = create_engine(URL, poolclass=pool.NullPool)";
    let failing = format!("    engine = create_engine({url}, poolclass=pool.NullPool, nonsense=1)");
    let env = env.replace(call, &failing);
    assert!(env.contains("nonsense"));
    project.write("migrations/env.py", env);
    for form in FORMS {
        secret.stays_secret(&project, &[form, &["squash"]].concat(), 3);
    }
    secret.is_not_in_tree(&project, &["migrations/env.py"]);
}

#[test]
fn a_message_with_the_url_keeps_the_password() {
    let secret = Secret::new("message");
    let project = Project::chain(&HISTORY);
    project.write("migrations/env.py", hard_coded(ENV_SYNC, &secret.url()));
    let body = format!("raise ValueError('cannot reach ' + {:?})", secret.url());
    project.revision("r3", &["r2"], &body);
    for form in FORMS {
        secret.stays_secret(&project, &[form, &["squash"]].concat(), 3);
    }
}

#[tokio::test]
async fn a_given_server_keeps_its_password() {
    let secret = Secret::new("given");
    let target = Target::start().await;
    let url = target.url("postgres").replace("postgresql+psycopg:", "postgresql:");
    let url = url.replace("postgres@/", &format!("postgres:{}@/", secret.escaped));
    let mut project = Project::chain(&HISTORY);
    project.set("SCRATCH", &url);
    for form in FORMS {
        let arguments = [form, &["squash", "--scratch-url", "env:SCRATCH"]].concat();
        secret.stays_secret(&project, &arguments, 0);
        secret.is_not_in_tree(&project, &[]);
        secret.stays_secret(&project, &["undo"], 0);
    }
    // And where there is nobody.
    project.set("SCRATCH", &secret.url());
    for form in FORMS {
        let arguments = [form, &["squash", "--scratch-url", "env:SCRATCH"]].concat();
        secret.stays_secret(&project, &arguments, 3);
    }
}

#[tokio::test]
async fn stamp_and_status_keep_the_password() {
    let secret = Secret::new("stamp");
    let target = Target::start().await;
    let url = target.database("shop").await;
    let mut project = Project::chain(&HISTORY);
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    project.rebaseline(&["squash", "--revision-id", "fresh"]).exits(0);
    let url = url.replace("postgres@/", &format!("postgres:{}@/", secret.escaped));
    project.set("SHOP", &url);
    project.set("NOBODY", &secret.url());
    project.set("BROKEN", &secret.url().replace(":1/", ":port/"));
    for form in FORMS {
        secret.stays_secret(&project, &[form, &["status", "env:SHOP"]].concat(), 0);
        secret.stays_secret(&project, &[form, &["stamp", "env:NOBODY"]].concat(), 1);
        secret.stays_secret(&project, &[form, &["stamp", "env:BROKEN"]].concat(), 2);
    }
    secret.stays_secret(&project, &["-vv", "stamp", "env:SHOP", "--journal", "done.jsonl"], 0);
    secret.is_not_in_tree(&project, &[]);

    // A keyword string, one that is none, a URL that was not escaped, and a password from a variable.
    let plain = &secret.plain;
    project.set(
        "SHOP",
        &format!("host={} dbname=shop user=postgres password='{plain}'", target.host()),
    );
    project.set("NOBODY", &format!("host=127.0.0.1 port=1 password={plain}"));
    project.set("BROKEN", &format!("host=127.0.0.1 {plain}"));
    project.set("RAW", &format!("postgresql://app:{plain}@127.0.0.1:1/x"));
    project.set("PGPASSWORD", plain);
    for form in [FORMS[0], FORMS[1], &["-vv", "--format", "jsonl"]] {
        let few = ["--retries", "0"];
        secret.stays_secret(&project, &[form, &["stamp", "env:SHOP"], &few].concat(), 0);
        secret.stays_secret(&project, &[form, &["stamp", "env:NOBODY"], &few].concat(), 1);
        secret.stays_secret(
            &project,
            &[form, &["stamp", "env:NOBODY", "--schemas", "%"], &few].concat(),
            1,
        );
        secret.stays_secret(&project, &[form, &["status", "--health", "env:SHOP"]].concat(), 0);
        secret.stays_secret(&project, &[form, &["status", "--health", "env:NOBODY"]].concat(), 1);
        secret.stays_secret(&project, &[form, &["status", "--health", "env:BROKEN"]].concat(), 1);
        secret.stays_secret(&project, &[form, &["stamp", "env:BROKEN"]].concat(), 2);
        secret.stays_secret(&project, &[form, &["stamp", "env:RAW"]].concat(), 2);
    }
}
