//! Where things stand in a source: bytes to lines and columns. Pure.

use ruff_text_size::TextRange;

use super::Literal;

/// The line of a place in a source, from 1.
pub fn line_at(source: &str, offset: usize) -> u32 {
    Lines::new(source).position(offset).0
}

/// Where each line begins.
#[derive(Debug)]
pub struct Lines<'a> {
    source: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// The lines of a source, as Python counts them.
    pub fn new(source: &'a str) -> Self {
        let bytes = source.as_bytes();
        // Python ends a line at `\n`, `\r\n` and `\r`.
        let ends = (0..bytes.len()).filter(|at| {
            bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
        });
        let starts = std::iter::once(0).chain(ends.map(|end| end + 1)).collect();
        Self { source, starts }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub fn position(&self, offset: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line.saturating_sub(1)];
        let column = self.source.get(start..offset).map_or(0, |text| text.chars().count()) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    pub(super) fn literal<T>(&self, value: T, range: TextRange) -> Literal<T> {
        let (line, _) = self.position(range.start().into());
        Literal { value, range: range.into(), line }
    }
}
