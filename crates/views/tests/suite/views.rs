//! Each view on histories that can be checked by hand.

mod exceptions;
mod handing;
mod life;
mod maturity;
mod moves;
mod overrides;
mod parties;
mod pledges;
mod schedule;
mod standing;
mod statements;
mod summaries;
