//! The statements are put into words while the database server tries them.

use tokio::task::JoinHandle;

use crate::stages::dump::SchemaDump;
use crate::stages::render::{self, Said, Wording};

/// What is being said, beside whatever comes next.
#[must_use]
pub struct Saying(JoinHandle<(Vec<SchemaDump>, Vec<Said>)>);

/// Begins to say what these parts do.
pub fn begin_to_say(parts: Vec<SchemaDump>, wording: Wording) -> Saying {
    Saying(tokio::task::spawn_blocking(move || {
        let said = parts.iter().map(|part| render::say(&part.blocks, wording)).collect();
        (parts, said)
    }))
}

impl Saying {
    /// Waits until all is said: the parts, and what each says.
    pub async fn done(self) -> (Vec<SchemaDump>, Vec<Said>) {
        match self.0.await {
            Ok(said) => said,
            // Nobody cancels it: it panicked, and that is ours to pass on.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}
