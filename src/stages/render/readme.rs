//! The README that tells of the current baseline: a block between two markers in a file of the project.
//!
//! Pure: what is to be told in, the file's new text out. Nothing outside of the markers is touched. A
//! file without markers gets the block at its end; of broken markers nobody can say what lies between
//! them, so the file is refused.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tera::{Context, Value};

use crate::error::{Explain, Kind};
use crate::history::Cut;
use crate::schema::{Counts, Entry};
use crate::stages::render::{Baseline, RenderError, template};

/// The template's name: a file of this name in `--templates DIR` replaces ours.
pub const TEMPLATE: &str = "README.md.tera";

/// Our own template.
pub const EMBEDDED: &str = include_str!("../../../templates/alembic/README.md.tera");

/// Above the block.
pub const BEGIN: &str = "<!-- rebaseline:begin -->";

/// Below the block.
pub const END: &str = "<!-- rebaseline:end -->";

/// How many tables must share a prefix to be a module.
const MODULE: usize = 3;

/// Why there is no README.
#[derive(Debug, thiserror::Error)]
pub enum ReadmeError {
    /// Markers that are no pair.
    #[error("the markers in `{file}` are no pair: {found}")]
    Markers {
        /// The file.
        file: String,
        /// What is there.
        found: String,
    },
    /// A text that would be taken for a marker next time.
    #[error("template `{template}` makes a line that is a marker")]
    MarkerInside {
        /// The template.
        template: String,
    },
    /// The template.
    #[error(transparent)]
    Template(#[from] RenderError),
}

impl Explain for ReadmeError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Markers { .. } => vec![format!(
                "keep one line `{BEGIN}` and below it one line `{END}`, or take all of them out"
            )],
            Self::MarkerInside { .. } => {
                vec!["take the markers out of the template: they are put around it".to_owned()]
            }
            Self::Template(error) => error.hints(),
        }
    }
}

/// What the README tells.
#[derive(Debug)]
pub struct Request<'a> {
    /// The baselines.
    pub baselines: &'a [Baseline],
    /// What is squashed and what stays.
    pub cut: &'a Cut,
    /// The entries that the baselines make.
    pub entries: &'a [Entry],
    /// What a reader must know.
    pub notes: &'a [String],
    /// Roles that must be there.
    pub roles: &'a [String],
    /// The creation date as Alembic prints it.
    pub created: &'a str,
    /// The archive's place, relative to the project.
    pub archive: &'a str,
    /// The server's version in words.
    pub server: &'a str,
    /// The command that upgrades a database.
    pub upgrade: &'a str,
}

#[derive(Serialize)]
struct Data<'a> {
    baselines: Vec<BaselineData>,
    squashed: usize,
    kept: usize,
    heads: Vec<String>,
    /// Whether databases at the heads have to be stamped.
    stamp: bool,
    schemas: Vec<Schema>,
    seeds: Vec<Seed>,
    counts: Counts,
    notes: &'a [String],
    roles: &'a [String],
    created: &'a str,
    archive: &'a str,
    server: &'a str,
    upgrade: &'a str,
    version: &'static str,
}

#[derive(Serialize)]
struct BaselineData {
    revision: String,
    file: String,
    replaces: Vec<String>,
    /// Whether it has the id of the one head that it stands for.
    keeps_id: bool,
    statements: usize,
}

/// A schema with its tables.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Schema {
    name: String,
    tables: usize,
    seed_rows: usize,
    modules: Vec<Module>,
}

/// Tables whose names begin with the same word.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Module {
    prefix: String,
    tables: usize,
    seed_rows: usize,
}

#[derive(Serialize)]
struct Seed {
    table: String,
    rows: usize,
}

/// The new text of a file: `old` with a new block.
pub fn render(
    request: &Request<'_>,
    template: Option<(&str, &str)>,
    file: &str,
    old: Option<&str>,
) -> Result<String, ReadmeError> {
    let (name, text) = template.unwrap_or((TEMPLATE, EMBEDDED));
    let (mut engine, name) = template::engine(Some((name, text)))?;
    engine.register_filter("code", |value: &Value, _: &HashMap<String, Value>| {
        Ok(Value::String(code(value.as_str().ok_or("the filter `code` takes a string")?)))
    });
    let context = Context::from_serialize(data(request));
    let block = context.and_then(|context| engine.render(name, &context));
    let block = block.map_err(|error| template::failed(name, text, &error))?;
    if block.lines().any(|line| [BEGIN, END].contains(&line.trim())) {
        return Err(ReadmeError::MarkerInside { template: name.to_owned() });
    }
    with_block(file, old.unwrap_or_default(), &block)
}

/// Checks what can be checked before anything is replayed: the template and the markers.
pub fn check(
    template: Option<(&str, &str)>,
    file: &str,
    old: Option<&str>,
) -> Result<(), ReadmeError> {
    template::engine(Some(template.unwrap_or((TEMPLATE, EMBEDDED))))?;
    with_block(file, old.unwrap_or_default(), "").map(|_| ())
}

/// Puts the block between the markers, or at the end of a text without markers.
fn with_block(file: &str, old: &str, block: &str) -> Result<String, ReadmeError> {
    // A file of Windows stays one.
    let ending = if old.contains("\r\n") { "\r\n" } else { "\n" };
    let block = format!("{BEGIN}\n{}\n{END}", block.trim()).replace('\n', ending);
    let Some((begin, end)) = markers(file, old)? else {
        let gap = match old {
            "" => "",
            text if text.ends_with(&ending.repeat(2)) => "",
            text if text.ends_with(ending) => ending,
            _ => &ending.repeat(2),
        };
        return Ok(format!("{old}{gap}{block}{ending}"));
    };
    Ok(format!("{}{block}{}", &old[..begin], &old[end..]))
}

/// Where the block is: from the first marker up to the end of the second.
fn markers(file: &str, text: &str) -> Result<Option<(usize, usize)>, ReadmeError> {
    let mut found = Vec::new();
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let marker = line.trim();
        if [BEGIN, END].contains(&marker) {
            let start = at + line.find(marker).unwrap_or_default();
            found.push((number + 1, marker, start, start + marker.len()));
        }
        at += line.len();
    }
    match found[..] {
        [] => Ok(None),
        [(_, BEGIN, begin, _), (_, END, _, end)] => Ok(Some((begin, end))),
        _ => {
            let lines =
                found.iter().map(|(number, marker, ..)| format!("`{marker}` in line {number}"));
            let found = lines.collect::<Vec<_>>().join(", ");
            Err(ReadmeError::Markers { file: file.to_owned(), found })
        }
    }
}

fn data<'a>(request: &Request<'a>) -> Data<'a> {
    let text = |ids: &[crate::history::RevisionId]| -> Vec<String> {
        ids.iter().map(ToString::to_string).collect()
    };
    let baselines: Vec<BaselineData> = request
        .baselines
        .iter()
        .map(|baseline| BaselineData {
            revision: baseline.revision.to_string(),
            file: baseline.file.display().to_string(),
            keeps_id: baseline.replaces == [baseline.revision.clone()],
            replaces: text(&baseline.replaces),
            statements: baseline.statements,
        })
        .collect();
    let seeds = request
        .entries
        .iter()
        .filter(|entry| entry.is_rows())
        .map(|entry| Seed { table: qualified(entry), rows: entry.statements.len() });
    Data {
        stamp: baselines.iter().any(|baseline| !baseline.keeps_id),
        baselines,
        squashed: request.cut.squashed().len(),
        kept: request.cut.kept().len(),
        heads: text(request.cut.heads()),
        schemas: schemas(request.entries),
        seeds: seeds.collect(),
        counts: Counts::of(request.entries),
        notes: request.notes,
        roles: request.roles,
        created: request.created.split('.').next().unwrap_or_default(),
        archive: request.archive,
        server: request.server,
        upgrade: request.upgrade,
        version: env!("CARGO_PKG_VERSION"),
    }
}

fn qualified(entry: &Entry) -> String {
    let schema = entry.object.schema.iter().map(String::as_str);
    schema.chain([entry.object.name.as_str()]).collect::<Vec<_>>().join(".")
}

/// The tables by schema, and within a schema by the word before the first `_`, where it is shared.
fn schemas(entries: &[Entry]) -> Vec<Schema> {
    let mut rows: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in entries {
        let Some(schema) = entry.object.schema.as_deref() else { continue };
        let name = entry.object.name.as_str();
        match entry.object.kind.as_str() {
            "TABLE" | "FOREIGN TABLE" => tables.entry(schema).or_default().push(name),
            "TABLE DATA" => *rows.entry((schema, name)).or_default() += entry.statements.len(),
            _ => {}
        }
    }
    let schema = |(name, tables): (&str, Vec<&str>)| {
        let rows_of = |table: &str| rows.get(&(name, table)).copied().unwrap_or_default();
        let mut modules: BTreeMap<&str, Module> = BTreeMap::new();
        for table in &tables {
            let Some((prefix, _)) = table.split_once('_').filter(|(p, _)| !p.is_empty()) else {
                continue;
            };
            let module = modules.entry(prefix).or_default();
            prefix.clone_into(&mut module.prefix);
            module.tables += 1;
            module.seed_rows += rows_of(table);
        }
        Schema {
            name: name.to_owned(),
            tables: tables.len(),
            seed_rows: tables.iter().map(|table| rows_of(table)).sum(),
            modules: modules.into_values().filter(|module| module.tables >= MODULE).collect(),
        }
    };
    tables.into_iter().map(schema).collect()
}

/// A name in Markdown, as it is: in a table, a line through it would end the cell.
fn code(name: &str) -> String {
    let longest = name.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    let name = name.replace(['\n', '\r'], " ").replace('|', "\\|");
    format!("{fence}{space}{name}{space}{fence}")
}

#[cfg(test)]
mod tests;
