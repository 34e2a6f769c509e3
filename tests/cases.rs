//! The cases, one file per capability.

mod archive;
mod crash;
mod help;
mod layouts;
mod squash;
mod stamp;
