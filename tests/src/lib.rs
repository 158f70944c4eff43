//! Starts real services: scenarios, chaos, conformance.
