//! Each view on histories that can be checked by hand.

mod exceptions;
mod moves;
mod pledges;
mod schedule;
mod statements;
mod summaries;
