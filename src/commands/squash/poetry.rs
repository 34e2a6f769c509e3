//! Poetry keeps a project's environment in a place that only Poetry knows: it is asked.
//!
//! Only where nothing else tells the interpreter, and the project has a `poetry.lock`.

use std::path::PathBuf;

use crate::config::{self, Settings};
use crate::process::{self, Plan};

/// The settings with Poetry's interpreter, if the project is Poetry's and has one.
pub async fn with_interpreter(settings: Settings) -> Settings {
    let project = &settings.alembic.project;
    let told = settings.python.is_some()
        || settings.command.is_some()
        || !config::virtual_environments().is_empty()
        || project.join(".venv").exists();
    if told || !project.join("poetry.lock").is_file() {
        return settings;
    }
    let plan = Plan::new("poetry").arguments(["env", "info", "--executable"]).folder(project);
    // No Poetry, or no environment of its: the others are still tried.
    let Ok(output) = process::run(&plan).await else { return settings };
    let python = PathBuf::from(String::from_utf8_lossy(&output).trim());
    if python.is_file() {
        Settings { python: Some((python, "Poetry")), ..settings }
    } else {
        settings
    }
}
