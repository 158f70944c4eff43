//! What a ledger already holds of published activities: folded from its recorded events, read by the planner.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementEvent, CashEntry, Description, ForecastEntry, OtherFlow, Perspective, Published,
    ReversalReason, Terms, YearShare,
};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::{AgreementId, ImportId, LineId, PledgeId};
use perennial_domain::import::{ImportEvent, ImportSource};
use perennial_domain::log::{EventId, Recorded, Revision};
use perennial_domain::money::{Currency, Money};
use perennial_domain::party::OrgRef;
use perennial_domain::pledge::PledgeEvent;

use crate::vocabulary::{Direction, TransactionType};

/// The system of external references that hold IATI identifiers.
pub const IATI_SYSTEM: &str = "iati";

/// What a ledger holds: fold every event of it, in order, with [`Known::apply`].
#[derive(Clone, Debug, Default)]
pub struct Known {
    agreements: HashMap<AgreementId, KnownAgreement>,
    pledges: HashMap<PledgeId, KnownPledge>,
    identifiers: HashMap<Arc<str>, Streams>,
    imports: BTreeMap<ImportId, KnownImport>,
    runs: u64,
    published_on: Option<Date>,
}

/// The streams that one published activity became.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams {
    pub(crate) agreements: BTreeSet<AgreementId>,
    pub(crate) pledges: BTreeSet<PledgeId>,
}

/// An agreement that is in the ledger.
#[derive(Clone, Debug)]
pub(crate) struct KnownAgreement {
    pub(crate) revision: Revision,
    pub(crate) direction: Direction,
    pub(crate) provider: OrgRef,
    pub(crate) recipient: OrgRef,
    pub(crate) starts_on: Option<Date>,
    pub(crate) ends_on: Option<Date>,
    pub(crate) currency: Currency,
    pub(crate) lines: BTreeSet<LineId>,
    pub(crate) entries: BTreeMap<EventId, KnownEntry>,
    pub(crate) description: Option<Description>,
    pub(crate) forecast: Vec<ForecastEntry>,
}

/// A pledge that is in the ledger.
#[derive(Clone, Debug)]
pub(crate) struct KnownPledge {
    pub(crate) revision: Revision,
    pub(crate) outstanding: i128,
    pub(crate) currency: Currency,
    pub(crate) announced_on: Date,
    pub(crate) entries: BTreeMap<EventId, KnownEntry>,
}

/// A published transaction that is booked and stands.
#[derive(Clone, Debug)]
pub(crate) struct KnownEntry {
    pub(crate) published: Published,
    pub(crate) on: Date,
    pub(crate) currency: Currency,
    pub(crate) line_id: Option<LineId>,
    /// For commitments: the signed amount and its shares as recorded (positive).
    pub(crate) commitment: Option<(i128, Vec<YearShare>)>,
    /// For withdrawals of pledges: the amount that comes back if it is reversed.
    pub(crate) withdrawn: i128,
}

impl KnownEntry {
    pub(crate) fn transaction_type(&self) -> Option<TransactionType> {
        TransactionType::parse(&self.published.type_code)
    }
}

#[derive(Clone, Debug)]
struct KnownImport {
    source: ImportSource,
    completed: bool,
}

impl Known {
    /// Takes in one recorded event. Events that no import concerns change only revisions.
    pub fn apply(&mut self, recorded: &Recorded<Event>) {
        let (id, event) = (recorded.event_id, &recorded.event);
        match (&event.stream, &event.fact) {
            (Stream::Agreement(agreement_id), Fact::Agreement(fact)) => {
                self.apply_agreement(agreement_id, id, event, fact);
            }
            (Stream::Pledge(pledge_id), Fact::Pledge(fact)) => {
                self.apply_pledge(pledge_id, id, event, fact);
            }
            (Stream::Import(import_id), Fact::Import(fact)) => self.apply_import(import_id, fact),
            (
                Stream::Ledger
                | Stream::Agreement(_)
                | Stream::Pledge(_)
                | Stream::Import(_)
                | Stream::Reference(_)
                | Stream::Requirement(_)
                | Stream::Calendar(_),
                _,
            ) => {}
        }
    }

    /// The run of this very file that was begun and not ended, with its source as recorded.
    pub fn unfinished(&self, file_sha256: &[u8; 32]) -> Option<(&ImportId, &ImportSource)> {
        self.imports
            .iter()
            .find(|(_, import)| !import.completed && import.source.file_sha256 == *file_sha256)
            .map(|(id, import)| (id, &import.source))
    }

    /// How many runs were begun.
    pub const fn runs(&self) -> u64 {
        self.runs
    }

    /// The latest publication date of any run: a new one may not be earlier.
    pub const fn published_on(&self) -> Option<Date> {
        self.published_on
    }

    pub(crate) fn agreement(&self, id: &AgreementId) -> Option<&KnownAgreement> {
        self.agreements.get(id)
    }

    pub(crate) fn pledge(&self, id: &PledgeId) -> Option<&KnownPledge> {
        self.pledges.get(id)
    }

    pub(crate) fn streams(&self, identifier: &str) -> Option<&Streams> {
        self.identifiers.get(identifier)
    }

    fn name(&mut self, event: &Event) -> Option<&mut Streams> {
        let reference = event.external_reference.as_ref()?;
        (&*reference.system == IATI_SYSTEM).then(|| {
            self.identifiers
                .entry(Arc::clone(&reference.reference))
                .or_default()
        })
    }

    fn apply_agreement(
        &mut self,
        agreement_id: &AgreementId,
        id: EventId,
        event: &Event,
        fact: &AgreementEvent,
    ) {
        if let AgreementEvent::AgreementSigned(terms) = fact {
            if let Some(streams) = self.name(event) {
                streams.agreements.insert(agreement_id.clone());
            }
            let agreement = KnownAgreement::signed(terms, event.revision);
            self.agreements.insert(agreement_id.clone(), agreement);
        } else if let Some(agreement) = self.agreements.get_mut(agreement_id) {
            agreement.revision = event.revision;
            agreement.apply(id, event.effective_on, fact);
        }
    }

    fn apply_pledge(
        &mut self,
        pledge_id: &PledgeId,
        id: EventId,
        event: &Event,
        fact: &PledgeEvent,
    ) {
        if let PledgeEvent::PledgeAnnounced(announcement) = fact {
            if let Some(streams) = self.name(event) {
                streams.pledges.insert(pledge_id.clone());
            }
            let mut pledge = KnownPledge {
                revision: event.revision,
                outstanding: announcement.amount.minor_units(),
                currency: announcement.amount.currency(),
                announced_on: event.effective_on,
                entries: BTreeMap::new(),
            };
            pledge.enter(id, event.effective_on, announcement.published.as_ref(), 0);
            self.pledges.insert(pledge_id.clone(), pledge);
        } else if let Some(pledge) = self.pledges.get_mut(pledge_id) {
            pledge.revision = event.revision;
            pledge.apply(id, event.effective_on, fact);
        }
    }

    fn apply_import(&mut self, import_id: &ImportId, fact: &ImportEvent) {
        match fact {
            ImportEvent::ImportStarted(source) => {
                self.runs = self.runs.saturating_add(1);
                self.published_on = self.published_on.max(Some(source.published_on));
                let import = KnownImport {
                    source: source.clone(),
                    completed: false,
                };
                self.imports.insert(import_id.clone(), import);
            }
            ImportEvent::ImportCompleted { .. } => {
                if let Some(import) = self.imports.get_mut(import_id) {
                    import.completed = true;
                }
            }
        }
    }
}

/// A commitment event, with its sign.
struct Commitment<'a> {
    line_id: &'a LineId,
    minor_units: i128,
    year_shares: &'a [YearShare],
    published: Option<&'a Published>,
}

impl<'a> Commitment<'a> {
    fn of(
        line_id: &'a LineId,
        amount: Money,
        year_shares: &'a [YearShare],
        published: Option<&'a Published>,
    ) -> Self {
        Self {
            line_id,
            minor_units: amount.minor_units(),
            year_shares,
            published,
        }
    }
}

impl KnownAgreement {
    fn signed(terms: &Terms, revision: Revision) -> Self {
        Self {
            revision,
            direction: match terms.perspective {
                Perspective::Provider => Direction::Outgoing,
                Perspective::Recipient => Direction::Incoming,
            },
            provider: terms.provider.clone(),
            recipient: terms.recipient.clone(),
            starts_on: terms.starts_on,
            ends_on: terms.ends_on,
            currency: terms.currency,
            lines: terms
                .lines
                .iter()
                .map(|line| line.line_id.clone())
                .collect(),
            entries: BTreeMap::new(),
            description: None,
            forecast: Vec::new(),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "an import makes no other kind that it would compare with"
    )]
    fn apply(&mut self, id: EventId, on: Date, fact: &AgreementEvent) {
        match fact {
            AgreementEvent::AgreementDescribed(description) => {
                self.description = Some(description.clone());
            }
            AgreementEvent::LineOpened { line } => {
                self.lines.insert(line.line_id.clone());
            }
            AgreementEvent::CommitmentIncreased {
                line_id,
                amount,
                year_shares,
                published,
                ..
            } => {
                let published = published.as_ref();
                let commitment = Commitment::of(line_id, *amount, year_shares, published);
                self.enter_commitment(id, on, &commitment);
            }
            AgreementEvent::CommitmentDecreased {
                line_id,
                amount,
                year_shares,
                published,
                ..
            } => {
                let published = published.as_ref();
                let commitment = Commitment::of(line_id, amount.negated(), year_shares, published);
                self.enter_commitment(id, on, &commitment);
            }
            AgreementEvent::PeriodExtended { new_ends_on, .. }
            | AgreementEvent::PeriodShortened { new_ends_on, .. } => {
                self.ends_on = Some(*new_ends_on);
            }
            AgreementEvent::ForecastReplaced { entries, .. } => self.forecast.clone_from(entries),
            AgreementEvent::DisbursementMade { cash, .. }
            | AgreementEvent::ReimbursementMade { cash }
            | AgreementEvent::RefundMade { cash, .. }
            | AgreementEvent::ReceiptConfirmed { cash, .. }
            | AgreementEvent::RefundReceived { cash, .. }
            | AgreementEvent::ExpenditureReported { cash, .. }
            | AgreementEvent::ExpenditureReduced { cash, .. }
            | AgreementEvent::OtherFlowRecorded(OtherFlow { cash, .. }) => {
                self.enter_cash(id, on, cash);
            }
            // A returned payment was published and stays so; its return is published too.
            AgreementEvent::EntryReversed { target, reason }
                if *reason != ReversalReason::Returned =>
            {
                self.entries.remove(target);
            }
            AgreementEvent::EntryReplaced { target } => {
                self.entries.remove(target);
            }
            // A reclassified line is still found by the sets that were published for it.
            _ => {}
        }
    }

    fn enter_commitment(&mut self, id: EventId, on: Date, commitment: &Commitment<'_>) {
        let Some(published) = commitment.published else {
            return;
        };
        let entry = KnownEntry {
            published: published.clone(),
            on,
            currency: self.currency,
            line_id: Some(commitment.line_id.clone()),
            commitment: Some((commitment.minor_units, commitment.year_shares.to_vec())),
            withdrawn: 0,
        };
        self.entries.insert(id, entry);
    }

    fn enter_cash(&mut self, id: EventId, on: Date, cash: &CashEntry) {
        let Some(published) = &cash.published else {
            return;
        };
        let entry = KnownEntry {
            published: published.clone(),
            on,
            currency: self.currency,
            line_id: cash.parts.first().map(|part| part.line_id.clone()),
            commitment: None,
            withdrawn: 0,
        };
        self.entries.insert(id, entry);
    }
}

impl KnownPledge {
    fn apply(&mut self, id: EventId, on: Date, fact: &PledgeEvent) {
        match fact {
            PledgeEvent::PledgeRevised {
                new_amount,
                previous_amount,
                ..
            } => {
                self.take(previous_amount.minor_units());
                self.outstanding = self.outstanding.saturating_add(new_amount.minor_units());
            }
            PledgeEvent::PledgeConverted { amount, .. }
            | PledgeEvent::PledgeLapsed { amount, .. } => self.take(amount.minor_units()),
            PledgeEvent::PledgeWithdrawn {
                amount, published, ..
            } => {
                self.take(amount.minor_units());
                self.enter(id, on, published.as_ref(), amount.minor_units());
            }
            PledgeEvent::EntryReversed { target, reason } => match reason {
                ReversalReason::Returned => {}
                ReversalReason::Error | ReversalReason::Replaced | ReversalReason::Withdrawn => {
                    if let Some(entry) = self.entries.remove(target) {
                        self.outstanding = self.outstanding.saturating_add(entry.withdrawn);
                    }
                }
            },
            PledgeEvent::PledgeAnnounced(_)
            | PledgeEvent::TagSetReplaced(_)
            | PledgeEvent::PriorPeriodAdjusted(_) => {}
        }
    }

    fn take(&mut self, minor_units: i128) {
        self.outstanding = self.outstanding.saturating_sub(minor_units);
    }

    fn enter(&mut self, id: EventId, on: Date, published: Option<&Published>, withdrawn: i128) {
        let Some(published) = published else { return };
        let entry = KnownEntry {
            published: published.clone(),
            on,
            currency: self.currency,
            line_id: None,
            commitment: None,
            withdrawn,
        };
        self.entries.insert(id, entry);
    }
}

/// The net of what stands committed, in minor units.
pub(crate) fn net_committed(agreement: &KnownAgreement) -> i128 {
    agreement
        .entries
        .values()
        .filter_map(|entry| entry.commitment.as_ref())
        .fold(0, |net, (amount, _)| net.saturating_add(*amount))
}
