//! `audit --list-rules` and `audit --explain RULE`.

use serde::Serialize;

use crate::error::{Explain, Kind};
use crate::report::Printable;
use crate::stages::audit::rule::{self, Group, Rule};

/// No such rule.
#[derive(Debug, thiserror::Error)]
#[error("there is no rule `{name}`")]
pub struct UnknownRule {
    name: String,
    near: Vec<&'static str>,
}

impl Explain for UnknownRule {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        let near = self.near.iter().map(|name| format!("rebaseline audit --explain {name}"));
        near.chain(["rebaseline audit --list-rules".to_owned()]).collect()
    }
}

/// Rules, as printed.
#[derive(Debug, Serialize)]
pub struct Rules {
    rules: Vec<Told>,
    #[serde(skip)]
    explained: bool,
}

#[derive(Debug, Serialize)]
struct Told {
    rule: &'static str,
    group: &'static str,
    severity: &'static str,
    /// Whether it can be switched off.
    fixed: bool,
    summary: &'static str,
    why: &'static str,
    mend: &'static str,
}

impl From<&Rule> for Told {
    fn from(rule: &Rule) -> Self {
        let group = match rule.group {
            Group::Structure => "structure",
            Group::Content => "content",
            Group::Database => "database",
        };
        Self {
            rule: rule.code,
            group,
            severity: rule.severity.name(),
            fixed: rule.fixed,
            summary: rule.summary,
            why: rule.why,
            mend: rule.mend,
        }
    }
}

impl Rules {
    /// All rules.
    pub fn all() -> Self {
        Self { rules: rule::ALL.iter().map(|rule| Told::from(*rule)).collect(), explained: false }
    }

    /// One rule.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn named(name: &str) -> Result<Self, UnknownRule> {
        let rule = rule::named(name)
            .ok_or_else(|| UnknownRule { name: name.to_owned(), near: rule::near(name) })?;
        Ok(Self { rules: vec![Told::from(rule)], explained: true })
    }
}

impl Printable for Rules {
    fn text(&self) -> String {
        if self.explained {
            let told = self.rules.iter().map(|rule| {
                let fixed = if rule.fixed { ", cannot be switched off" } else { "" };
                format!(
                    "{} ({}, {}{fixed})\n  finds: {}\n\n{}\n\nHow to mend it: {}",
                    rule.rule, rule.group, rule.severity, rule.summary, rule.why, rule.mend
                )
            });
            return told.collect::<Vec<_>>().join("\n\n");
        }
        let lines = self.rules.iter().map(|rule| {
            let fixed = if rule.fixed { "fixed" } else { "" };
            format!(
                "{:<25} {:<9} {:<7} {fixed:<5} {}",
                rule.rule, rule.group, rule.severity, rule.summary
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
