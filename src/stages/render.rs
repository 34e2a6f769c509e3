//! Render: the baseline revision as text. Pure: no file is read or written here.
//!
//! Takes a dump, a cut and a template; gives a [`Baseline`]: identifiers, the file's place and its
//! bytes. The template is data: it can be replaced by the user, and the proof checks what it makes.

mod error;
mod ids;
pub mod merge;
mod notes;
mod ops;
pub mod readme;
mod said;
mod sql_file;
mod template;

use std::borrow::Cow;
use std::path::PathBuf;

use arcstr::Substr;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tera::Context;

use crate::format::alembic::literal;
use crate::history::{Branch, Cut, History, RevisionId};
use crate::schema;
use crate::stages::dump::{Block, SchemaDump};
pub use error::RenderError;
pub use ids::{choose_id, likely_id};
pub use notes::notes;
use ops::Need;
use said::{Calls, Heading};
pub use said::{Said, Wording, say};
pub use sql_file::SqlFile;
use sql_file::one_line;

/// The template's name: a file of this name in `--templates DIR` replaces ours.
pub const TEMPLATE: &str = "baseline.py.tera";

/// Our own template.
pub const EMBEDDED: &str = include_str!("../../templates/alembic/baseline.py.tera");

/// Settings that `pg_dump` relies on: names are qualified, function bodies are not checked before
/// what they use is there.
pub const SETTINGS: [(&str, &str); 4] = [
    ("search_path", ""),
    ("check_function_bodies", "off"),
    ("xmloption", "content"),
    ("row_security", "off"),
];

/// Settings that `pg_dump` changes before an object that is not where others are, with the value that it
/// begins with.
const CHANGED_IN_BETWEEN: [(&str, &str); 2] =
    [("default_tablespace", ""), ("default_table_access_method", "heap")];

/// How the baseline's id is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdChoice {
    /// The head's own id where the cut has one head, and whoever stands there has all that the baseline needs; else
    /// a new one.
    Keep,
    /// A new one.
    New,
    /// This one.
    Given(String),
}

/// How the statements are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As SQL.
    Sql,
    /// As Alembic operations where SQLAlchemy can say it.
    Ops,
}

/// What goes into the file besides the statements.
#[derive(Debug)]
pub struct Request<'a> {
    /// What it stands for.
    pub part: &'a Part,
    /// What that made.
    pub dump: &'a SchemaDump,
    /// What [`say`] made of the dump's blocks.
    pub said: &'a Said,
    /// The baseline's id, as [`choose_id`] gives it.
    pub revision: &'a RevisionId,
    /// The docstring's first line.
    pub message: &'a str,
    /// The creation date as Alembic prints it.
    pub created: &'a str,
    /// The archive's place, relative to the project.
    pub archive: &'a str,
    /// The server's version in words.
    pub server: &'a str,
    /// A template of the user's: its path and its text.
    pub template: Option<(&'a str, &'a str)>,
    /// The baseline's file, relative to the project's root.
    pub file: PathBuf,
}

/// The revisions that one baseline stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// All of them, in running order.
    pub squashed: Vec<RevisionId>,
    /// Those without a parent.
    pub bases: Vec<RevisionId>,
    /// Those that no other of them is built on.
    pub heads: Vec<RevisionId>,
    /// Their branch labels.
    pub labels: Vec<String>,
    /// The baselines of other branches that must run before.
    pub depends_on: Vec<RevisionId>,
    /// Whether these revisions depend on a part only of what another baseline stands for.
    pub depends_on_part: bool,
}

impl Part {
    /// All that a cut squashes.
    pub fn of_cut(history: &History, cut: &Cut) -> Self {
        Self::new(history, cut.squashed().to_vec(), cut.heads().to_vec())
    }

    /// All of one branch; `depends_on` is still to be filled in.
    pub fn of_branch(history: &History, branch: &Branch) -> Self {
        let part = Self::new(history, branch.revisions.clone(), branch.heads.clone());
        Self { depends_on_part: branch.depends_on_part, ..part }
    }

    fn new(history: &History, squashed: Vec<RevisionId>, heads: Vec<RevisionId>) -> Self {
        let bases = history.bases().into_iter().filter(|base| squashed.contains(base)).collect();
        let labels = history.labels().iter().filter(|(_, id)| squashed.contains(id));
        let labels = labels.map(|(label, _)| label.clone()).collect();
        Self { squashed, bases, heads, labels, depends_on: Vec::new(), depends_on_part: false }
    }
}

/// The rendered baseline.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// Its revision id.
    pub revision: RevisionId,
    /// The heads that it stands for.
    pub replaces: Vec<RevisionId>,
    /// Its file, relative to the project.
    pub file: PathBuf,
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// The file beside it that holds its SQL, if that is much.
    pub sql_file: Option<SqlFile>,
    /// How many statements it runs.
    pub statements: usize,
}

impl Baseline {
    /// SHA-256 of the file in hexadecimal.
    pub fn sha256(&self) -> String {
        schema::hex(&Sha256::digest(&self.bytes))
    }
}

/// A file that the squash writes over or adds, besides the baselines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Relative to the project's root.
    pub path: PathBuf,
    /// The hash of what it holds now, in hexadecimal; none if it is not there.
    pub old: Option<String>,
    /// What it will hold.
    pub text: String,
}

impl FileChange {
    /// SHA-256 of the new text in hexadecimal.
    pub fn sha256(&self) -> String {
        schema::hex(&Sha256::digest(self.text.as_bytes()))
    }
}

#[derive(Serialize)]
struct RenderedBlock<'a> {
    title: String,
    calls: Cow<'a, [String]>,
    statements: &'a [Substr],
}

impl<'a> RenderedBlock<'a> {
    fn new(block: &'a Block) -> Self {
        let calls = block.statements.iter().map(|s| literal::call("execute", s)).collect();
        Self { title: one_line(&block.title), calls, statements: &block.statements }
    }

    fn of(calls: &'a Calls, blocks: &[Block]) -> Self {
        let title = match &calls.heading {
            Heading::Block(at) => &blocks[*at].title,
            Heading::Text(text) => text,
        };
        Self {
            title: one_line(title),
            calls: Cow::Borrowed(&calls.lines),
            statements: &calls.statements,
        }
    }
}

/// Renders the baseline.
pub fn render(request: &Request<'_>) -> Result<Baseline, RenderError> {
    let revision = request.revision.clone();
    let dump = request.dump;
    let is_changed = |name: &str| {
        let set = format!("SET {name} = ");
        dump.blocks.iter().flat_map(|block| &block.statements).any(|s| s.starts_with(&set))
    };
    let changed = CHANGED_IN_BETWEEN.iter().filter(|(name, _)| is_changed(name));
    let settings: Vec<_> = SETTINGS.iter().chain(changed).collect();
    let names: Vec<&str> = settings.iter().map(|(name, _)| *name).collect();
    let array = format!("ARRAY['{}']", names.join("', '"));
    let values: Vec<String> = settings.iter().map(|(n, v)| format!("('{n}', '{v}')")).collect();
    let keep = format!(
        "SELECT set_config('rebaseline.' || name, current_setting(name), false)\n\
         FROM unnest({array}) AS name"
    );
    let set = format!(
        "SELECT set_config(name, value, false)\nFROM (VALUES {}) AS wanted (name, value)",
        values.join(", ")
    );
    let put_back = format!(
        "SELECT set_config(name, current_setting('rebaseline.' || name), false)\n\
         FROM unnest({array}) AS name"
    );
    let (mut before, mut after): (Vec<Substr>, Vec<Substr>) =
        (vec![keep.into(), set.into()], vec![put_back.into()]);
    if dump.is_salted() {
        // Random uuids are made from it: others in each install, the same wherever one is referred to.
        before.push(format!("SELECT set_config('rebaseline.salt', {}, false)", dump.salt).into());
        after.push("SELECT set_config('rebaseline.salt', '', false)".into());
    }
    let settings = |title: &str, statements: Vec<Substr>| Block {
        title: title.to_owned(),
        object: None,
        statements: statements.into(),
    };
    let title = "What pg_dump relies on; what was set before is kept for the end.";
    let prologue = settings(title, before);
    let epilogue = settings("What was set before.", after);
    let text = |ids: &[RevisionId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let part = request.part;
    let mut context = Context::new();
    context.insert("message", request.message);
    context.insert("squashed", &part.squashed.len());
    context.insert("bases", &text(&part.bases));
    context.insert("heads", &text(&part.heads));
    context.insert("archive", request.archive);
    context.insert("version", env!("CARGO_PKG_VERSION"));
    context.insert("server", request.server);
    context.insert("notes", &notes(dump));
    context.insert("revision", revision.as_str());
    context.insert("parents", &Vec::<String>::new());
    context.insert("created", request.created);
    context.insert("down_revision", "None");
    context.insert("branch_labels", &literal::names(&part.labels));
    context.insert("depends_on", &literal::names(&text(&part.depends_on)));
    context.insert("prologue", &[RenderedBlock::new(&prologue)]);
    let sql_file = sql_file(request);
    let Said { blocks, needs, statements, .. } = request.said;
    let blocks = blocks.iter().map(|calls| RenderedBlock::of(calls, &dump.blocks));
    if let Some(file) = &sql_file {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        context.insert("sql_file", &name);
        context.insert("sql_sha256", &file.sha256);
        context.insert("separator", &file.separator);
    }
    context.insert("imports", &ops::imports(needs));
    context.insert("own_types", &needs.contains(&Need::OwnTypes));
    context.insert("blocks", &blocks.collect::<Vec<_>>());
    context.insert("epilogue", &[RenderedBlock::new(&epilogue)]);
    let drops: Vec<String> = dump.drops.iter().map(|s| literal::call("execute", s)).collect();
    context.insert("drops", &drops);
    let bytes = template::render(request.template, &context)?.into_bytes();
    Ok(Baseline {
        file: request.file.clone(),
        replaces: part.heads.clone(),
        revision,
        bytes,
        sql_file,
        statements: *statements,
    })
}

/// The SQL that gets a file of its own, if there is much of it.
fn sql_file(request: &Request<'_>) -> Option<SqlFile> {
    let Request { said, dump, file, .. } = request;
    let moved: Vec<&Block> = dump.blocks.iter().filter(|block| said.in_file.has(block)).collect();
    let revision = file.file_name().unwrap_or_default().to_string_lossy();
    let about = format!("Run by {revision}, which knows the checksum of this file.");
    (!moved.is_empty()).then(|| SqlFile::new(file.with_extension("sql"), &about, moved))
}

/// Checks what can be checked before anything is replayed: an id that is given, and the template.
pub fn check(
    history: &History,
    part: &Part,
    choice: &IdChoice,
    template: Option<(&str, &str)>,
) -> Result<(), RenderError> {
    if let IdChoice::Given(id) = choice {
        ids::usable_id(history, part, id)?;
    }
    template::engine(template).map(|_| ())
}
