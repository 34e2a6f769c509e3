//! The bridge in `env.py`: each online `context.run_migrations(...)` becomes
//! `rebaseline_bridge.run_migrations(context, ...)`, and the module is loaded after the imports.
//!
//! Takes the text of `env.py` and gives the new one, in which nothing else is changed, or says why it
//! cannot. What an install gives is read again: taking the bridge out must give the old text, byte for
//! byte. The module itself is made here too. Pure.

mod scan;
#[cfg(test)]
mod tests;

use std::ops::Range;

use rebaseline_archive::Sha256;
use tera::{Context, Tera};

use self::scan::{Call, Scan};
use super::literal;
use super::python::line_at;

/// The name of the generated module, beside `env.py`.
pub const FILE: &str = "rebaseline_bridge.py";

const MODULE: &str = "rebaseline_bridge";
const IMPORT: &str = "from alembic.util import load_python_file";
const TEMPLATE: &str = include_str!("../../../templates/alembic/bridge.py.tera");

/// What stands before the hash of all that is above it, in the module's last line.
const SEAL: &str = "# As generated: ";

/// The first number of the advisory lock that an upgrade through the bridge holds; the second one is
/// [`version_table_number`]. The next number is a lock of the bridge's own.
pub const LOCK: i32 = 1_919_246_956;

/// The number of a version table in the bridge's locks, as the module counts it.
pub fn version_table_number(schema: &str, table: &str) -> i32 {
    let sum = crc32fast::hash(format!("{schema}.{table}").as_bytes());
    // From the range of u32 to that of i32.
    (sum ^ 0x8000_0000).cast_signed()
}

/// Why `env.py` cannot be edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusual {
    /// It is not Python.
    #[error("line {line} is no Python: {message}")]
    Syntax {
        /// The line.
        line: u32,
        /// What the parser says.
        message: String,
    },
    /// Nothing of Alembic's is imported at the top level.
    #[error("it does not import `context` from alembic at its top level")]
    NoContext,
    /// Nothing runs migrations online.
    #[error("it nowhere calls context.run_migrations() online")]
    NoCall,
    /// The call is written in another way.
    #[error("`run_migrations` at line {line} is not a plain context.run_migrations(...)")]
    Written {
        /// The line.
        line: u32,
    },
    /// The module's name means something else here.
    #[error("it has a `{MODULE}` of its own at line {line}")]
    NameTaken {
        /// The line.
        line: u32,
    },
    /// The edit could not be taken back exactly.
    #[error("an edit of it could not be taken back byte for byte")]
    NotReversible,
}

/// What to do by hand where [`install`] cannot do it.
pub fn instructions() -> Vec<String> {
    vec![
        format!(
            "write this into env.py, after the imports:\n{IMPORT}\n{}",
            loader("context").trim_end()
        ),
        format!(
            "and {MODULE}.run_migrations(context, ...) in place of each context.run_migrations(...); \
             then run this again for the module"
        ),
    ]
}

/// The module's text. Both folders are relative to that of `env.py`.
///
/// # Errors
/// What the template engine says.
pub fn module(archives: &str, root: &str) -> Result<String, tera::Error> {
    let mut context = Context::new();
    context.insert("archives", &literal::python(archives));
    context.insert("root", &literal::python(root));
    context.insert("lock", &LOCK);
    context.insert("version", env!("CARGO_PKG_VERSION"));
    Ok(sealed(&Tera::one_off(TEMPLATE, &context, false)?))
}

/// A text with the hash by which an edit of it can be told, whatever version has made it.
fn sealed(text: &str) -> String {
    format!("{text}\n{SEAL}{}\n", Sha256::of(text.as_bytes()))
}

/// Whether a module is as [`module`] has made it, in any version that seals them. Ends of lines do not count: git may
/// change them.
pub fn is_as_generated(text: &str) -> bool {
    let text = text.replace("\r\n", "\n");
    text.rsplit_once(&format!("\n{SEAL}")).is_some_and(|(body, _)| sealed(body) == text)
}

/// Whether a file is one that [`module`] made, of any version.
pub fn is_module(text: &str) -> bool {
    TEMPLATE.lines().next().is_some_and(|first| text.starts_with(first))
}

/// `env.py` with the bridge, or `None` if it has it already.
///
/// # Errors
/// Why it cannot be edited.
pub fn install(text: &str) -> Result<Option<String>, Unusual> {
    let tree = parse(text)?;
    let scan = Scan::of(&tree, text);
    // Somebody may have pasted it in, and load the module in another way.
    let is_there = scan.loader.is_some() || !scan.bridged.is_empty();
    if scan.context.is_none() && !is_there {
        return Err(Unusual::NoContext);
    }
    if let Some(offset) = scan.strange.first() {
        return Err(Unusual::Written { line: line_at(text, *offset) });
    }
    if let Some(offset) = scan.names.first().filter(|_| !is_there) {
        return Err(Unusual::NameTaken { line: line_at(text, *offset) });
    }
    let online: Vec<&Call> = scan.calls.iter().filter(|call| !call.offline).collect();
    if online.is_empty() {
        return if scan.bridged.is_empty() { Err(Unusual::NoCall) } else { Ok(None) };
    }
    let mut edits = Vec::new();
    for call in online {
        let comma = if call.has_arguments { ", " } else { "" };
        edits
            .push((call.head.clone(), format!("{MODULE}.run_migrations({}{comma}", call.receiver)));
    }
    if !is_there && let Some((receiver, anchor)) = scan.context {
        let end = line_end(text, anchor);
        let line = if text[..end].ends_with("\r\n") { "\r\n" } else { "\n" };
        edits.push((end..end, format!("{IMPORT}\n{}", loader(&receiver)).replace('\n', line)));
    }
    let edited = apply(text, edits).ok_or(Unusual::NotReversible)?;
    let back = remove(&edited).ok().flatten();
    // A lone carriage return ends a line for Python, but not for us.
    let is_exact = back.as_deref() == Some(text) && !text.replace("\r\n", "").contains('\r');
    if !is_exact && !is_there {
        return Err(Unusual::NotReversible);
    }
    Ok(Some(edited))
}

/// `env.py` without the bridge, or `None` if it has none.
///
/// # Errors
/// Why it cannot be edited.
pub fn remove(text: &str) -> Result<Option<String>, Unusual> {
    let tree = parse(text)?;
    let scan = Scan::of(&tree, text);
    if scan.bridged.is_empty() && scan.loader.is_none() {
        return Ok(None);
    }
    let mut edits = Vec::new();
    for call in &scan.bridged {
        edits.push((call.head.clone(), format!("{}.run_migrations(", call.receiver)));
    }
    let lines = |range: &Range<usize>| line_start(text, range.start)..line_end(text, range.end);
    match (&scan.import, &scan.loader) {
        (Some(import), Some(loader)) if follows(text, import, loader) => {
            edits.push((lines(&(import.start..loader.end)), String::new()));
        }
        (import, Some(loader)) => {
            edits.push((lines(loader), String::new()));
            if let Some(import) = import.as_ref().filter(|_| scan.loads == 1) {
                edits.push((lines(import), String::new()));
            }
        }
        _ => {}
    }
    let removed = apply(text, edits).ok_or(Unusual::NotReversible)?;
    // A line that held something else besides would have taken it along.
    let rest = parse(&removed).map_err(|_| Unusual::NotReversible)?;
    let left = Scan::of(&rest, &removed);
    let gone = usize::from(scan.loader.is_some())
        + usize::from(scan.import.is_some() && left.import.is_none());
    if left.statements + gone != scan.statements
        || !left.names.is_empty()
        || left.calls.len() != scan.calls.len() + scan.bridged.len()
    {
        let line = scan.names.first().map_or(1, |offset| line_at(text, *offset));
        return Err(Unusual::Written { line });
    }
    Ok(Some(removed))
}

/// The statement that loads the module from the folder of `env.py`, which need not be on `sys.path`.
fn loader(receiver: &str) -> String {
    format!("\n{MODULE} = load_python_file({receiver}.script.dir, \"{FILE}\")\n")
}

fn parse(text: &str) -> Result<ruff_python_ast::ModModule, Unusual> {
    let parsed = ruff_python_parser::parse_module(text).map_err(|error| Unusual::Syntax {
        line: line_at(text, error.location.start().into()),
        message: error.error.to_string(),
    })?;
    Ok(parsed.into_syntax())
}

/// The edited text; none if two edits meet.
fn apply(text: &str, mut edits: Vec<(Range<usize>, String)>) -> Option<String> {
    edits.sort_by_key(|(range, _)| range.start);
    let mut edited = String::with_capacity(text.len() + 256);
    let mut at = 0;
    for (range, new) in edits {
        edited.push_str(text.get(at..range.start)?);
        edited.push_str(&new);
        at = range.end;
    }
    edited.push_str(text.get(at..)?);
    Some(edited)
}

/// Whether nothing but empty lines is between the two.
fn follows(text: &str, one: &Range<usize>, other: &Range<usize>) -> bool {
    text.get(one.end..other.start).is_some_and(|between| between.trim().is_empty())
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// Where the line of this place ends, with its line end.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}
