//! The writer against a log in memory: what is answered, when, and what stands in the log then.

mod answers;
mod faults;
mod recovery;
mod world;
