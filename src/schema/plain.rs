//! The baseline as a plain user: a script for psql, and what psql says of it. Pure.
//!
//! The script runs everything in one transaction that is never committed. A block that a plain user may
//! not run is run once more by the superuser, so that what follows finds its objects, and one run
//! tells every such block. psql names the line of each error: so each block knows its lines. A privilege
//! that cannot be given is only a warning to PostgreSQL; here it counts.

use arcstr::Substr;
use std::ops::Range;

use serde::Serialize;

/// The role that plays the plain user. It never exists outside of the transaction.
pub const USER: &str = "rebaseline_plain_user";

/// Rights that a user lacks: `insufficient_privilege`, and the warnings of GRANT and REVOKE that did
/// nothing (`privilege_not_granted`, `privilege_not_revoked`).
const LACKS: [&str; 3] = ["42501", "01007", "01006"];

/// Whoever puts a table into a tablespace may.
const TABLESPACES: &str = "DO $$ DECLARE it name; BEGIN
  FOR it IN SELECT spcname FROM pg_catalog.pg_tablespace WHERE spcname !~ '^pg_' LOOP
    EXECUTE format('GRANT CREATE ON TABLESPACE %I TO rebaseline_plain_user', it);
  END LOOP;
END $$";

/// Whether a user who is no superuser can run the baseline on a database of his own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlainUser {
    /// All of it.
    Works,
    /// All but this: the titles of the blocks.
    NeedsSuperuser(Vec<String>),
    /// It could not be tried, with the reason.
    NotTried(String),
}

/// A script, and the lines that each block has in it.
#[derive(Debug)]
pub struct Script {
    /// For psql.
    pub text: String,
    lines: Vec<Range<usize>>,
}

/// What stands before the blocks.
#[derive(Debug)]
pub struct Opening<'a> {
    /// The database's name.
    pub database: &'a str,
    /// Roles that are there beforehand: the plain user is a member of each.
    pub roles: &'a [String],
    /// Whether the history makes roles: then whoever runs it may.
    pub creates_roles: bool,
    /// What is there before the baseline runs, made by the plain user.
    pub there: Vec<String>,
    /// Settings for the whole run.
    pub settings: &'a [(&'a str, &'a str)],
}

/// The script. With `retry`, each block that fails is run again by the superuser.
pub fn script<'a>(
    opening: &Opening<'_>,
    blocks: impl IntoIterator<Item = &'a [Substr]>,
    retry: bool,
    quote: fn(&str) -> String,
) -> Script {
    let mut text = String::new();
    let mut line = 1;
    let mut put = |statement: &str, end: &str| {
        text.push_str(statement);
        text.push_str(end);
        line += statement.matches('\n').count() + 1;
        line
    };
    let plain = format!("SET LOCAL SESSION AUTHORIZATION {USER}");
    put("\\set VERBOSITY verbose", "\n");
    put(if retry { "\\set ON_ERROR_STOP off" } else { "\\set ON_ERROR_STOP on" }, "\n");
    put("BEGIN", ";\n");
    let may = if opening.creates_roles { " CREATEROLE" } else { "" };
    put(&format!("CREATE ROLE {USER}{may}"), ";\n");
    for role in opening.roles {
        put(&format!("GRANT {} TO {USER} WITH ADMIN OPTION", quote(role)), ";\n");
    }
    put(&format!("ALTER DATABASE {} OWNER TO {USER}", quote(opening.database)), ";\n");
    put(TABLESPACES, ";\n");
    put(&plain, ";\n");
    for statement in &opening.there {
        put(statement, ";\n");
    }
    for (name, value) in opening.settings {
        put(&format!("SELECT pg_catalog.set_config('{name}', '{value}', true)"), ";\n");
    }
    let mut lines = Vec::new();
    let mut next = put("SELECT 1", ";\n");
    for block in blocks {
        let start = next;
        if retry {
            next = put("SAVEPOINT block", ";\n");
        }
        for statement in block {
            next = put(statement, ";\n");
        }
        lines.push(start..next);
        if retry {
            put("\\if :ERROR", "\n");
            put("ROLLBACK TO SAVEPOINT block", ";\n");
            put("SET LOCAL SESSION AUTHORIZATION DEFAULT", ";\n");
            for statement in block {
                put(statement, ";\n");
            }
            put(&plain, ";\n");
            put("\\endif", "\n");
            next = put("RELEASE SAVEPOINT block", ";\n");
        }
    }
    Script { text, lines }
}

impl Script {
    /// What psql said: the numbers of the blocks that a plain user may not run, or the first error of
    /// another kind.
    pub fn said(&self, stderr: &str) -> Result<Vec<usize>, String> {
        let mut lacking: Vec<usize> = Vec::new();
        for (line, severity, code, message) in stderr.lines().filter_map(told) {
            let block = self.lines.iter().position(|lines| lines.contains(&line));
            // After an error in a block, its other statements are not run.
            let is_follower = code == "25P02" && block.is_some_and(|b| lacking.contains(&b));
            match block {
                Some(block) if LACKS.contains(&code) => {
                    if !lacking.contains(&block) {
                        lacking.push(block);
                    }
                }
                _ if severity != "ERROR" || is_follower => {}
                _ => return Err(message.to_owned()),
            }
        }
        Ok(lacking)
    }
}

/// `psql:FILE:27: ERROR:  42501: permission denied`: the line, the severity (in English, as scratch servers speak),
/// the code and the message.
fn told(line: &str) -> Option<(usize, &str, &str, &str)> {
    let line = line.strip_prefix("psql:")?;
    let (before, rest) = line.split_once(":  ")?;
    let (place, severity) = before.rsplit_once(": ")?;
    let number = place.rsplit_once(':')?.1.parse().ok()?;
    let (code, message) = rest.split_once(": ")?;
    Some((number, severity, code, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::identifier::quote;

    #[test]
    fn a_line_leads_to_its_block() {
        let opening = Opening {
            database: "d",
            roles: &["app".to_owned()],
            creates_roles: true,
            there: vec!["CREATE TABLE v ()".to_owned()],
            settings: &[("search_path", "")],
        };
        let blocks: [Vec<Substr>; 2] =
            [vec!["ONE".into()], vec!["TWO\nTWO".into(), "THREE".into()]];
        let script = script(&opening, blocks.iter().map(Vec::as_slice), true, quote);
        insta::assert_snapshot!(script.text, @r#"
        \set VERBOSITY verbose
        \set ON_ERROR_STOP off
        BEGIN;
        CREATE ROLE rebaseline_plain_user CREATEROLE;
        GRANT "app" TO rebaseline_plain_user WITH ADMIN OPTION;
        ALTER DATABASE "d" OWNER TO rebaseline_plain_user;
        DO $$ DECLARE it name; BEGIN
          FOR it IN SELECT spcname FROM pg_catalog.pg_tablespace WHERE spcname !~ '^pg_' LOOP
            EXECUTE format('GRANT CREATE ON TABLESPACE %I TO rebaseline_plain_user', it);
          END LOOP;
        END $$;
        SET LOCAL SESSION AUTHORIZATION rebaseline_plain_user;
        CREATE TABLE v ();
        SELECT pg_catalog.set_config('search_path', '', true);
        SELECT 1;
        SAVEPOINT block;
        ONE;
        \if :ERROR
        ROLLBACK TO SAVEPOINT block;
        SET LOCAL SESSION AUTHORIZATION DEFAULT;
        ONE;
        SET LOCAL SESSION AUTHORIZATION rebaseline_plain_user;
        \endif
        RELEASE SAVEPOINT block;
        SAVEPOINT block;
        TWO
        TWO;
        THREE;
        \if :ERROR
        ROLLBACK TO SAVEPOINT block;
        SET LOCAL SESSION AUTHORIZATION DEFAULT;
        TWO
        TWO;
        THREE;
        SET LOCAL SESSION AUTHORIZATION rebaseline_plain_user;
        \endif
        RELEASE SAVEPOINT block;
        "#);
        let line = |statement: &str| {
            let before = script.text.split_once(statement).unwrap().0;
            before.matches('\n').count() + 1 + statement.matches('\n').count()
        };
        let told = |statement: &str, code: &str| {
            format!(
                "psql:/a:b/x.sql:{}: ERROR:  {code}: no: never\nLOCATION:  x.c:1\n",
                line(statement)
            )
        };
        let only_told = |statement, code| told(statement, code).replace("ERROR", "NOTICE");
        assert_eq!(script.said(&only_told("ONE;", "42P06")), Ok(vec![]));
        assert_eq!(script.said(&told("ONE;", "01007").replace("ERROR", "WARNING")), Ok(vec![0]));
        let both = told("TWO\nTWO", "42501") + &told("THREE", "25P02");
        assert_eq!(script.said(&both), Ok(vec![1]));
        assert_eq!(script.said(&told("THREE", "42P01")), Err("no: never".to_owned()));
    }
}
