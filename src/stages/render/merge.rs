//! A merge revision: joins several heads into one, and changes nothing. Pure.

use rebaseline_archive::Sha256;
use tera::Context;

use crate::format::alembic::literal;
use crate::format::alembic::python::read_revision;
use crate::history::RevisionId;
use crate::stages::render::{RenderError, template};

/// The template's name: a file of this name in `--templates DIR` replaces ours.
pub const TEMPLATE: &str = "merge.py.tera";

/// Our own template.
pub const EMBEDDED: &str = include_str!("../../../templates/alembic/merge.py.tera");

/// What a merge is made from.
#[derive(Debug)]
pub struct Request<'a> {
    /// Its id.
    pub revision: &'a RevisionId,
    /// What it joins.
    pub heads: &'a [RevisionId],
    /// Its message.
    pub message: &'a str,
    /// Its creation date as Alembic prints it.
    pub created: &'a str,
    /// A template of the user's: its name and its text.
    pub template: Option<(&'a str, &'a str)>,
}

/// The id of the merge of these heads: the same heads give the same id, unless it is taken.
pub fn id(heads: &[RevisionId], taken: &[RevisionId]) -> RevisionId {
    let mut names: Vec<&str> = heads.iter().map(RevisionId::as_str).collect();
    names.sort_unstable();
    let names = names.join("\n");
    let mut ids = (0_u32..).filter_map(|number| {
        let digest = Sha256::of(format!("merge\n{names}\n{number}").as_bytes()).to_string();
        RevisionId::new(&digest[..12]).ok()
    });
    ids.find(|id| !taken.contains(id)).unwrap_or_else(RevisionId::example)
}

/// The text of a merge revision. What a template makes is read again: it must be this merge.
pub fn merge(request: &Request<'_>) -> Result<String, RenderError> {
    let (engine, name) = template::engine(Some(request.template.unwrap_or((TEMPLATE, EMBEDDED))))?;
    let heads: Vec<&str> = request.heads.iter().map(RevisionId::as_str).collect();
    let quoted: Vec<String> = heads.iter().map(|id| literal::one_line(id)).collect();
    let mut context = Context::new();
    context.insert("message", request.message);
    context.insert("heads", &heads);
    context.insert("revision", request.revision.as_str());
    context.insert("down_revision", &format!("({})", quoted.join(", ")));
    context.insert("created", request.created);
    context.insert("version", env!("CARGO_PKG_VERSION"));
    let text = request.template.map_or(EMBEDDED, |(_, text)| text);
    let rendered =
        engine.render(name, &context).map_err(|error| template::failed(name, text, &error))?;
    let is_merge = read_revision(&rendered).is_ok_and(|read| {
        read.id == *request.revision && read.parents.iter().map(|p| &p.value).eq(request.heads)
    });
    if is_merge {
        return Ok(rendered);
    }
    let why = "what it makes is not the merge of these heads".to_owned();
    Err(RenderError::Template { name: name.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::RevisionId;

    fn heads() -> Vec<RevisionId> {
        ["b", "c"].map(|id| RevisionId::new(id).unwrap()).to_vec()
    }

    fn request<'a>(heads: &'a [RevisionId], revision: &'a RevisionId) -> Request<'a> {
        Request {
            revision,
            heads,
            message: "merge heads",
            created: "2024-01-02 03:04:05",
            template: None,
        }
    }

    #[test]
    fn the_text() {
        let heads = heads();
        let revision = id(&heads, &[]);
        insta::assert_snapshot!(merge(&request(&heads, &revision)).unwrap());
    }

    #[test]
    fn the_id_depends_on_the_heads_alone() {
        let heads = heads();
        let turned: Vec<RevisionId> = heads.iter().rev().cloned().collect();
        assert_eq!(id(&heads, &[]), id(&turned, &[]));
        let first = id(&heads, &[]);
        assert_ne!(id(&heads, std::slice::from_ref(&first)), first);
        assert_ne!(id(&heads[..1], &[]), first);
    }

    #[test]
    fn a_template_that_makes_something_else_is_refused() {
        let heads = heads();
        let revision = id(&heads, &[]);
        let wrong = "revision = {{ revision | python }}\ndown_revision = None\n";
        let request = Request { template: Some(("mine", wrong)), ..request(&heads, &revision) };
        let error = merge(&request).unwrap_err().to_string();
        assert!(error.contains("not the merge of these heads"), "{error}");
        let ours = Request { template: Some(("mine", EMBEDDED)), ..request };
        assert!(merge(&ours).is_ok());
    }
}
