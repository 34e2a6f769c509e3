//! Cuts the text of `pg_dump` into entries.
//!
//! The statements are separated by PostgreSQL's own parser, never at `;`: function bodies and
//! literals hold semicolons. `pg_dump` writes a comment above every object (`-- Name: orders; Type:
//! TABLE; Schema: public; Owner: postgres`); it is looked for only between statements, so a body or a
//! row that holds such a line is no danger. The settings that `pg_dump` begins with, and the psql lines
//! (`\restrict`, since the releases of August 2025), are left out.

use arcstr::{ArcStr, Substr};

use crate::schema::{Entry, Object};

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

/// Settings that `pg_dump` writes in between and that mean nothing by themselves.
const PLAIN_SETTINGS: [&str; 2] =
    ["SET default_tablespace = ''", "SET default_table_access_method = heap"];

/// Cuts a dump into its entries, in `pg_dump`'s order. Entries without a statement (a table without
/// rows) are left out.
pub fn entries(dump: &ArcStr) -> Result<Vec<Entry>, TocError> {
    let text = without_psql_lines(dump);
    let mut entries: Vec<Entry> = Vec::new();
    let mut special_settings = false;
    for (comments, statement) in statements(text)? {
        let statement = dump.substr_from(statement);
        let header = comments.lines().rev().find_map(header);
        if let Some((object, owner)) = header {
            entries.push(Entry { object, owner, statements: Vec::new() });
        }
        // Part of a privilege that another role than the owner gave.
        if statement.starts_with("SET ") && !statement.starts_with("SET SESSION AUTHORIZATION ") {
            // Above all objects stand the settings of the whole dump, and perhaps one of the first object.
            let of_an_object = statement.starts_with("SET default_tab")
                && !PLAIN_SETTINGS.contains(&statement.as_str());
            if !entries.is_empty() || of_an_object {
                special_settings |= !PLAIN_SETTINGS.contains(&statement.as_str());
                // It stands after its predecessor's entry, and before the next one's comment.
                let object = Object {
                    kind: "SETTING".to_owned(),
                    schema: None,
                    name: statement.to_string(),
                };
                entries.push(Entry { object, owner: None, statements: vec![statement] });
            }
            continue;
        }
        match entries.last_mut() {
            Some(entry) => entry.statements.push(statement),
            None if statement.starts_with("SELECT pg_catalog.set_config('search_path'") => {}
            None => return Err(TocError::NoObject { statement: statement.to_string() }),
        }
    }
    entries.retain(|entry| {
        !entry.statements.is_empty() && (special_settings || entry.object.kind != "SETTING")
    });
    Ok(entries)
}

/// A script that restores these entries: with the settings that the dump begins with.
pub fn script<'a>(
    dump: &str,
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Result<String, TocError> {
    let text = without_psql_lines(dump);
    let before_first =
        |(comments, _): &(&str, &str)| !comments.lines().any(|l| header(l).is_some());
    let settings = statements(text)?.into_iter().take_while(before_first).map(|(_, s)| s);
    let all = entries.into_iter().flat_map(|entry| &entry.statements).map(Substr::as_str);
    Ok(settings.chain(all).fold(String::new(), |script, s| script + s + ";\n"))
}

/// The statements that `pg_dump --clean` writes before its first object: they drop all of them. Most
/// are `DROP`s; a view in a circle is first replaced by an empty one.
pub fn drops(clean: &str) -> Result<Vec<String>, TocError> {
    let text = without_psql_lines(clean);
    let before_first =
        |(comments, _): &(&str, &str)| !comments.lines().any(|l| header(l).is_some());
    let is_setting = |statement: &str| {
        statement.starts_with("SET ") || statement.starts_with("SELECT pg_catalog.set_config(")
    };
    let statements = statements(text)?.into_iter().take_while(before_first);
    let drops = statements.filter(|(_, statement)| !is_setting(statement));
    Ok(drops.map(|(_, statement)| statement.to_owned()).collect())
}

/// What is on a table besides the table itself, from a dump of this table alone: privileges, comments,
/// policies, triggers, and its owner if that is another than `user`.
pub fn on_table(dump: &ArcStr, user: &str) -> Result<Vec<Entry>, TocError> {
    let mut entries = entries(dump)?;
    for entry in &mut entries {
        let table = entry.object.kind == "TABLE";
        entry.statements.retain(|s| !table || s.contains(" OWNER TO ") && !s.ends_with(user));
    }
    entries.retain(|entry| {
        let kind = entry.object.kind.as_str();
        !entry.statements.is_empty() && !matches!(kind, "CONSTRAINT" | "TABLE DATA")
    });
    Ok(entries)
}

/// About how much text the parser gets at once: it needs ten times as much memory.
const CHUNK: usize = 1 << 21;

/// The statements of a text, each with what stands between it and its predecessor: comments.
///
/// The text is parsed in pieces. A piece ends where a statement seems to end. If that is inside of a
/// literal or a body, the piece ends in an open quote or block, which the parser refuses: then it is
/// made longer.
fn statements(text: &str) -> Result<Vec<(&str, &str)>, TocError> {
    let mut statements = Vec::new();
    let (mut from, mut length) = (0, CHUNK);
    while from < text.len() {
        let to = boundary(text, from + length);
        match statements_of_piece(&text[from..to]) {
            Ok(found) => {
                statements.extend(found);
                (from, length) = (to, CHUNK);
            }
            Err(error) if to == text.len() => return Err(error),
            Err(_) => length = 2 * (to - from),
        }
    }
    Ok(statements)
}

/// The first place from `at` on where a statement seems to end: before an empty line or a further row.
fn boundary(text: &str, at: usize) -> usize {
    let mut from = at.min(text.len());
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut ends = text[from..].match_indices(";\n").map(|(place, end)| from + place + end.len());
    let seems_to_end = |end: &usize| {
        let line = text[..*end - 1].rfind('\n').map_or(0, |start| start + 1);
        let rest = &text[*end..];
        !text[line..].starts_with("--")
            && (rest.starts_with('\n') || rest.starts_with("INSERT INTO "))
    };
    ends.find(seems_to_end).unwrap_or(text.len())
}

fn statements_of_piece(text: &str) -> Result<Vec<(&str, &str)>, TocError> {
    let mut end = 0;
    let mut statements = Vec::new();
    for slice in pg_query::split_with_parser(text).map_err(TocError::Parse)? {
        // The slices are parts of the text: their place tells what stands before them.
        let start = slice.as_ptr() as usize - text.as_ptr() as usize;
        let between = text.get(end..start).unwrap_or_default();
        let (comments, statement) = after_comments(slice);
        let comments = if comments.is_empty() { between } else { comments };
        statements.push((comments, statement.trim_end()));
        end = start + slice.len();
    }
    Ok(statements)
}

/// Leaves out what stands before the first statement and behind the last one: comments about the dump as
/// a whole, and lines for psql.
fn without_psql_lines(dump: &str) -> &str {
    let is_outside = |line: &&str| {
        let line = line.trim_end_matches('\n');
        line.is_empty() || line.starts_with("--") || line.starts_with('\\')
    };
    let length = |lines: &mut dyn Iterator<Item = &str>| lines.map(str::len).sum::<usize>();
    let head = length(&mut dump.split_inclusive('\n').take_while(is_outside));
    let rest = &dump[head..];
    let tail = length(&mut rest.split_inclusive('\n').rev().take_while(is_outside));
    &rest[..rest.len() - tail]
}

/// Separates the comment lines above a statement from the statement.
fn after_comments(slice: &str) -> (&str, &str) {
    let mut rest = slice;
    loop {
        let trimmed = rest.trim_start();
        if !trimmed.starts_with("--") {
            return (&slice[..slice.len() - trimmed.len()], trimmed);
        }
        rest = trimmed.find('\n').map_or("", |end| &trimmed[end..]);
    }
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

    const DUMP: &str = r"--
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
    fn cuts_at_statements_and_names_objects() {
        let shown: Vec<String> = entries(&DUMP.into())
            .unwrap()
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
    fn pieces_give_the_same_as_the_whole() {
        let body = "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC\n SELECT 1;\n\n SELECT 2;\n\nEND;\n\n";
        let tail =
            "INSERT INTO t VALUES ('a;\n\n');\nINSERT INTO t VALUES ('b;\nINSERT INTO t');\n\n\n";
        let text = format!("{DUMP}{body}{tail}{DUMP}");
        let text = text.replace("\\restrict abc\n", "").replace("\\unrestrict abc\n", "");
        // The end of the statement before belongs to no comment.
        let plain = |found: Vec<(&str, &str)>| -> Vec<(String, String)> {
            let trimmed = |comments: &str| comments.trim_start_matches([';', '\n']).to_owned();
            found.into_iter().map(|(c, statement)| (trimmed(c), statement.to_owned())).collect()
        };
        let whole = plain(statements_of_piece(&text).unwrap());
        for at in 0..text.len() {
            let to = boundary(&text, at);
            let (Ok(mut one), Ok(other)) =
                (statements_of_piece(&text[..to]), statements_of_piece(&text[to..]))
            else {
                continue;
            };
            one.extend(other);
            assert_eq!(plain(one), whole, "cut at {to}");
        }
        assert_eq!(plain(statements(&text).unwrap()), whole);
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
        let kinds: Vec<_> =
            entries(&dump.into()).unwrap().iter().map(|e| e.object.kind.clone()).collect();
        assert_eq!(kinds, ["FUNCTION", "SETTING", "SETTING", "TABLE", "TABLE DATA"]);
    }
}
