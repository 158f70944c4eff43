//! The client against a scripted service over a real connection.

mod addresses;
mod bulk;
mod errors;
mod scripted;
mod submit;
