//! The cases, one file per capability.

mod archive;
mod bad_input;
mod bridge;
mod carried;
mod crash;
mod help;
mod inventory;
mod layouts;
mod majors;
mod mutations;
mod ops;
mod partial;
mod per_branch;
mod random;
mod readme;
mod safety;
mod scratch;
mod squash;
mod stamp;
mod volatile;
