//! How the project's own Alembic is run: commands to try, and the shim that goes with them.
//!
//! Data only. The interpreter is looked for in: `--python`, `rebaseline.toml`, the active virtual
//! environment, `.venv` upwards, uv's and Poetry's environment, `python3`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::config::{self, Settings};
use crate::format::alembic::ini::DEFAULT_SECTION;
use crate::format::alembic::plain;
use crate::process::Plan;
use crate::run::{Candidate, Mode, Recipe};

/// The shim that redirects every connection and reports progress; Python imports it at start-up.
const SHIM: &str = include_str!("shim/sitecustomize.py");

/// Starts Alembic as its console script does.
const LAUNCHER: &str = include_str!("shim/run_alembic.py");

/// The name of our own `env.py`: none that a project could mean.
const ENV: &str = "rebaseline_env.py";

/// What every job needs. Which driver it needs is not known before `env.py` runs.
const MODULES: [&str; 3] = ["alembic.config", "alembic.command", "sqlalchemy"];

/// The recipe for this project.
pub fn recipe(settings: &Settings) -> Recipe {
    let mut files: Vec<(&'static str, Cow<'static, str>)> =
        vec![("sitecustomize.py", SHIM.into()), ("run_alembic.py", LAUNCHER.into())];
    let env = settings.env.as_ref().map(|env| {
        // The template is ours and tested: there is nothing in it that could fail.
        let text = plain::env(env.schema.as_deref(), &env.table).unwrap_or_default();
        files.push((ENV, text.into()));
        ENV
    });
    if let Some((program, arguments)) = settings.command.as_deref().and_then(<[_]>::split_first) {
        let plan = Plan::new(program).arguments(arguments).folder(&settings.alembic.project);
        let candidates = vec![Candidate { plan, origin: "--command".to_owned() }];
        return Recipe { candidates, files, env, mode: Mode::Once };
    }
    let candidates = interpreters(settings)
        .into_iter()
        .map(|(python, origin)| {
            let plan = Plan::new(python)
                .argument("{shim}/run_alembic.py")
                .folder(&settings.alembic.project);
            Candidate { plan, origin: origin.to_owned() }
        })
        .collect();
    let arguments = |last: &[&str]| {
        let last = last.iter().map(|word| (*word).to_owned());
        arguments(settings).into_iter().chain(last).collect()
    };
    let mode = Mode::Jobs {
        modules: MODULES.to_vec(),
        upgrade: arguments(&["upgrade", "heads"]),
        upgrade_offline: arguments(&["upgrade", "heads", "--sql"]),
    };
    Recipe { candidates, files, env, mode }
}

/// `-c`, `-n` and `-x`, as far as they differ from what Alembic takes by itself.
fn arguments(settings: &Settings) -> Vec<String> {
    let config = &settings.alembic;
    let mut arguments = Vec::new();
    let default = config.project.join("alembic.ini");
    if let Some(file) = config.ini.as_ref().or(config.pyproject.as_ref())
        && *file != default
        && *file != config.project.join("pyproject.toml")
    {
        arguments.extend(["-c".to_owned(), file.to_string_lossy().into_owned()]);
    }
    if config.section != DEFAULT_SECTION {
        arguments.extend(["-n".to_owned(), config.section.clone()]);
    }
    for x in &settings.x {
        arguments.extend(["-x".to_owned(), x.clone()]);
    }
    arguments
}

/// The interpreters to try, in order, and where each was found.
fn interpreters(settings: &Settings) -> Vec<(PathBuf, &'static str)> {
    if let Some((python, origin)) = &settings.python {
        return vec![(python.clone(), origin)];
    }
    let in_environment = |folder: &Path| folder.join("bin/python");
    let mut found: Vec<(PathBuf, &'static str)> = config::virtual_environments()
        .into_iter()
        .map(|(folder, origin)| (in_environment(&folder), origin))
        .collect();
    for folder in settings.alembic.project.ancestors() {
        for name in [".venv", "venv"] {
            let python = in_environment(&folder.join(name));
            if python.exists() {
                found.push((python, ".venv"));
            }
        }
        // Above the repository there is somebody else's environment.
        if folder.join(".git").exists() {
            break;
        }
    }
    found.push((PathBuf::from("python3"), "PATH"));
    found.push((PathBuf::from("python"), "PATH"));
    found
}
