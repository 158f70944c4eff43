//! The Rust client of the gRPC services.
