//! Tracing set-up and error-chain formatting.
