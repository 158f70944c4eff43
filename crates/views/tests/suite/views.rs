//! Each view on histories that can be checked by hand.

mod calendars;
mod exceptions;
mod fiscal_periods;
mod handing;
mod life;
mod maturity;
mod moves;
mod overrides;
mod parties;
mod pledges;
mod restated;
mod schedule;
mod standing;
mod statements;
mod summaries;
