//! Commands that concern two agreements: transfers and their reversals, and links with upstream agreements.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Streamed, Working};
use crate::agreement::decide::onward::{self, Upstream};
use crate::agreement::decide::transfer::{self, Party};
use crate::agreement::decide::{Draft, Drafts, reverse_half};
use crate::agreement::{
    Agreement, AgreementCommand, AgreementEvent, OnwardWish, ReversalReason, TransferWish,
};
use crate::event::{Fact, Stream};
use crate::finding::Context;
use crate::ids::AgreementId;
use crate::log::EventId;

impl Working<'_> {
    /// What a command on an agreement makes that needs another agreement too; nothing if one is enough for it.
    pub(super) fn of_two(
        &self,
        context: Context<'_>,
        (id, command): (&AgreementId, &AgreementCommand),
        effective_on: Date,
    ) -> Option<Streamed> {
        if let AgreementCommand::TransferFunds(wish) = command {
            return Some(self.transfer(context, id, effective_on, wish));
        }
        if let AgreementCommand::LinkOnwardGrant(wish) = command {
            return Some(self.link(context, id, effective_on, wish));
        }
        if let AgreementCommand::ReverseEntry { target, reason } = command {
            let (other, half) = self.agreement(id)?.other_half(*target)?;
            let halves = [(id.clone(), *target), (other, half)];
            return Some(self.reverse_both(context, halves, (effective_on, *reason)));
        }
        None
    }

    fn transfer(
        &self,
        context: Context<'_>,
        id: &AgreementId,
        effective_on: Date,
        wish: &TransferWish,
    ) -> Streamed {
        let party = |id| Party {
            id,
            agreement: self.agreement(id),
        };
        let parties = (party(id), party(&wish.to_agreement_id));
        let (given, received) = transfer::decide(context, parties, effective_on, wish)?;
        Ok(vec![of(id, given), of(&wish.to_agreement_id, received)])
    }

    /// Reverses both halves, or neither. What stands on either refuses it.
    fn reverse_both(
        &self,
        context: Context<'_>,
        halves: [(AgreementId, EventId); 2],
        (effective_on, reason): (Date, ReversalReason),
    ) -> Streamed {
        let mut drafts = Vec::new();
        let mut rejections = Vec::new();
        for (id, target) in halves {
            let Some(agreement) = self.agreement(&id) else {
                continue;
            };
            let half = (target, reason);
            match reverse_half(context, (&id, agreement), effective_on, half) {
                Ok(reversed) => drafts.extend(reversed.into_iter().map(|draft| of(&id, draft))),
                Err(reasons) => rejections.extend(reasons),
            }
        }
        if rejections.is_empty() {
            Ok(drafts)
        } else {
            Err(rejections)
        }
    }

    fn link(
        &self,
        context: Context<'_>,
        id: &AgreementId,
        effective_on: Date,
        wish: &OnwardWish,
    ) -> Streamed {
        let source = &wish.upstream_agreement_id;
        let upstream = Upstream {
            agreement: self.agreement(source),
            linked: self.linked_out_of(source),
            level: self.level(source),
            is_downstream: self.sources(source).contains(id),
        };
        let asked = (id, self.agreement(id));
        let drafts: Drafts<AgreementEvent> =
            onward::decide(context, asked, effective_on, (wish, &upstream));
        let drafts = drafts?.into_iter();
        Ok(drafts.map(|draft| of(id, draft)).collect())
    }

    /// What standing links take out of an agreement, by day, in minor units of its currency.
    fn linked_out_of(&self, upstream: &AgreementId) -> Vec<(Date, i128)> {
        let known = self.book.onward.get(upstream).into_iter().flatten();
        let new = self
            .linked
            .iter()
            .filter(|(source, _)| source == upstream)
            .map(|(_, downstream)| downstream);
        let downstream: BTreeSet<&AgreementId> = known.chain(new).collect();
        let agreements = downstream.into_iter().filter_map(|id| self.agreement(id));
        agreements
            .flat_map(Agreement::onward_links)
            .filter(|(_, _, link)| link.upstream_agreement_id == *upstream)
            .map(|(_, on, link)| (on, link.upstream_minor_units()))
            .collect()
    }

    /// How many agreements the money of one went through: the most of its standing links.
    fn level(&self, id: &AgreementId) -> u32 {
        let agreement = self.agreement(id).into_iter();
        let links = agreement.flat_map(Agreement::onward_links);
        links.map(|(_, _, link)| link.level).max().unwrap_or(0)
    }

    /// Every agreement that the money of one comes out of, however far up.
    fn sources(&self, id: &AgreementId) -> BTreeSet<AgreementId> {
        let mut sources = BTreeSet::new();
        let mut open = vec![id.clone()];
        while let Some(next) = open.pop() {
            let agreement = self.agreement(&next).into_iter();
            for (_, _, link) in agreement.flat_map(Agreement::onward_links) {
                let source = &link.upstream_agreement_id;
                if sources.insert(source.clone()) {
                    open.push(source.clone());
                }
            }
        }
        sources
    }
}

fn of(id: &AgreementId, draft: Draft<AgreementEvent>) -> (Stream, Draft<Fact>) {
    (Stream::Agreement(id.clone()), draft.map(Fact::Agreement))
}
