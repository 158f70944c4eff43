//! Pledges: public, non-binding intentions, shown beside totals and never in them.

mod command;
mod event;

pub use command::PledgeCommand;
pub use event::{PledgeAnnouncement, PledgeEvent};
