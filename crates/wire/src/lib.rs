//! Generated proto code and the only mapping between proto and domain.
pub mod pb;
