//! The interpreters of a catch-up: one for each target that runs, used again for the next.

use super::Work;
use crate::format::alembic::recipe::recipe;
use crate::run::{Interpreter, RunError};
use crate::stages::catch_up::CatchUpError;

impl Work<'_> {
    /// An interpreter that waits, or a new one. It gives each job a process of its own, so no target meets
    /// what is left of another.
    pub(super) fn interpreter(&self) -> Result<Interpreter, CatchUpError> {
        if let Ok(mut idle) = self.idle.lock()
            && let Some(interpreter) = idle.pop()
        {
            return Ok(interpreter);
        }
        let number = self.started.lock().map_or(0, |mut started| {
            *started += 1;
            *started
        });
        let cannot = |source| CatchUpError::Run { applied: Vec::new(), source: Box::new(source) };
        let folder = self.folder.subfolder(&format!("python-{number}"));
        let folder = folder.map_err(RunError::from).map_err(cannot)?;
        Interpreter::start(recipe(self.settings), &folder).map_err(cannot)
    }

    /// Takes back an interpreter whose job went well.
    pub(super) fn give_back(&self, interpreter: Interpreter) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(interpreter);
        }
    }
}
