//! The archive from outside: what goes in comes out, and what was touched is refused.

#![expect(clippy::unwrap_used, clippy::panic)]

mod damage;
mod hostile;
mod inputs;
mod inventory;
mod manifest;
mod repair;
mod round_trip;
mod support;
