//! Each view on histories that can be checked by hand.

mod exceptions;
mod life;
mod moves;
mod pledges;
mod schedule;
mod statements;
mod summaries;
