//! Pledges: public, non-binding intentions, shown beside totals and never in them.

mod event;

mod command;

pub(crate) mod state;

pub(crate) mod decide;

pub use command::PledgeCommand;
pub use event::{PledgeAnnouncement, PledgeEvent};
pub use state::{Pledge, PledgeBalance, PledgeEntry};
