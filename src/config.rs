//! Settings: flags, then `rebaseline.toml`, then the environment.
//!
//! Takes the command line; gives [`Settings`] in which every choice is made. Reads files, writes none.

mod error;
mod surroundings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rebaseline_archive::Origin;
use serde::Deserialize;

use crate::cli::{Env, Environment, Global, Running};
use crate::files::{self, PathError};
use crate::format::alembic::ini::{self, AlembicConfig, DEFAULT_SECTION};
use crate::history::Level;
use crate::postgres::run_folder::Places;
use crate::postgres::scratch::Prelude;
use crate::postgres::server::Source;
use crate::postgres::url::{Surroundings, Url};
pub use error::SettingsError;
pub use surroundings::{
    Clock, inherited, inherited_variable, log_filter, machine_time, no_color, virtual_environments,
};
use surroundings::{places, variable};

/// The name of our own configuration file.
pub const FILE: &str = "rebaseline.toml";

/// How many rows a history may insert unless the user says otherwise.
const MAX_SEED_ROWS: u64 = 200_000;

/// From how many bytes on SQL gets a file of its own unless the user says otherwise.
const SQL_FILE_ABOVE: usize = 1_000_000;

/// What one history is and how it is run, in `rebaseline.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct HistoryTable {
    config: Option<PathBuf>,
    section: Option<String>,
    python: Option<PathBuf>,
    command: Option<String>,
    x: Vec<String>,
    env: Option<Env>,
    version_table: Option<String>,
    archive_dir: Option<PathBuf>,
    templates: Option<PathBuf>,
    readme: Option<PathBuf>,
    max_seed_rows: Option<u64>,
    sql_file_above: Option<usize>,
    scratch: ScratchTable,
    seed: BTreeMap<String, String>,
    stamp: StampTable,
    audit: AuditTable,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AuditTable {
    rules: BTreeMap<String, Level>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StampTable {
    ignore: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ScratchTable {
    url: Option<String>,
    pg_bin: Option<PathBuf>,
    roles: Vec<String>,
    extensions: Vec<String>,
    init_sql: Vec<PathBuf>,
    settings: Vec<String>,
}

/// A plain environment of ours: what it says about the version table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltinEnv {
    /// `version_table_schema`.
    pub schema: Option<String>,
    /// `version_table`.
    pub table: String,
}

/// The whole file: one history at the top level, named ones under `[history.NAME]`.
#[derive(Debug, Clone, Default, Deserialize)]
struct File {
    #[serde(default)]
    history: BTreeMap<String, HistoryTable>,
    #[serde(flatten)]
    top: toml::Table,
}

/// Every choice made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Alembic's configuration.
    pub alembic: AlembicConfig,
    /// The folder of Alembic's configuration, if the revisions are below it: paths in archives are
    /// relative to it, and `.rebaseline/` lies there.
    pub root: PathBuf,
    /// The interpreter that is named, and where.
    pub python: Option<(PathBuf, &'static str)>,
    /// The words of the command that runs the history.
    pub command: Option<Vec<String>>,
    /// `-x` arguments.
    pub x: Vec<String>,
    /// The plain environment that takes the place of the project's `env.py`, if one does.
    pub env: Option<BuiltinEnv>,
    /// What revision files say instead of their text, by real path: the skipped ones do nothing.
    pub stubs: BTreeMap<PathBuf, String>,
    /// How the schema is come by, where the history is not replayed as it is.
    pub origin: Origin,
    /// The archive's folder, if it is named.
    pub archive_dir: Option<PathBuf>,
    /// The folder with templates, if it is named.
    pub templates: Option<PathBuf>,
    /// The file that tells of the baseline, if it is named.
    pub readme: Option<PathBuf>,
    /// How many rows a history may insert.
    pub max_seed_rows: u64,
    /// From how many bytes on the SQL of a baseline gets a file of its own.
    pub sql_file_above: usize,
    /// The scratch server.
    pub source: Source,
    /// What the history expects.
    pub prelude: Prelude,
    /// Expressions that take the place of seed values, by `TABLE.COLUMN`.
    pub seed: Vec<(String, String)>,
    /// Extra objects of live databases that nobody minds: patterns for `schema.name`.
    pub ignore: Vec<glob::Pattern>,
    /// What becomes of the audit's rules, by their names as they are written.
    pub rules: BTreeMap<String, Level>,
    /// Where run folders and templates of clusters are.
    pub places: Places,
    /// The value of PATH.
    pub path: String,
    /// The time.
    pub clock: Clock,
}

impl Settings {
    /// Works out the settings for a command.
    pub fn load(global: &Global, running: &Running) -> Result<Self, SettingsError> {
        let folder = std::env::current_dir().map_err(|source| PathError {
            action: "read the current folder",
            path: PathBuf::from("."),
            source,
        })?;
        let named = global.config.as_deref();
        let ours = named.filter(|path| path.file_name().is_some_and(|name| name == FILE));
        let table = read_table(&folder, ours, global.history.as_deref())?;
        let base = ours.and_then(Path::parent).map_or(folder.clone(), |parent| folder.join(parent));
        let alembics = named.filter(|_| ours.is_none()).map(Path::to_owned);
        let config = alembics.or_else(|| table.config.as_ref().map(|path| base.join(path)));
        let section = global.section.as_deref().or(table.section.as_deref());
        let alembic = ini::load(&folder, config.as_deref(), section.unwrap_or(DEFAULT_SECTION))?;
        let root = root(&alembic);
        let in_base = |path: &PathBuf| base.join(path);
        let python = match (&running.python, &table.python) {
            (Some(path), _) => Some((path.clone(), "--python")),
            (None, Some(path)) => Some((base.join(path), FILE)),
            (None, None) => None,
        };
        let command = running.command.clone().or(table.command.clone());
        let scratch = &table.scratch;
        let mut scripts = Vec::new();
        let files = scratch.init_sql.iter().map(in_base).chain(running.scratch_sql.iter().cloned());
        for file in files {
            scripts.push((file.display().to_string(), files::read_text(&file)?));
        }
        let joined = |table: &[String], flags: &[String]| [table, flags].concat();
        let settings = joined(&scratch.settings, &running.scratch_setting);
        let source = match running.scratch_url.as_ref().or(scratch.url.as_ref()) {
            Some(text) => Source::Given(url(text)?),
            None => Source::Private {
                folder: running.pg_bin.clone().or(scratch.pg_bin.as_ref().map(in_base)),
                settings,
            },
        };
        let env = builtin_env(&running.environment, table.env, table.version_table.as_deref());
        Ok(Self {
            root,
            python,
            command: command.map(|command| words(&command)).transpose()?,
            x: joined(&table.x, &running.x),
            origin: Origin { env: env.as_ref().map(|_| "builtin".to_owned()), ..Origin::default() },
            env,
            stubs: BTreeMap::new(),
            archive_dir: table.archive_dir.as_ref().map(in_base),
            templates: table.templates.as_ref().map(in_base),
            readme: table.readme.as_ref().map(in_base),
            max_seed_rows: table.max_seed_rows.unwrap_or(MAX_SEED_ROWS),
            sql_file_above: table.sql_file_above.unwrap_or(SQL_FILE_ABOVE),
            source,
            prelude: Prelude {
                roles: joined(&scratch.roles, &running.scratch_role),
                extensions: joined(&scratch.extensions, &running.scratch_extension),
                scripts,
            },
            seed: table.seed.into_iter().collect(),
            ignore: patterns(&table.stamp.ignore)?,
            rules: table.audit.rules,
            places: places(),
            path: variable("PATH").unwrap_or_default(),
            clock: Clock::from_environment()?,
            alembic,
        })
    }
}

/// The environment that is asked for, flags first.
fn builtin_env(flags: &Environment, env: Option<Env>, table: Option<&str>) -> Option<BuiltinEnv> {
    if flags.env.or(env) != Some(Env::Builtin) {
        return None;
    }
    let name = flags.version_table.as_deref().or(table);
    let parts = name.map(|name| name.rsplit_once('.').map_or((None, name), |(s, t)| (Some(s), t)));
    let (schema, table) = parts.unwrap_or((None, "alembic_version"));
    Some(BuiltinEnv { schema: schema.map(str::to_owned), table: table.to_owned() })
}

fn patterns(texts: &[String]) -> Result<Vec<glob::Pattern>, SettingsError> {
    let pattern = |text: &String| {
        glob::Pattern::new(text)
            .map_err(|source| SettingsError::Pattern { pattern: text.clone(), source })
    };
    texts.iter().map(pattern).collect()
}

/// The folder that paths in archives are relative to: that of Alembic's configuration, or else the one
/// that Alembic is started in, whichever holds the revisions.
fn root(alembic: &AlembicConfig) -> PathBuf {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (here, project) = (real(&alembic.here), real(&alembic.project));
    let holds =
        |folder: &Path| alembic.version_locations.iter().all(|l| real(l).starts_with(folder));
    if !holds(&here) && holds(&project) { project } else { here }
}

fn read_table(
    folder: &Path,
    named: Option<&Path>,
    history: Option<&str>,
) -> Result<HistoryTable, SettingsError> {
    let path = folder.join(named.unwrap_or(Path::new(FILE)));
    let text = match files::read_text(&path) {
        Ok(text) => text,
        Err(error) if error.is_not_found() && named.is_none() => {
            return match history {
                Some(name) => Err(SettingsError::UnknownHistory { name: name.to_owned() }),
                None => Ok(HistoryTable::default()),
            };
        }
        Err(error) => return Err(error.into()),
    };
    let failed = |source| SettingsError::Toml { path: path.clone(), source: Box::new(source) };
    let mut file: File = toml::from_str(&text).map_err(failed)?;
    match history {
        Some(name) => file
            .history
            .remove(name)
            .ok_or_else(|| SettingsError::UnknownHistory { name: name.to_owned() }),
        None => file.top.try_into().map_err(failed),
    }
}

/// A URL from a flag or a file: itself, or `env:NAME`.
pub fn url(text: &str) -> Result<Url, SettingsError> {
    let (origin, value) = match text.strip_prefix("env:") {
        Some(name) => {
            let value = variable(name);
            let value = value.ok_or_else(|| SettingsError::NoVariable { name: name.to_owned() })?;
            (format!("the URL in ${name}"), value)
        }
        None => ("the URL".to_owned(), text.to_owned()),
    };
    Url::parse(&value).map_err(|source| SettingsError::Url { origin, source })
}

/// A database of the user's from a flag or a file, with libpq's variables and service files for what it does
/// not say.
pub fn database(text: &str) -> Result<Url, SettingsError> {
    let source = |source| SettingsError::Url { origin: "the URL".to_owned(), source };
    url(text)?.within(&Surroundings::of(variable)).map_err(source)
}

/// Programs that hand their work to somebody else's process: the shim cannot follow them there.
const ELSEWHERE: [&str; 8] =
    ["docker", "docker-compose", "podman", "nerdctl", "kubectl", "ssh", "heroku", "fly"];

fn words(command: &str) -> Result<Vec<String>, SettingsError> {
    let words = shell_words::split(command).unwrap_or_default();
    let Some(program) = words.first() else {
        return Err(SettingsError::Command { command: command.to_owned() });
    };
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
    if ELSEWHERE.contains(&name.as_ref()) {
        return Err(SettingsError::Elsewhere { command: command.to_owned() });
    }
    Ok(words)
}
