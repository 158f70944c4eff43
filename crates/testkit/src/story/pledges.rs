//! What is wished for of pledges.

use perennial_domain::agreement::{Perspective, ReversalReason};
use perennial_domain::classification::Split;
use perennial_domain::event::Stream;
use perennial_domain::ids::PledgeId;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeCommand};
use perennial_domain::tag::TagSubject;

use super::Story;
use crate::history::words::org;

impl Story {
    pub(super) fn pledge_wish(&mut self) -> (PledgeId, PledgeCommand) {
        let id = self.pledge_id();
        let unannounced = self
            .book
            .pledge(&id)
            .is_none_or(|pledge| !pledge.is_announced());
        if unannounced && !self.random.one_in(8) {
            let announcement = self.announcement(&id);
            return (id, PledgeCommand::Announce(announcement));
        }
        if self.tags_money && self.random.one_in(6) {
            let id = self.pledge_id();
            let whole = !self.random.one_in(12);
            let subject = if whole {
                TagSubject::Whole
            } else {
                TagSubject::Line(crate::history::words::line("line-1"))
            };
            return (id, PledgeCommand::ReplaceTagSet(self.tag_set(subject)));
        }
        let amount = self.money("EUR");
        let reason = String::new();
        let wish = match self.random.below(11) {
            0..=1 => PledgeCommand::Revise {
                new_amount: amount,
                reason,
            },
            2..=4 => PledgeCommand::Convert {
                agreement_id: self.agreement_id(),
                amount,
            },
            5 => PledgeCommand::Withdraw {
                amount,
                reason,
                published: None,
            },
            6 => PledgeCommand::Lapse { amount, reason },
            7 => PledgeCommand::Announce(self.announcement(&id)),
            _ => PledgeCommand::ReverseEntry {
                target: self.target(&Stream::Pledge(id.clone())),
                reason: *self
                    .random
                    .pick(&[ReversalReason::Error, ReversalReason::Returned]),
            },
        };
        (id, wish)
    }

    fn announcement(&mut self, id: &PledgeId) -> PledgeAnnouncement {
        let incoming = id.as_str() == "pledge-2";
        PledgeAnnouncement {
            perspective: if incoming {
                Perspective::Recipient
            } else {
                Perspective::Provider
            },
            donor: self.party().unwrap_or_else(|| org("XM-DONOR")),
            recipient: self.party(),
            amount: self.money("EUR"),
            forum: None,
            intended_period: None,
            purposes: self.dims().purposes,
            places: Split::default(),
            published: None,
            functional: None,
        }
    }
}
