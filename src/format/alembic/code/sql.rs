//! What SQL statements do, told from their tokens.
//!
//! PostgreSQL's own scanner, not its parser: the texts of revision files have gaps where values are formatted in. The
//! body of a `DO` runs too, and is looked at; that of a function does not. Pure.

use std::ops::Range;

/// What can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Rows are written or removed.
    Changes,
    /// A value that differs from run to run is written into rows.
    Volatile,
    /// Something that cannot run in a transaction.
    Concurrently,
    /// Tables, columns or schemas are dropped.
    Drops,
    /// The transaction is ended.
    Commits,
    /// A table is made, or gets this name.
    Creates,
}

/// One thing that a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What.
    pub kind: Kind,
    /// In words of the statement (`INSERT INTO room`); of a table that is made, its name as it is written, without
    /// quotes.
    pub what: String,
    /// Bytes of these words in the text.
    pub range: Range<usize>,
}

/// Functions and words whose value differs from run to run.
const VOLATILE: [&str; 13] = [
    "now",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "timeofday",
    "random",
    "gen_random_uuid",
    "gen_random_bytes",
    "gen_salt",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
];
const VOLATILE_WORDS: [&str; 5] =
    ["current_timestamp", "current_date", "current_time", "localtimestamp", "localtime"];

/// The body of a `DO` inside of the body of a `DO` is not looked for for ever.
const DEPTH: u32 = 3;

/// What the statements of a text do.
pub fn facts(sql: &str) -> Vec<Fact> {
    let mut facts = Vec::new();
    read(sql, 0, false, DEPTH, &mut facts);
    facts
}

/// A token; its text in lower case if it is a word.
struct Token {
    word: String,
    range: Range<usize>,
}

fn read(sql: &str, offset: usize, procedural: bool, depth: u32, facts: &mut Vec<Fact>) {
    // A text without any token makes pg_query read from a null pointer: this one always has one.
    let Ok(scanned) = pg_query::scan_tokens(&format!(";{sql}")) else { return };
    let mut tokens = Vec::with_capacity(scanned.len());
    for token in scanned.iter().skip(1) {
        let place = |at: i32| usize::try_from(at).ok()?.checked_sub(1);
        let Some((start, end)) = place(token.start).zip(place(token.end)) else { continue };
        let range = start..end;
        let Some(text) = sql.get(range.clone()) else { continue };
        if text.starts_with("--") || text.starts_with("/*") {
            continue;
        }
        tokens.push(Token { word: text.to_ascii_lowercase(), range });
    }
    let mut rest = tokens.as_slice();
    while !rest.is_empty() {
        let end = end(rest);
        let reading = Reading { sql, offset, tokens: &rest[..end] };
        if procedural {
            // In PL/pgSQL a statement also begins behind these words.
            let begins = |word: &str| matches!(word, "begin" | "then" | "else" | "loop");
            let mut from = 0;
            for (at, token) in rest.iter().enumerate().take(end) {
                if begins(&token.word) {
                    reading.part(from, at).statement(depth, facts);
                    from = at + 1;
                }
            }
            reading.part(from, end).statement(depth, facts);
        } else {
            reading.statement(depth, facts);
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
}

/// How many tokens the first statement has, without its `;`. A body `BEGIN ATOMIC ... END` belongs to its statement.
fn end(tokens: &[Token]) -> usize {
    let mut atomic = false;
    for (at, token) in tokens.iter().enumerate() {
        match token.word.as_str() {
            "atomic" if at > 0 && tokens[at - 1].word == "begin" => atomic = true,
            "end" if tokens.get(at + 1).is_none_or(|next| next.word == ";") => atomic = false,
            ";" if !atomic => return at,
            _ => {}
        }
    }
    tokens.len()
}

/// One statement.
struct Reading<'a> {
    sql: &'a str,
    offset: usize,
    tokens: &'a [Token],
}

impl Reading<'_> {
    fn part(&self, from: usize, to: usize) -> Reading<'_> {
        Reading { sql: self.sql, offset: self.offset, tokens: &self.tokens[from..to] }
    }

    fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.word)
    }

    fn is(&self, at: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(number, word)| self.word(at + number) == *word)
    }

    /// The first place of these words.
    fn find(&self, words: &[&str]) -> Option<usize> {
        (0..self.tokens.len()).find(|at| self.is(*at, words))
    }

    /// A fact that is told by the tokens from one to another, white space made plain.
    fn tell(&self, kind: Kind, from: usize, to: usize, facts: &mut Vec<Fact>) {
        let (Some(first), Some(last)) = (self.tokens.get(from), self.tokens.get(to - 1)) else {
            return;
        };
        let range = first.range.start..last.range.end;
        let text = self.sql.get(range.clone()).unwrap_or_default();
        let what = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // A gap may be several characters long, to keep the text's length.
        let what = what.replace("¤z", "¤");
        let mut letters: Vec<char> = what.chars().collect();
        letters.dedup_by(|a, b| *a == '¤' && *b == '¤');
        let what = letters.into_iter().map(|c| if c == '¤' { '…' } else { c }).collect();
        facts.push(Fact { kind, what, range: range.start + self.offset..range.end + self.offset });
    }

    /// The number of the token behind a name, `a`, `a.b` or `"a"."b"`.
    fn behind_name(&self, at: usize) -> usize {
        let mut at = at + 1;
        while self.word(at) == "." {
            at += 2;
        }
        at.min(self.tokens.len())
    }

    fn statement(&self, depth: u32, facts: &mut Vec<Fact>) {
        match self.word(0) {
            "insert" | "merge" if self.word(1) == "into" => self.change(0, 2, facts),
            "delete" if self.word(1) == "from" => self.change(0, 2, facts),
            "update" if self.find(&["set"]).is_some() => {
                self.change(0, if self.word(1) == "only" { 2 } else { 1 }, facts);
            }
            "copy" if self.find(&["from"]).is_some() => self.change(0, 1, facts),
            "truncate" => self.change(0, if self.word(1) == "table" { 2 } else { 1 }, facts),
            "with" => self.inside(facts),
            "create" => self.create(facts),
            "alter" if self.word(1) == "table" => self.alter(facts),
            "drop" => match self.word(1) {
                "table" | "schema" => {
                    let name = if self.is(2, &["if", "exists"]) { 4 } else { 2 };
                    self.tell(Kind::Drops, 0, self.behind_name(name), facts);
                }
                _ => self.concurrently(facts),
            },
            "reindex" | "refresh" => self.concurrently(facts),
            "commit" => self.tell(Kind::Commits, 0, 1, facts),
            "do" if depth > 0 => self.body(1, true, depth, facts),
            "execute" if depth > 0 => self.body(1, false, depth, facts),
            _ => {}
        }
    }

    /// Reads a text that is run, `DO $$...$$` or `EXECUTE '...'`.
    fn body(&self, from: usize, procedural: bool, depth: u32, facts: &mut Vec<Fact>) {
        for token in self.tokens.iter().skip(from) {
            let text = self.sql.get(token.range.clone()).unwrap_or_default();
            let quotes = match text.as_bytes() {
                [b'\'', ..] => 1,
                [b'$', ..] => text[1..].find('$').map_or(0, |end| end + 2),
                _ => 0,
            };
            if quotes > 0
                && let Some(inner) = text.get(quotes..text.len().saturating_sub(quotes))
            {
                let at = self.offset + token.range.start + quotes;
                read(inner, at, procedural, depth - 1, facts);
                return;
            }
        }
    }

    /// Rows are changed; the table's name is at `name`.
    fn change(&self, from: usize, name: usize, facts: &mut Vec<Fact>) {
        self.tell(Kind::Changes, from, self.behind_name(name), facts);
        // What is only compared with is not kept.
        if matches!(self.word(from), "insert" | "update" | "merge") {
            self.volatile(facts);
        }
    }

    fn volatile(&self, facts: &mut Vec<Fact>) {
        for (at, token) in self.tokens.iter().enumerate() {
            let called = self.word(at + 1) == "(" && VOLATILE.contains(&token.word.as_str());
            if called || VOLATILE_WORDS.contains(&token.word.as_str()) {
                let to = if called && self.word(at + 2) == ")" { at + 3 } else { at + 1 };
                self.tell(Kind::Volatile, at, to, facts);
            }
        }
    }

    /// `WITH moved AS (DELETE FROM ...) INSERT INTO ...`
    fn inside(&self, facts: &mut Vec<Fact>) {
        for at in 1..self.tokens.len() {
            let begins = matches!(self.word(at - 1), "(" | ")");
            let name = match self.word(at) {
                "insert" | "merge" if self.word(at + 1) == "into" => at + 2,
                "delete" if self.word(at + 1) == "from" => at + 2,
                "update" if self.word(self.behind_name(at + 1)) != "of" => at + 1,
                _ => continue,
            };
            if begins {
                self.tell(Kind::Changes, at, self.behind_name(name), facts);
            }
        }
        if facts.iter().any(|fact| fact.kind == Kind::Changes) {
            self.volatile(facts);
        }
    }

    fn create(&self, facts: &mut Vec<Fact>) {
        let mut at = 1;
        while matches!(
            self.word(at),
            "or" | "replace" | "global" | "local" | "unlogged" | "foreign" | "unique"
        ) {
            at += 1;
        }
        match self.word(at) {
            "table" => {
                let name = if self.is(at + 1, &["if", "not", "exists"]) { at + 4 } else { at + 1 };
                self.name(name, facts);
            }
            "index" => self.concurrently(facts),
            // Temporary tables are gone with their session.
            _ => {}
        }
    }

    /// A table gets this name.
    fn name(&self, at: usize, facts: &mut Vec<Fact>) {
        let (Some(first), Some(last)) =
            (self.tokens.get(at), self.tokens.get(self.behind_name(at) - 1))
        else {
            return;
        };
        let range = first.range.start..last.range.end;
        let written = self.sql.get(range.clone()).unwrap_or_default();
        let part = |part: &str| match part.strip_prefix('"') {
            Some(quoted) => quoted.trim_end_matches('"').to_owned(),
            None => part.to_lowercase(),
        };
        let what = written.split('.').map(part).collect::<Vec<_>>().join(".");
        let range = range.start + self.offset..range.end + self.offset;
        facts.push(Fact { kind: Kind::Creates, what, range });
    }

    fn alter(&self, facts: &mut Vec<Fact>) {
        self.concurrently(facts);
        let mut table = 2;
        while matches!(self.word(table), "if" | "exists" | "only") {
            table += 1;
        }
        let from = self.behind_name(table);
        if self.is(from, &["rename", "to"]) {
            self.name(from + 2, facts);
        }
        for at in from..self.tokens.len() {
            let begins = at == from || self.word(at - 1) == ",";
            let kept = ["constraint", "default", "not", "expression", "identity"];
            if self.word(at) != "drop" || !begins || kept.contains(&self.word(at + 1)) {
                continue;
            }
            let mut name = at + 1;
            while matches!(self.word(name), "column" | "if" | "exists") {
                name += 1;
            }
            self.tell(Kind::Drops, at, self.behind_name(name), facts);
        }
    }

    fn concurrently(&self, facts: &mut Vec<Fact>) {
        if let Some(at) = self.find(&["concurrently"]) {
            self.tell(Kind::Concurrently, 0, at + 1, facts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sql: &str) -> String {
        let lines = facts(sql).into_iter().map(|fact| {
            let text = &sql[fact.range.clone()];
            format!("{:?} {} [{}]", fact.kind, fact.what, text.replace('\n', " "))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn rows_are_changed() {
        insta::assert_snapshot!(told(
            "insert into room (id, at) values (1, now()); update only a.\"B\" set x = 1;
             delete from x; truncate table y; copy z (a) from stdin; merge into q using r on true when matched then do nothing;
             with gone as (delete from old returning *) insert into new select *, gen_random_uuid() from gone"
        ), @r#"
        Changes insert into room [insert into room]
        Volatile now() [now()]
        Changes update only a."B" [update only a."B"]
        Changes delete from x [delete from x]
        Changes truncate table y [truncate table y]
        Changes copy z [copy z]
        Changes merge into q [merge into q]
        Changes delete from old [delete from old]
        Changes insert into new [insert into new]
        Volatile gen_random_uuid() [gen_random_uuid()]
        "#);
    }

    #[test]
    fn rows_are_not_changed() {
        for sql in [
            "select now(); select 'insert into x'; -- delete from x",
            "create table x (at timestamptz default now())",
            "create function f() returns int language sql begin atomic insert into x values (1); delete from y; select 1; end",
            "create function f() returns trigger language plpgsql as $$begin insert into log values (1); end$$",
            "create rule r as on insert to v do instead insert into t values (new.*)",
            "delete old rows",
            "update the table",
            "copy x to stdout",
            "grant insert, update, delete on x to y",
            "with q as (select 1 for update of x) select * from q",
        ] {
            let changes = |fact: &Fact| matches!(fact.kind, Kind::Changes | Kind::Volatile);
            assert!(!facts(sql).iter().any(changes), "{sql}: {}", told(sql));
        }
    }

    #[test]
    fn what_a_do_runs() {
        insta::assert_snapshot!(told(
            "do $x$ declare n int; begin if true then insert into a values (1); else delete from b; end if;
             for n in select 1 loop update c set d = random(); end loop;
             execute 'drop table e'; perform f(); create table g (h int); end $x$"
        ), @r"
        Changes insert into a [insert into a]
        Changes delete from b [delete from b]
        Changes update c [update c]
        Volatile random() [random()]
        Drops drop table e [drop table e]
        Creates g [g]
        ");
    }

    #[test]
    fn tables_and_columns() {
        insta::assert_snapshot!(told(
            "create unlogged table if not exists s.\"T\" (a int); create temp table t2 (a int); create table T3 as select 1;
             alter table only a rename to b; alter table a rename column x to y;
             drop table if exists s.c cascade; drop schema d; drop index e; drop view f;
             alter table g add h int, drop i, drop column if exists j, drop constraint k, alter column l drop default;
             alter table m alter n drop not null"
        ), @r#"
        Creates s.T [s."T"]
        Creates t3 [T3]
        Creates b [b]
        Drops drop table if exists s.c [drop table if exists s.c]
        Drops drop schema d [drop schema d]
        Drops drop i [drop i]
        Drops drop column if exists j [drop column if exists j]
        "#);
    }

    #[test]
    fn what_is_out_of_transactions() {
        insta::assert_snapshot!(told(
            "create unique index concurrently i on t (a); drop index concurrently if exists i; reindex table concurrently t;
             refresh materialized view concurrently v; alter table t detach partition p concurrently; commit"
        ), @r"
        Concurrently create unique index concurrently [create unique index concurrently]
        Concurrently drop index concurrently [drop index concurrently]
        Concurrently reindex table concurrently [reindex table concurrently]
        Concurrently refresh materialized view concurrently [refresh materialized view concurrently]
        Concurrently alter table t detach partition p concurrently [alter table t detach partition p concurrently]
        Commits commit [commit]
        ");
    }

    #[test]
    fn text_that_is_no_sql() {
        for sql in [
            "",
            ";;",
            "'open",
            "\0",
            "insert into",
            "drop table",
            "alter table",
            "with",
            "create",
            "create table",
            "¤¤",
            "do $$",
        ] {
            facts(sql);
        }
        assert_eq!(told("insert into ¤ values (¤)"), "Changes insert into … [insert into ¤]");
    }
}
