//! The statements of an object.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use arcstr::Substr;

/// Statements in order, without their final `;`. Copies of the whole are one list in memory: a table may have very
/// many rows, and each stage has them.
#[derive(Clone, Default, Eq)]
pub struct Statements(Arc<Vec<Substr>>);

impl Statements {
    /// A single one.
    pub fn one(statement: impl Into<Substr>) -> Self {
        vec![statement.into()].into()
    }

    /// To change them: a list of its own from here on.
    pub fn to_mut(&mut self) -> &mut Vec<Substr> {
        Arc::make_mut(&mut self.0)
    }

    /// Puts others behind them.
    pub fn extend(&mut self, others: &Self) {
        if self.is_empty() {
            *self = others.clone();
        } else {
            self.to_mut().extend_from_slice(others);
        }
    }

    /// Whether both are one list in memory.
    pub fn is_shared(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Statements {
    type Target = [Substr];

    fn deref(&self) -> &[Substr] {
        &self.0
    }
}

impl PartialEq for Statements {
    fn eq(&self, other: &Self) -> bool {
        self.is_shared(other) || self.0 == other.0
    }
}

impl fmt::Debug for Statements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Vec<Substr>> for Statements {
    fn from(statements: Vec<Substr>) -> Self {
        Self(Arc::new(statements))
    }
}

impl FromIterator<Substr> for Statements {
    fn from_iter<T: IntoIterator<Item = Substr>>(statements: T) -> Self {
        Vec::from_iter(statements).into()
    }
}

impl<'a> IntoIterator for &'a Statements {
    type Item = &'a Substr;
    type IntoIter = std::slice::Iter<'a, Substr>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
