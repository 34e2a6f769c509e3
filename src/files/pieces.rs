//! Reads a text that may be larger than what should be in memory.
//!
//! Takes a path and what to do with each piece. A piece is whole characters; what is no UTF-8 is an error of the
//! kind `InvalidData`, as of the standard library.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::files::PathError;

/// How much of a file is read at once, in bytes.
const PIECE: usize = 1 << 18;

/// Reads a file as UTF-8, piece by piece: it may be larger than what should be in memory.
pub fn for_each_piece<E: From<PathError>>(
    path: &Path,
    mut each: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |source| PathError { action: "read", path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::with_capacity(2 * PIECE);
    loop {
        let read = (&mut file).take(PIECE as u64).read_to_end(&mut bytes).map_err(failed)?;
        let (text, length) = match std::str::from_utf8(&bytes) {
            Ok(text) => (text, bytes.len()),
            // A character may go on in the next piece.
            Err(error) if error.error_len().is_none() && read > 0 => {
                let length = error.valid_up_to();
                (std::str::from_utf8(&bytes[..length]).unwrap_or_default(), length)
            }
            Err(error) => {
                return Err(failed(io::Error::new(io::ErrorKind::InvalidData, error)).into());
            }
        };
        each(text)?;
        bytes.drain(..length);
        if read == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{write_scratch, write_scratch_pieces};

    #[test]
    fn a_file_is_read_in_pieces_of_whole_characters() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.txt");
        let read = || {
            let mut pieces = Vec::new();
            for_each_piece(&path, |piece| {
                pieces.push(piece.to_owned());
                Ok::<_, PathError>(())
            })
            .map(|()| pieces)
        };
        let text = format!("{}é{}🥗", "a".repeat(PIECE - 1), "b".repeat(PIECE - 3));
        write_scratch_pieces(&path, [&text[..7], &text[7..]]).unwrap();
        let pieces = read().unwrap();
        assert_eq!(pieces.concat(), text);
        assert!(pieces.len() > 2);
        // Half of a character at the end, and no character at all.
        write_scratch(&path, &text.as_bytes()[..text.len() - 1]).unwrap();
        assert_eq!(read().unwrap_err().source.kind(), io::ErrorKind::InvalidData);
        write_scratch(&path, b"a\xffb").unwrap();
        assert_eq!(read().unwrap_err().source.kind(), io::ErrorKind::InvalidData);
    }
}
