//! What the user makes of the rules: `[audit.rules]` of the configuration, and the flags.

use std::collections::BTreeMap;

use super::rule;
use crate::error::{Explain, Kind};
use crate::history::{Finding, Level, Severity};

/// A choice that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoicesError {
    /// No such rule.
    #[error("there is no rule `{name}`, which [audit.rules] of rebaseline.toml names")]
    Unknown {
        /// The name as written.
        name: String,
        /// Rules that are written much like it.
        near: Vec<&'static str>,
    },
    /// A rule without which there is no sound history.
    #[error(
        "the rule `{name}` cannot be switched off or lowered: without it there is no sound history"
    )]
    Fixed {
        /// The rule.
        name: &'static str,
    },
}

impl Explain for ChoicesError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Unknown { near, .. } if near.is_empty() => {
                "rebaseline audit --list-rules".to_owned()
            }
            Self::Unknown { near, .. } => {
                let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
                format!("is it {}? All of them: rebaseline audit --list-rules", near.join(", "))
            }
            Self::Fixed { name } => format!("rebaseline audit --explain {name}"),
        };
        vec![hint]
    }
}

/// What is told, and as what.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    levels: BTreeMap<&'static str, Level>,
}

impl Choices {
    /// Takes the choices of a configuration.
    ///
    /// # Errors
    /// An unknown rule, or one that must stay.
    pub fn new(written: &BTreeMap<String, Level>) -> Result<Self, ChoicesError> {
        let mut levels = BTreeMap::new();
        for (name, level) in written {
            let Some(rule) = rule::named(name) else {
                let near = rule::near(name);
                return Err(ChoicesError::Unknown { name: name.clone(), near });
            };
            if rule.fixed && *level != Level::Error {
                return Err(ChoicesError::Fixed { name: rule.code });
            }
            levels.insert(rule.code, *level);
        }
        Ok(Self { levels })
    }

    /// Several heads are an error, whatever the configuration says.
    #[must_use]
    pub fn with_single_head(mut self) -> Self {
        self.levels.insert(super::several_heads::RULE.code, Level::Error);
        self
    }

    /// The finding as the user wants it, or none.
    pub fn judge(&self, mut finding: Finding) -> Option<Finding> {
        let Some(level) = self.levels.get(finding.rule) else { return Some(finding) };
        if rule::named(finding.rule).is_some_and(|rule| rule.fixed) {
            return Some(finding);
        }
        finding.severity = match level {
            Level::Off => return None,
            Level::Info => Severity::Info,
            Level::Warning => Severity::Warning,
            Level::Error => Severity::Error,
        };
        Some(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(name: &str, level: Level) -> Result<Choices, ChoicesError> {
        Choices::new(&[(name.to_owned(), level)].into())
    }

    #[test]
    fn rules_are_raised_and_switched_off() {
        let finding = super::super::several_heads::RULE.finding();
        let judged = |level| choices("several-heads", level).unwrap().judge(finding.clone());
        assert_eq!(judged(Level::Off), None);
        assert_eq!(judged(Level::Error).unwrap().severity, Severity::Error);
        assert_eq!(judged(Level::Info).unwrap().severity, Severity::Info);
        let strict = choices("several-heads", Level::Off).unwrap().with_single_head();
        assert_eq!(strict.judge(finding).unwrap().severity, Severity::Error);
    }

    #[test]
    fn what_cannot_be_chosen() {
        let Err(ChoicesError::Unknown { near, .. }) = choices("severel-head", Level::Off) else {
            panic!("it is unknown")
        };
        assert_eq!(near[0], "several-heads");
        assert_eq!(
            choices("cycle", Level::Warning).unwrap_err(),
            ChoicesError::Fixed { name: "cycle" }
        );
        assert!(choices("cycle", Level::Error).is_ok());
    }
}
