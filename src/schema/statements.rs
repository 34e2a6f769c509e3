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

/// Statements as they come. What is equal in another list becomes one text with it, and all of them one list with it if
/// all are.
#[derive(Debug, Default)]
pub struct Coming<'a> {
    /// The other list.
    twin: Option<&'a Statements>,
    /// How many have been the same from the first one on.
    same: usize,
    /// A list of its own, from the first one on that is another.
    own: Option<Vec<Substr>>,
}

impl<'a> Coming<'a> {
    /// None yet; `twin` is the other list.
    pub fn like(twin: Option<&'a Statements>) -> Self {
        Self { twin, ..Self::default() }
    }

    /// The next one. What has no equal stays as it is, or becomes a copy, so that the text it was read from can go.
    pub fn push(&mut self, statement: Substr, is_copied: bool) {
        let twin = self.twin.map_or(&[][..], |twin| twin);
        let number = self.own.as_ref().map_or(self.same, Vec::len);
        let equal = twin.get(number).filter(|twin| **twin == statement);
        if self.own.is_none() && equal.is_some() {
            self.same += 1;
            return;
        }
        let own = self.own.get_or_insert_with(|| twin[..self.same].to_vec());
        own.push(match equal {
            Some(twin) => twin.clone(),
            None if is_copied => Substr::from(statement.as_str()),
            None => statement,
        });
    }

    /// All that came.
    pub fn end(self) -> Statements {
        match (self.own, self.twin) {
            (Some(mut own), _) => {
                own.shrink_to_fit();
                own.into()
            }
            (None, Some(twin)) if twin.len() == self.same => twin.clone(),
            (None, twin) => twin.map_or(&[][..], |twin| &twin[..self.same]).to_vec().into(),
        }
    }
}
