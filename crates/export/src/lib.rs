//! Stable documents (JSON, CSV) made from views.
