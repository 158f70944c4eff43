//! What the application needs from the outside world. Ports stand at real IO only.

pub mod log;
