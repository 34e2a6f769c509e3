//! The cases, one file per capability.

mod squash;
