//! Cuts the text of `pg_dump` into entries.
//!
//! The statements are separated by PostgreSQL's own parser, never at `;`: function bodies and
//! literals hold semicolons. `pg_dump` writes a comment above every object (`-- Name: orders; Type:
//! TABLE; Schema: public; Owner: postgres`); it is looked for only between statements, so a body or a
//! row that holds such a line is no danger. The settings that `pg_dump` begins with, and the psql lines
//! (`\restrict`, since the releases of August 2025), are left out.

mod cutter;
mod script;

use arcstr::{ArcStr, Substr};

use crate::schema::{Entry, Object};
pub use cutter::Cutter;
pub use script::script;

/// A dump that cannot be cut.
#[derive(Debug, thiserror::Error)]
pub enum TocError {
    /// The parser does not take it.
    #[error("the text of pg_dump cannot be parsed")]
    Parse(#[source] pg_query::Error),
    /// A statement without an object above it.
    #[error("pg_dump wrote a statement that belongs to no object: `{statement}`")]
    NoObject {
        /// The statement.
        statement: String,
    },
}

/// A dump, cut into what makes its objects.
#[derive(Debug, Default)]
pub struct Dump {
    /// What `pg_dump` sets for the whole of it.
    pub settings: Vec<Substr>,
    /// Its entries, in `pg_dump`'s order. Entries without a statement (a table without rows) are left out.
    pub entries: Vec<Entry>,
}

impl Dump {
    /// Cuts a dump that is in memory.
    pub fn cut(text: &ArcStr) -> Result<Self, TocError> {
        let mut cutter = Cutter::new(None);
        cutter.push(text)?;
        cutter.finish()
    }
}

/// The statements that `pg_dump --clean` writes before its first object: they drop all of them. Most
/// are `DROP`s; a view in a circle is first replaced by an empty one.
pub fn drops(clean: &str) -> Result<Vec<String>, TocError> {
    let text = without_psql_lines(clean);
    let is_setting = |statement: &str| {
        statement.starts_with("SET ") || statement.starts_with("SELECT pg_catalog.set_config(")
    };
    let mut at = 0;
    let mut lines = text.split_inclusive('\n');
    loop {
        // Where a name holds what looks like an object's header, the text before it ends in an open quote: the parser
        // refuses it.
        let header = lines.by_ref().find_map(|line| {
            at += line.len();
            header(line.trim_end_matches('\n')).map(|_| at - line.len())
        });
        match (cutter::statements(&text[..header.unwrap_or(text.len())]), header) {
            (Err(_), Some(_)) => {}
            (found, _) => {
                let drops = found?.into_iter().filter(|(_, statement)| !is_setting(statement));
                return Ok(drops.map(|(_, statement)| statement.to_owned()).collect());
            }
        }
    }
}

/// What is on a table besides the table itself, from a dump of this table alone: privileges, comments,
/// policies, triggers, and its owner if that is another than `user`.
pub fn on_table(dump: &ArcStr, user: &str) -> Result<Vec<Entry>, TocError> {
    let mut entries = Dump::cut(dump)?.entries;
    for entry in &mut entries {
        let table = entry.object.kind == "TABLE";
        entry
            .statements
            .to_mut()
            .retain(|s| !table || s.contains(" OWNER TO ") && !s.ends_with(user));
    }
    entries.retain(|entry| {
        let kind = entry.object.kind.as_str();
        !entry.statements.is_empty() && !matches!(kind, "CONSTRAINT" | "TABLE DATA")
    });
    Ok(entries)
}

/// Leaves out what stands before the first statement and behind the last one: comments about the dump as
/// a whole, and lines for psql.
fn without_psql_lines(dump: &str) -> &str {
    let rest = &dump[head(dump)..];
    &rest[..rest.len() - tail(rest)]
}

/// How long is what stands before the first statement.
fn head(dump: &str) -> usize {
    dump.split_inclusive('\n').take_while(is_outside).map(str::len).sum()
}

/// How long is what stands behind the last statement.
fn tail(dump: &str) -> usize {
    dump.split_inclusive('\n').rev().take_while(is_outside).map(str::len).sum()
}

fn is_outside(line: &&str) -> bool {
    let line = line.trim_end_matches('\n');
    line.is_empty() || line.starts_with("--") || line.starts_with('\\')
}

/// Reads `-- Name: orders; Type: TABLE; Schema: public; Owner: postgres`, from the right: a name may
/// hold anything but a line break.
fn header(line: &str) -> Option<(Object, Option<String>)> {
    let line = line.strip_prefix("-- Data for ").or_else(|| line.strip_prefix("-- "))?;
    let line = line.strip_prefix("Name: ")?;
    let (line, owner) = line.rsplit_once("; Owner: ").or_else(|| line.rsplit_once("; Owner:"))?;
    let owner = owner.split("; Tablespace: ").next().unwrap_or_default();
    let (line, schema) = line.rsplit_once("; Schema: ")?;
    let (name, kind) = line.rsplit_once("; Type: ")?;
    let some = |text: &str| match text {
        "-" | "" => None,
        text => Some(text.to_owned()),
    };
    let object = Object { kind: kind.to_owned(), schema: some(schema), name: name.to_owned() };
    Some((object, some(owner)))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub const DUMP: &str = r"--
-- PostgreSQL database dump
--

\restrict abc

-- Dumped from database version 15.18

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
SET row_security = off;

--
-- Name: f(integer); Type: FUNCTION; Schema: s; Owner: postgres
--

CREATE FUNCTION s.f(a integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$ begin -- x ;
\restrict abc
return 1; end $$;


ALTER FUNCTION s.f(a integer) OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: q; x; Type: TABLE; Schema: s; Owner: postgres
--

CREATE TABLE s.q (
    a integer
);


--
-- Data for Name: empty; Type: TABLE DATA; Schema: s; Owner: postgres
--



--
-- Data for Name: q; Type: TABLE DATA; Schema: s; Owner: postgres
--

INSERT INTO s.q (a) VALUES ('y
-- Name: foo; Type: TABLE; Schema: x; Owner: y
');
INSERT INTO s.q (a) VALUES (2);


--
-- PostgreSQL database dump complete
--

\unrestrict abc
";

    #[test]
    fn drops_stand_before_the_first_object() {
        let name = "\"a\n-- Name: x; Type: TABLE; Schema: s; Owner: y\n\"";
        let text = format!(
            "--\n-- PostgreSQL database dump\n--\n\nSET row_security = off;\n\n\
             DROP TABLE IF EXISTS s.{name};\nDROP SCHEMA IF EXISTS s;\n\
             --\n-- Name: s; Type: SCHEMA; Schema: -; Owner: y\n--\n\nCREATE SCHEMA s;\n\nDROP TABLE t;\n"
        );
        let expected = [format!("DROP TABLE IF EXISTS s.{name}"), "DROP SCHEMA IF EXISTS s".into()];
        assert_eq!(drops(&text).unwrap(), expected);
        assert_eq!(drops("SET a = b;\nDROP TABLE t;\n").unwrap(), ["DROP TABLE t"]);
        assert!(drops("DROP TABLE \"t;\n").is_err());
    }

    #[test]
    fn cuts_at_statements_and_names_objects() {
        let shown: Vec<String> = Dump::cut(&DUMP.into())
            .unwrap()
            .entries
            .iter()
            .map(|entry| {
                format!(
                    "{}: {}",
                    entry.object,
                    entry.statements.iter().map(Substr::as_str).collect::<Vec<_>>().join(" | ")
                )
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        function `s.f(integer)`: CREATE FUNCTION s.f(a integer) RETURNS integer
            LANGUAGE plpgsql
            AS $$ begin -- x ;
        \restrict abc
        return 1; end $$ | ALTER FUNCTION s.f(a integer) OWNER TO postgres
        table `s.q; x`: CREATE TABLE s.q (
            a integer
        )
        rows of `s.q`: INSERT INTO s.q (a) VALUES ('y
        -- Name: foo; Type: TABLE; Schema: x; Owner: y
        ') | INSERT INTO s.q (a) VALUES (2)
        ");
    }

    #[test]
    fn a_name_may_look_like_the_rest_of_its_line() {
        let (object, owner) =
            header("-- Name: x; Tablespace: y; Type: TABLE; Schema: s; Owner: o; Tablespace: fast")
                .unwrap();
        assert_eq!((object.name.as_str(), object.kind.as_str()), ("x; Tablespace: y", "TABLE"));
        assert_eq!(owner.as_deref(), Some("o"));
    }

    #[test]
    fn a_setting_that_means_something_is_kept() {
        let dump = DUMP.replace("default_tablespace = ''", "default_tablespace = fast");
        let kinds: Vec<_> = Dump::cut(&dump.into())
            .unwrap()
            .entries
            .iter()
            .map(|e| e.object.kind.clone())
            .collect();
        assert_eq!(kinds, ["FUNCTION", "SETTING", "SETTING", "TABLE", "TABLE DATA"]);
    }
}
