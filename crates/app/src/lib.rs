//! Use cases of the write side, and the ports that adapters implement.

pub mod ports;
