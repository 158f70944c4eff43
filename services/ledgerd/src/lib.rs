//! The write side: decode, authorise, decide, append, answer.
