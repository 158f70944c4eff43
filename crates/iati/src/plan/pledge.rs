//! Pledges (types 12 and 13): one stream for each that is published; a negative one takes back from them.

use perennial_domain::Date;
use perennial_domain::command::Action;
use perennial_domain::ids::PledgeId;
use perennial_domain::party::OrgRef;
use perennial_domain::period::Period;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeCommand};

use super::agreement::{Term, command, identified};
use super::entry::Entry;
use super::identity::pledge_id;
use super::reason::{Item, Reason};
use super::submission::Step;
use crate::known::{Known, KnownEntry};
use crate::vocabulary::TransactionType;

/// A pledge that a withdrawal can take from.
struct Open {
    pledge_id: PledgeId,
    kind: Option<TransactionType>,
    announced_on: Date,
    outstanding: i128,
    currency: perennial_domain::money::Currency,
}

/// Plans the pledges of one activity. A withdrawal takes from the pledge of its type and currency that was
/// announced last before it and has enough outstanding: one published transaction is one event.
pub(super) fn steps(
    identifier: &str,
    mut entries: Vec<Entry>,
    known: &Known,
    term: Term,
    refused: &mut Vec<Item>,
) -> Vec<Step> {
    entries.sort_by_key(|entry| (entry.on, entry.amount.is_negative()));
    let mut open = open_pledges(identifier, known);
    let mut steps = Vec::new();
    for entry in entries {
        let (on, currency) = (entry.on, entry.amount.currency());
        let noted = !entry.published.notes.is_empty();
        let transaction = Some((entry.locator.clone(), noted));
        if entry.amount.is_positive() {
            let published = &entry.published;
            let pledge_id = pledge_id(identifier, &published.occurrence_key, published.occurrence);
            open.push(Open {
                pledge_id: pledge_id.clone(),
                kind: Some(entry.kind),
                announced_on: on,
                outstanding: entry.amount.minor_units(),
                currency,
            });
            let announce = PledgeCommand::Announce(announcement(entry, term));
            let command = command(on, Action::Pledge(pledge_id, announce));
            let command = identified(command, identifier);
            steps.push(Step {
                command,
                transaction,
            });
            continue;
        }
        let amount = entry.amount.negated();
        let from = open
            .iter_mut()
            .filter(|pledge| pledge.kind == Some(entry.kind) && pledge.currency == currency)
            .filter(|pledge| {
                pledge.announced_on <= on && amount.minor_units() <= pledge.outstanding
            })
            .max_by_key(|pledge| pledge.announced_on);
        let Some(from) = from else {
            let reason = Reason::WithdrawalWithoutPledge;
            refused.push(Item {
                reason,
                locator: entry.locator,
            });
            continue;
        };
        from.outstanding = from.outstanding.saturating_sub(amount.minor_units());
        let withdraw = PledgeCommand::Withdraw {
            amount,
            reason: super::NEGATIVE_PUBLISHED.to_owned(),
            published: Some(entry.published),
        };
        let command = command(on, Action::Pledge(from.pledge_id.clone(), withdraw));
        steps.push(Step {
            command,
            transaction,
        });
    }
    steps
}

fn open_pledges(identifier: &str, known: &Known) -> Vec<Open> {
    let ids = known.streams(identifier).map(|streams| &streams.pledges);
    let pledges = ids
        .into_iter()
        .flatten()
        .filter_map(|id| Some((id, known.pledge(id)?)));
    pledges
        .map(|(id, pledge)| Open {
            pledge_id: id.clone(),
            kind: pledge
                .entries
                .values()
                .next()
                .and_then(KnownEntry::transaction_type),
            announced_on: pledge.announced_on,
            outstanding: pledge.outstanding,
            currency: pledge.currency,
        })
        .collect()
}

fn announcement(entry: Entry, term: Term) -> PledgeAnnouncement {
    let recipient = Some(entry.receiver.clone()).filter(|org| *org != OrgRef::unspecified());
    PledgeAnnouncement {
        perspective: entry.direction().perspective(),
        donor: entry.provider,
        recipient,
        amount: entry.amount,
        forum: None,
        intended_period: term
            .starts_on
            .zip(term.ends_on)
            .and_then(|(starts_on, ends_on)| Period::new(starts_on, ends_on).ok()),
        purposes: entry.dims.purposes,
        places: entry.dims.places,
        published: Some(entry.published),
        functional: None,
    }
}
