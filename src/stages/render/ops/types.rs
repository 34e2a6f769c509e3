//! Column types: PostgreSQL's text of a type as SQLAlchemy says it.
//!
//! What SQLAlchemy has no class for, or writes without its schema (`citext`, `hstore`), becomes a `PgType`
//! with the text as it is: the file brings that class along.

use std::collections::HashSet;

use crate::stages::render::ops::layout::Code;
use crate::stages::render::ops::scan::Cursor;
use crate::stages::render::ops::{Ability, Key, say};

/// How seed values of a type are written, so that no driver changes them on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seed {
    /// An `int`.
    Integer,
    /// A `Decimal`.
    Decimal,
    /// `True` or `False`.
    Boolean,
    /// A `str`.
    Text,
    /// A `str` that PostgreSQL itself casts.
    Cast,
}

/// A column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type<'a> {
    /// As a column of a table has it.
    pub code: Code,
    /// As the sequence of a serial column says it: `AS integer`; the default is `bigint`.
    pub serial: Option<&'static str>,
    /// SQLAlchemy makes a single primary key of this type serial by itself.
    pub counts_by_itself: bool,
    /// How its values are written.
    pub seed: Seed,
    /// Its text.
    pub text: &'a str,
}

impl Type<'_> {
    /// As a column of seed rows has it.
    pub fn of_seeds(&self) -> Option<Code> {
        if self.seed == Seed::Cast {
            return Some(written(self.text)?.code);
        }
        Some(self.code.clone())
    }
}

/// What is known about types.
#[derive(Debug, Default)]
pub struct Types<'a> {
    /// The enums that the baseline makes.
    pub enums: HashSet<Key<'a>>,
    /// What the project's SQLAlchemy can.
    pub ability: Ability,
}

impl Types<'_> {
    /// A type, with the collation that a column has besides.
    pub fn of<'a>(&self, text: &'a str, collation: Option<&str>) -> Option<Type<'a>> {
        let Some(collation) = collation else { return self.plain(text) };
        let known = collation.strip_prefix("pg_catalog.\"").and_then(|c| c.strip_suffix('"'));
        let known = known.filter(|name| !name.contains('"'));
        let is_text = text == "text" || text.starts_with("character");
        let (Some(name), true, false) = (known, is_text, text.ends_with("[]")) else {
            let Type { code, .. } = written(&format!("{text} COLLATE {collation}"))?;
            return Some(Type { text, ..other(code) });
        };
        let Type { code, seed, .. } = self.plain(text)?;
        let code = code.with("collation", say::name(name)?);
        Some(Type { seed, text, ..other(code) })
    }

    fn plain<'a>(&self, text: &'a str) -> Option<Type<'a>> {
        self.found(text).map(|found| Type { text, ..found })
    }

    fn found<'a>(&self, text: &'a str) -> Option<Type<'a>> {
        if let Some(item) = text.strip_suffix("[]") {
            return Some(other(Code::call("postgresql.ARRAY", [self.plain(item)?.code])));
        }
        if text.contains(['.', '"']) {
            return self.named(text);
        }
        match arguments(text) {
            Some((base, numbers)) => with_arguments(&base, &numbers),
            None => self.bare(text),
        }
        .map_or_else(|| written(text), Some)
    }

    /// A type in a schema: an enum of ours, or one that only PostgreSQL knows.
    fn named<'a>(&self, text: &'a str) -> Option<Type<'a>> {
        let mut cursor = Cursor::new(text)?;
        let key = cursor.qualified().map(|name| name.key());
        let Some((schema, name)) = key.filter(|key| cursor.at_end() && self.enums.contains(key))
        else {
            return written(text);
        };
        let (Some(schema), Some(name)) = (say::name(&schema), say::name(&name)) else {
            return written(text);
        };
        let code = Code::call("postgresql.ENUM", [])
            .with("name", name)
            .with("schema", schema)
            .with("create_type", Code::boolean(false));
        Some(Type { seed: Seed::Text, ..other(code) })
    }

    fn bare(&self, text: &str) -> Option<Type<'static>> {
        let integer = |name: &'static str, serial| Type {
            serial: Some(serial),
            counts_by_itself: true,
            seed: Seed::Integer,
            ..other(call(name))
        };
        let seeded = |code, seed| Type { seed, ..other(code) };
        let zoned = |name: &'static str| call(name).with("timezone", Code::boolean(true));
        let postgresql = |name: &str| Code::call(format!("postgresql.{name}"), []);
        let found = match text {
            "smallint" => integer("sa.SmallInteger", "smallint"),
            "integer" => integer("sa.Integer", "integer"),
            "bigint" => integer("sa.BigInteger", "bigint"),
            "numeric" => {
                Type { counts_by_itself: true, ..seeded(call("sa.Numeric"), Seed::Decimal) }
            }
            "real" => other(call("sa.REAL")),
            "double precision" => other(postgresql("DOUBLE_PRECISION")),
            "boolean" => seeded(call("sa.Boolean"), Seed::Boolean),
            "text" => seeded(call("sa.Text"), Seed::Text),
            "character varying" => seeded(call("sa.String"), Seed::Text),
            "bytea" => other(call("sa.LargeBinary")),
            "date" => other(call("sa.Date")),
            "time without time zone" => other(call("sa.Time")),
            "time with time zone" => other(zoned("sa.Time")),
            "timestamp without time zone" => other(call("sa.DateTime")),
            "timestamp with time zone" => other(zoned("sa.DateTime")),
            "bit varying" => other(postgresql("BIT").with("varying", Code::boolean(true))),
            "interval" | "uuid" | "json" | "jsonb" | "inet" | "cidr" | "macaddr" | "macaddr8"
            | "money" | "oid" | "regclass" | "tsvector" | "int4range" | "int8range"
            | "numrange" | "daterange" | "tsrange" | "tstzrange" => {
                other(postgresql(&text.to_uppercase()))
            }
            "tsquery" | "int4multirange" | "int8multirange" | "nummultirange"
            | "datemultirange" | "tsmultirange" | "tstzmultirange"
                if self.ability.has(Ability::NEW_TYPES) =>
            {
                other(postgresql(&text.to_uppercase()))
            }
            _ => return interval(text, None),
        };
        Some(found)
    }
}

fn with_arguments(base: &str, numbers: &[&str]) -> Option<Type<'static>> {
    let with = |name: &'static str, keyword| {
        let [number] = numbers else { return None };
        Some(call(name).with(keyword, Code::plain((*number).to_owned())))
    };
    let zoned = |code: Code| {
        if base.ends_with("with time zone") {
            code.with("timezone", Code::boolean(true))
        } else {
            code
        }
    };
    let seeded = |code, seed| Type { seed, ..other(code) };
    let found = match base {
        "numeric" => {
            let [precision, scale] = numbers else { return None };
            let number = |number: &str| Code::plain(number.to_owned());
            let code = call("sa.Numeric").with("precision", number(precision));
            Type {
                counts_by_itself: true,
                ..seeded(code.with("scale", number(scale)), Seed::Decimal)
            }
        }
        "character varying" => seeded(with("sa.String", "length")?, Seed::Text),
        "character" => other(with("sa.CHAR", "length")?),
        "bit" => other(with("postgresql.BIT", "length")?),
        "bit varying" => {
            other(with("postgresql.BIT", "length")?.with("varying", Code::boolean(true)))
        }
        "time with time zone" | "time without time zone" => {
            other(zoned(with("postgresql.TIME", "precision")?))
        }
        "timestamp with time zone" | "timestamp without time zone" => {
            other(zoned(with("postgresql.TIMESTAMP", "precision")?))
        }
        _ => return interval(base, Some(numbers)),
    };
    Some(found)
}

fn call(name: &'static str) -> Code {
    Code::call(name, [])
}

fn other(code: Code) -> Type<'static> {
    Type { code, serial: None, counts_by_itself: false, seed: Seed::Cast, text: "" }
}

/// A type as PostgreSQL writes it.
fn written(text: &str) -> Option<Type<'_>> {
    let name = (!text.contains(['%', '\n'])).then(|| say::value(text))??;
    Some(Type { text, ..other(Code::call("PgType", [name])) })
}

fn interval(base: &str, numbers: Option<&[&str]>) -> Option<Type<'static>> {
    let fields = base.strip_prefix("interval")?.trim_start();
    if !fields.chars().all(|c| c.is_ascii_lowercase() || c == ' ') {
        return None;
    }
    let fields = (!fields.is_empty()).then(|| Code::string(&fields.to_uppercase()));
    let precision = match numbers {
        Some([number]) => Some(Code::plain((*number).to_owned())),
        Some(_) => return None,
        None => None,
    };
    let code = call("postgresql.INTERVAL");
    Some(other(code.with_some("fields", fields).with_some("precision", precision)))
}

/// `timestamp(3) with time zone` as `timestamp with time zone` and `3`.
fn arguments(text: &str) -> Option<(String, Vec<&str>)> {
    let (before, rest) = text.split_once('(')?;
    let (numbers, after) = rest.split_once(')')?;
    Some((format!("{before}{after}"), numbers.split(',').map(str::trim).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str, collation: Option<&str>) -> String {
        let ability = Ability::of(Some("2.1.9"));
        let enums = HashSet::from([("public".into(), "Mood".into())]);
        Types { enums, ability }.of(text, collation).unwrap().code.source(0)
    }

    #[test]
    fn types_as_sqlalchemy_says_them() {
        let all = [
            "integer",
            "character varying(20)",
            "character varying",
            "character(3)",
            "numeric(10,0)",
            "timestamp(3) with time zone",
            "timestamp without time zone",
            "time(0) without time zone",
            "interval",
            "interval(2)",
            "interval day to second(3)",
            "interval year",
            "bit(3)",
            "bit varying(5)",
            "jsonb",
            "uuid",
            "tstzmultirange",
            "text[]",
            "public.\"Mood\"[]",
            "public.citext",
            "\"char\"",
            "point",
        ];
        let shown: Vec<_> = all.iter().map(|text| source(text, None)).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        sa.Integer()
        sa.String(length=20)
        sa.String()
        sa.CHAR(length=3)
        sa.Numeric(precision=10, scale=0)
        postgresql.TIMESTAMP(precision=3, timezone=True)
        sa.DateTime()
        postgresql.TIME(precision=0)
        postgresql.INTERVAL()
        postgresql.INTERVAL(precision=2)
        postgresql.INTERVAL(fields="DAY TO SECOND", precision=3)
        postgresql.INTERVAL(fields="YEAR")
        postgresql.BIT(length=3)
        postgresql.BIT(length=5, varying=True)
        postgresql.JSONB()
        postgresql.UUID()
        postgresql.TSTZMULTIRANGE()
        postgresql.ARRAY(sa.Text())
        postgresql.ARRAY(postgresql.ENUM(name="Mood", schema="public", create_type=False))
        PgType("public.citext")
        PgType('"char"')
        PgType("point")
        "#);
    }

    #[test]
    fn a_collation_is_part_of_the_type() {
        let c = Some("pg_catalog.\"C\"");
        assert_eq!(source("text", c), "sa.Text(collation=\"C\")");
        assert_eq!(source("text[]", c), "PgType('text[] COLLATE pg_catalog.\"C\"')");
        assert_eq!(
            source("public.citext", Some("public.de")),
            "PgType(\"public.citext COLLATE public.de\")"
        );
    }

    #[test]
    fn an_old_sqlalchemy_has_fewer_types() {
        let types = Types::default();
        let code = types.of("int4multirange", None).unwrap().code;
        assert_eq!(code.source(0), "PgType(\"int4multirange\")");
    }
}
