//! The stages, in the order of the flow: audit, replay, dump, render, prove, swap, catch-up, stamp; and the
//! index of archived revisions and the repair of broken histories, which stand beside it.
//!
//! A stage's output is the next one's input. No stage calls another: only the commands know the order.

pub mod audit;
pub mod catch_up;
pub mod dump;
pub mod health;
pub mod index;
pub mod prove;
pub mod render;
pub mod repair;
pub mod replay;
pub mod stamp;
pub mod swap;
pub mod volatile;
