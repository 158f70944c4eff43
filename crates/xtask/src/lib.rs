//! The project's own tasks: `cargo xtask test`, `ci`, `tidy`, `mutants`, `kafka`, `sim`, `chaos`, `demo`.
//!
//! Nothing here is shipped, and no other crate depends on it. The checks of [`tidy`] are plain functions over the
//! text of the tree and over `cargo metadata`, and run as an ordinary test too, so that `cargo test` alone catches
//! a broken rule.
//!
//! Holds INV-10 (the dependency table of [`tidy::dependencies`]).
//! Read in order: [`workspace`] (what is looked at), [`tidy`] (what must hold), then [`step`], [`suite`] and [`ci`].

pub mod environment;
pub mod workspace;

pub mod tidy;

pub mod step;

pub mod ci;
pub mod kafka;
pub mod mutants;
pub mod simulation;
pub mod suite;

pub mod command_line;
