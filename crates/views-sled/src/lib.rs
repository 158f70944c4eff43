//! The ViewStore port on sled.
