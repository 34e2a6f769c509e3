//! One difference in one property of one object, ready to be told: as a line, as pieces to be coloured,
//! and as data.
//!
//! Pure. `expected` is the history's side, `actual` the other one. Values are whole as data; a line shows
//! the part of a long one where it differs.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::schema::Object;
use crate::schema::compare::excerpt::excerpt;

/// What was compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Context {
    /// The history with the baseline.
    #[default]
    Baseline,
    /// The history with the SQL of the baseline's offline mode.
    Offline,
    /// The history's database with what psql restores from its dump.
    Restored,
    /// What the history and the baseline put on the version table.
    VersionTable,
    /// The whole history with the baseline and the kept revisions on top of it.
    Heads,
    /// What both of these put on the version table.
    HeadsVersionTable,
    /// The catalogs of the history and of the baseline.
    Catalog,
    /// The catalogs of the history and of what psql restores.
    CatalogRestored,
    /// The catalogs at the heads.
    CatalogHeads,
    /// The baseline and the kept revisions in two upgrades with the same in one.
    OneGo,
    /// What both of these put on the version table.
    OneGoVersionTable,
    /// The history in steps with the same in one upgrade.
    HistoryOneGo,
    /// The catalogs of the baseline and the kept revisions.
    CatalogOneGo,
    /// The catalogs of the history.
    CatalogHistoryOneGo,
}

impl Context {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Offline => "offline",
            Self::Restored => "restored by psql",
            Self::VersionTable => "on the version table",
            Self::Heads => "at the heads",
            Self::HeadsVersionTable => "at the heads, on the version table",
            Self::Catalog => "catalog",
            Self::CatalogRestored => "catalog, restored by psql",
            Self::CatalogHeads => "catalog at the heads",
            Self::OneGo => "in one upgrade",
            Self::OneGoVersionTable => "in one upgrade, on the version table",
            Self::HistoryOneGo => "the history in one upgrade",
            Self::CatalogOneGo => "catalog, in one upgrade",
            Self::CatalogHistoryOneGo => "catalog, the history in one upgrade",
        }
    }

    /// The same for what is on the version table.
    #[must_use]
    pub fn on_version_table(self) -> Self {
        match self {
            Self::Heads | Self::HeadsVersionTable => Self::HeadsVersionTable,
            Self::OneGo => Self::OneGoVersionTable,
            _ => Self::VersionTable,
        }
    }

    /// The context whose differences are found again in this one: they are told once.
    pub fn repeats(self) -> Option<Self> {
        match self {
            Self::Offline | Self::Heads => Some(Self::Baseline),
            Self::HeadsVersionTable => Some(Self::VersionTable),
            _ => None,
        }
    }

    /// Whether an upgrade in one go is compared with one in steps.
    pub fn is_one_go(self) -> bool {
        matches!(
            self,
            Self::OneGo
                | Self::OneGoVersionTable
                | Self::HistoryOneGo
                | Self::CatalogOneGo
                | Self::CatalogHistoryOneGo
        )
    }

    /// What a line begins with. What is true of the baseline as it runs needs no word.
    fn prefix(self) -> String {
        match self {
            Self::Baseline => String::new(),
            other => format!("{}: ", other.name()),
        }
    }

    /// What the two sides of a unified diff are called.
    pub fn sides(self) -> (&'static str, &'static str) {
        match self {
            Self::Baseline | Self::Catalog => ("history", "baseline"),
            Self::Offline => ("history", "baseline, offline mode"),
            Self::Restored | Self::CatalogRestored => ("history", "history restored by psql"),
            Self::VersionTable => {
                ("history, on the version table", "baseline, on the version table")
            }
            Self::Heads | Self::CatalogHeads => {
                ("history at the heads", "baseline and kept revisions at the heads")
            }
            Self::OneGo | Self::OneGoVersionTable | Self::CatalogOneGo => (
                "baseline and kept revisions in two upgrades",
                "baseline and kept revisions in one upgrade",
            ),
            Self::HistoryOneGo | Self::CatalogHistoryOneGo => {
                ("history in steps", "history in one upgrade")
            }
            Self::HeadsVersionTable => (
                "history at the heads, on the version table",
                "baseline and kept revisions at the heads, on the version table",
            ),
        }
    }
}

/// How the sentence about a difference ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// `default 0 -> none`
    Value,
    /// `not null -> nullable`: the values say what they are of.
    Bare,
    /// The part is on one side only.
    Absent,
    /// In words of its own.
    Note(String),
}

/// What differs, within an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct What {
    /// The part: `column total`; empty for the object itself.
    pub part: String,
    /// The property: `default`; empty for the part as a whole.
    pub name: String,
    /// The expected value.
    pub expected: Option<String>,
    /// The value on the other side.
    pub actual: Option<String>,
    /// How it is told.
    pub told: Told,
}

impl What {
    /// A part that is on one side only.
    pub fn absent(part: &str, expected: Option<String>, actual: Option<String>) -> Self {
        let (part, name) = (part.to_owned(), String::new());
        Self { part, name, expected, actual, told: Told::Absent }
    }

    /// A difference of the object itself, in words.
    pub fn note(name: &str, note: impl Into<String>) -> Self {
        let (part, name) = (String::new(), name.to_owned());
        Self { part, name, expected: None, actual: None, told: Told::Note(note.into()) }
    }

    /// The property's whole name; `None` where the object is on one side only.
    fn property(&self) -> Option<String> {
        match (self.part.as_str(), self.name.as_str()) {
            ("", "") => None,
            ("", name) | (name, "") => Some(name.to_owned()),
            (part, name) => Some(format!("{part}: {name}")),
        }
    }
}

/// What differs, and in which object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What was compared.
    pub context: Context,
    /// Where the same was found again.
    pub also: Vec<Context>,
    /// The object.
    pub object: Object,
    /// What differs in it.
    pub what: What,
}

/// A side of a comparison: one is shown as taken away, the other as added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What should be.
    Expected,
    /// What is.
    Actual,
}

/// A piece of a line; a value belongs to a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its text.
    pub text: String,
    /// Whose value it is.
    pub side: Option<Side>,
}

impl Change {
    /// The line in pieces.
    pub fn pieces(&self) -> Vec<Piece> {
        self.what.pieces(self.context.prefix() + &self.object.plain())
    }

    /// The line without the object.
    pub fn within(&self) -> String {
        let line: String = self.what.pieces(String::new()).into_iter().map(|p| p.text).collect();
        line.trim_start_matches(": ").trim_start().to_owned()
    }
}

impl What {
    /// The line in pieces, behind its beginning.
    fn pieces(&self, mut line: String) -> Vec<Piece> {
        let what = self;
        let colon = |line: &mut String, text: &str| {
            if !text.is_empty() {
                line.push_str(": ");
                line.push_str(text);
            }
        };
        colon(&mut line, &what.part);
        let plain = |text: String| Piece { text, side: None };
        let of = |text: &str, side| Piece { text: text.to_owned(), side: Some(side) };
        match &what.told {
            Told::Absent => match what.expected {
                Some(_) => vec![plain(line + " is "), of("missing", Side::Expected)],
                None => vec![plain(line + " is "), of("too much", Side::Actual)],
            },
            Told::Note(note) => {
                colon(&mut line, &what.name);
                vec![plain(format!("{line}: {note}"))]
            }
            Told::Value | Told::Bare => {
                let excerpt = excerpt(what.expected.as_deref(), what.actual.as_deref());
                if what.told == Told::Value {
                    colon(&mut line, &what.name);
                }
                let line = match excerpt.line {
                    Some(number) => format!("{line}, line {number}: "),
                    None if what.told == Told::Bare => line + ": ",
                    None => line + " ",
                };
                vec![
                    plain(line),
                    of(&excerpt.expected, Side::Expected),
                    plain(" -> ".to_owned()),
                    of(&excerpt.actual, Side::Actual),
                ]
            }
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces().iter().try_for_each(|piece| f.write_str(&piece.text))
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Change", 7)?;
        fields.serialize_field("context", &self.context.name())?;
        let also: Vec<&str> = self.also.iter().map(|context| context.name()).collect();
        fields.serialize_field("also", &also)?;
        fields.serialize_field("object", &self.object)?;
        fields.serialize_field("property", &self.what.property())?;
        fields.serialize_field("expected", &self.what.expected)?;
        fields.serialize_field("actual", &self.what.actual)?;
        fields.serialize_field("told", &self.to_string())?;
        fields.end()
    }
}
