//! `pledge.proto`: commands to pledges.

use perennial_domain::ids::{AgreementId, PledgeId};
use perennial_domain::pledge::{PledgeAnnouncement, PledgeCommand};

use super::check::Check;
use super::path::Path;
use super::value::SplitOf;
use crate::pb::ledger as pb;

/// A command and the pledge it is for.
pub(super) type Asked = (PledgeId, PledgeCommand);

impl Check<'_> {
    fn pledge_id(&mut self, path: Path<'_>, text: &str) -> Option<PledgeId> {
        self.id(path.field("pledge_id"), text, PledgeId::parse)
    }

    pub(super) fn announce_pledge(
        &mut self,
        path: Path<'_>,
        message: pb::AnnouncePledge,
    ) -> Option<Asked> {
        let pledge_id = self.pledge_id(path, &message.pledge_id);
        let at = path.field("perspective");
        let perspective = self.enumeration::<pb::Perspective>(at, message.perspective);
        let donor = self.required(path.field("donor"), message.donor, Self::organisation);
        let at = path.field("recipient");
        let recipient = self.optional(at, message.recipient, Self::organisation);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        let max = self.limits.name_chars_max;
        let forum = self.text_opt(path.field("forum"), message.forum, max);
        let at = path.field("intended_period");
        let intended_period = self.optional(at, message.intended_period, Self::period);
        let purposes = self.split(path.field("purposes"), message.purposes, SplitOf::Purposes);
        let places = self.split(path.field("places"), message.places, SplitOf::Places);
        let published = self.optional(path.field("published"), message.published, Self::published);
        let at = path.field("functional");
        let functional = self.optional(at, message.functional, Self::functional);
        let announcement = PledgeAnnouncement {
            perspective: perspective?,
            donor: donor?,
            recipient: recipient?,
            amount: amount?,
            forum: forum?,
            intended_period: intended_period?,
            purposes: purposes?,
            places: places?,
            published: published?,
            functional: functional?,
        };
        Some((pledge_id?, PledgeCommand::Announce(announcement)))
    }

    pub(super) fn revise_pledge(
        &mut self,
        path: Path<'_>,
        message: pb::RevisePledge,
    ) -> Option<Asked> {
        let pledge_id = self.pledge_id(path, &message.pledge_id);
        let new_amount =
            self.required(path.field("new_amount"), message.new_amount, Self::positive);
        let reason = self.reason(path, message.reason);
        let command = PledgeCommand::Revise {
            new_amount: new_amount?,
            reason: reason?,
        };
        Some((pledge_id?, command))
    }

    pub(super) fn convert_pledge(
        &mut self,
        path: Path<'_>,
        message: pb::ConvertPledge,
    ) -> Option<Asked> {
        let pledge_id = self.pledge_id(path, &message.pledge_id);
        let at = path.field("agreement_id");
        let agreement_id = self.id(at, &message.agreement_id, AgreementId::parse);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        let command = PledgeCommand::Convert {
            agreement_id: agreement_id?,
            amount: amount?,
        };
        Some((pledge_id?, command))
    }

    pub(super) fn withdraw_pledge(
        &mut self,
        path: Path<'_>,
        message: pb::WithdrawPledge,
    ) -> Option<Asked> {
        let pledge_id = self.pledge_id(path, &message.pledge_id);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        let reason = self.reason(path, message.reason);
        let published = self.optional(path.field("published"), message.published, Self::published);
        let command = PledgeCommand::Withdraw {
            amount: amount?,
            reason: reason?,
            published: published?,
        };
        Some((pledge_id?, command))
    }

    pub(super) fn lapse_pledge(
        &mut self,
        path: Path<'_>,
        message: pb::LapsePledge,
    ) -> Option<Asked> {
        let pledge_id = self.pledge_id(path, &message.pledge_id);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        let reason = self.reason(path, message.reason);
        let command = PledgeCommand::Lapse {
            amount: amount?,
            reason: reason?,
        };
        Some((pledge_id?, command))
    }

    /// A reason in words, which may be empty.
    pub(super) fn reason(&mut self, path: Path<'_>, text: String) -> Option<String> {
        self.text_or_empty(path.field("reason"), text, self.limits.reason_chars_max)
    }
}
