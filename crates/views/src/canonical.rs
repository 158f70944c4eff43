//! Canonical bytes: what digests are computed over.
//!
//! Every value is written in one way only: integers big-endian of fixed width, texts and lists with their length in
//! front, absence as a 0 byte and presence as a 1 byte before the value. Dense numbers never appear.

mod published;

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementEvent, Condition, ConditionEntry, Conditionality, Description, ExtensionKind,
    Firmness, Line, LineSplits, ReversalReason, ShareMove, Terms, TrancheDraw, YearBasis,
    YearShare,
};
use perennial_domain::classification::{LineDims, Pillar, Split, Vocabulary};
use perennial_domain::event::{Event, Fact};
use perennial_domain::ids::LineId;
use perennial_domain::import::ImportEvent;
use perennial_domain::ledger::{LedgerEvent, LedgerPolicy, Overridable};
use perennial_domain::log::{EventId, Recorded};
use perennial_domain::money::Money;
use perennial_domain::party::{DocRef, ExternalReference, OrgRef};
use perennial_domain::period::Period;
use perennial_domain::pledge::PledgeEvent;
use perennial_domain::requirement::RequirementEvent;
use perennial_domain::rule::Breach;

use crate::day::Day;
use crate::history::Kind;
use crate::posting::{Direction, Posting};

mod calendars;
mod moves;

/// Bytes under construction.
#[derive(Clone, Debug, Default)]
pub struct Canonical(Vec<u8>);

impl Canonical {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Forgets the bytes, keeping their memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// One byte.
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// A number of 64 bits.
    pub fn number(&mut self, number: u64) {
        self.0.extend(number.to_be_bytes());
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    fn len(&mut self, len: usize) {
        self.number(u64::try_from(len).unwrap_or(u64::MAX));
    }

    /// A text with its length in bytes.
    pub fn text(&mut self, text: &str) {
        self.len(text.len());
        self.0.extend(text.as_bytes());
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.byte(0),
            Some(value) => {
                self.byte(1);
                write(self, value);
            }
        }
    }

    fn list<T>(&mut self, values: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.len(values.len());
        for value in values {
            write(self, value);
        }
    }

    fn minor_units(&mut self, minor_units: i128) {
        self.0.extend(minor_units.to_be_bytes());
    }

    fn date(&mut self, date: Date) {
        self.0.extend(Day::of(date).0.to_be_bytes());
    }

    fn period(&mut self, period: Period) {
        self.date(period.starts_on());
        self.date(period.ends_on());
    }

    fn event_id(&mut self, event_id: EventId) {
        self.number(event_id.position.0);
        self.0.extend(event_id.index.to_be_bytes());
    }

    fn money(&mut self, money: Money) {
        self.text(money.currency().code());
        self.minor_units(money.minor_units());
    }

    fn org(&mut self, org: &OrgRef) {
        self.optional(org.id.as_deref(), Self::text);
        self.optional(org.name.as_deref(), Self::text);
        self.optional(org.type_code, |bytes, code| bytes.number(u64::from(code)));
        self.byte(u8::from(org.derived));
    }

    fn external(&mut self, external: &ExternalReference) {
        self.text(&external.system);
        self.text(&external.reference);
    }

    fn document(&mut self, document: &DocRef) {
        self.optional(document.uri.as_deref(), Self::text);
        self.optional(document.sha256, |bytes, hash| bytes.0.extend(hash));
        self.text(&document.title);
    }

    /// A posting whole, its record left out: the digest names it once per record.
    pub fn posting(&mut self, posting: &Posting) {
        self.0.extend(posting.event_id.index.to_be_bytes());
        self.text(&posting.entity.to_string());
        self.optional(posting.line_id.as_ref().map(LineId::as_str), Self::text);
        self.byte(posting.measure.code());
        self.text(posting.currency.code());
        self.minor_units(posting.minor_units);
        self.date(posting.effective_on);
        self.optional(posting.period, Self::period);
        let firmness = firmness_code(posting.firmness);
        let basis = posting.basis.map(|basis| basis_code(basis) | firmness);
        self.optional(basis, Self::byte);
        self.optional(posting.provider.as_ref(), Self::org);
        self.optional(posting.receiver.as_ref(), Self::org);
        if posting.purpose.is_some() || posting.place.is_some() {
            self.byte(2);
            self.optional(posting.purpose.as_ref(), Self::code);
            self.optional(posting.place.as_ref(), Self::code);
        }
        if let Some(concerns) = posting.concerns {
            self.byte(3);
            self.period(concerns);
        }
        if let Some(functional) = posting.functional {
            self.byte(4);
            self.money(functional);
        }
        self.optional(posting.pillar.map(pillar_code), Self::byte);
        self.byte(posting.register.code());
        self.0.extend(posting.entries.to_be_bytes());
    }

    /// An event's line in its stream's list, and the rules that it broke.
    pub fn entry(&mut self, recorded: &Recorded<Event>) {
        self.0.extend(recorded.event_id.index.to_be_bytes());
        self.text(&recorded.event.stream.to_string());
        self.number(recorded.event.revision.0);
        self.byte(Kind::of(&recorded.event.fact).code());
        self.date(recorded.event.effective_on);
        self.optional(recorded.event.external_reference.as_ref(), Self::external);
        self.list(&recorded.event.flags, Self::breach);
        // Later than the rest: absent, it leaves the bytes as they were.
        if !recorded.event.overrides.is_empty() {
            self.list(&recorded.event.overrides, |bytes, permitted| {
                bytes.text(permitted.rule.code());
                bytes.text(&permitted.reason);
                bytes.optional(permitted.approver.as_deref(), Self::text);
            });
        }
        // A list begins with a byte of 0, so this is no list.
        if let Some(concerns) = recorded.event.concerns {
            self.byte(1);
            self.period(concerns);
        }
    }

    fn breach(&mut self, breach: &Breach) {
        self.text(breach.rule.code());
        self.text(&breach.subject);
        self.list(&breach.figures, |bytes, figure| {
            bytes.text(&figure.name);
            bytes.text(&figure.value);
        });
    }

    /// A fact that is kept as history. Facts that are amounts alone write nothing: their postings say all.
    pub fn fact(&mut self, fact: &Fact) {
        match fact {
            Fact::Ledger(event) => self.ledger(event),
            Fact::Import(event) => self.import(event),
            Fact::Pledge(event) => self.pledge(event),
            Fact::Agreement(event) => self.agreement(event),
            Fact::Reference(event) => self.reference(event),
            Fact::Requirement(RequirementEvent::RequirementPublished(asked)) => {
                self.requirement(asked);
            }
            Fact::Calendar(event) => self.calendar(event),
        }
    }

    fn ledger(&mut self, event: &LedgerEvent) {
        match event {
            LedgerEvent::LedgerCreated {
                ledger_id,
                profile,
                policy,
            } => {
                self.text(ledger_id.as_str());
                self.text(profile.name());
                self.ledger_policy(policy);
            }
            LedgerEvent::LedgerPolicyChanged { policy, reason } => {
                self.ledger_policy(policy);
                self.text(reason);
            }
            LedgerEvent::ExceptionAcknowledged {
                exception,
                disposition,
            }
            | LedgerEvent::ExceptionResolved {
                exception,
                disposition,
            } => {
                self.event_id(exception.event_id);
                self.text(exception.rule.code());
                self.text(disposition);
            }
        }
    }

    fn ledger_policy(&mut self, policy: &LedgerPolicy) {
        self.optional(policy.functional_currency, |bytes, currency| {
            bytes.text(currency.code());
        });
        self.text(policy.fiscal_calendar.name());
        self.number(policy.tolerance.absolute_minor);
        self.number(u64::from(policy.tolerance.relative_ppm));
        self.number(u64::from(policy.multi_year_months));
        self.text(&policy.pillar_mapping);
        self.byte(u8::from(policy.keep_refusals));
        if policy.overridable != Overridable::by_default() {
            self.list(&policy.overridable, |bytes, overridable| {
                bytes.text(overridable.rule.code());
                bytes.byte(u8::from(overridable.needs_approver));
            });
        }
        // No list begins so: the length of one is far below.
        if let Some(source) = policy.rate_source {
            self.byte(u8::MAX);
            self.text(source.name());
        }
    }

    fn import(&mut self, event: &ImportEvent) {
        match event {
            ImportEvent::ImportStarted(source) => {
                self.text(&source.dataset);
                self.0.extend(source.file_sha256);
                self.date(source.published_on);
            }
            ImportEvent::ImportCompleted { counts, reasons } => {
                let numbers = [
                    counts.activities,
                    counts.transactions,
                    counts.booked,
                    counts.flagged,
                    counts.refused,
                    counts.unchanged,
                ];
                self.list(&numbers, |bytes, number| bytes.number(*number));
                self.list(reasons, |bytes, reason| {
                    bytes.text(&reason.reason);
                    bytes.number(reason.count);
                    bytes.list(&reason.locators, |bytes, locator| bytes.text(locator));
                });
            }
        }
    }

    fn pledge(&mut self, event: &PledgeEvent) {
        match event {
            PledgeEvent::PledgeAnnounced(announced) => {
                self.byte(Direction::of(announced.perspective).code());
                self.org(&announced.donor);
                self.optional(announced.recipient.as_ref(), Self::org);
                self.money(announced.amount);
                self.optional(announced.forum.as_deref(), Self::text);
                self.optional(announced.intended_period, Self::period);
                self.split(&announced.purposes);
                self.split(&announced.places);
            }
            PledgeEvent::PledgeConverted {
                agreement_id,
                amount,
            } => {
                self.text(agreement_id.as_str());
                self.money(*amount);
            }
            PledgeEvent::PriorPeriodAdjusted(adjusted) => self.adjusted(adjusted),
            PledgeEvent::EntryReversed { target, reason } => self.reversal(*target, *reason),
            PledgeEvent::PledgeRevised { .. }
            | PledgeEvent::PledgeWithdrawn { .. }
            | PledgeEvent::PledgeLapsed { .. } => {}
            PledgeEvent::TagSetReplaced(set) => self.tag_set(set),
        }
    }

    fn reversal(&mut self, target: EventId, reason: ReversalReason) {
        self.event_id(target);
        self.byte(reason_code(reason));
    }

    fn agreement(&mut self, event: &AgreementEvent) {
        match event {
            AgreementEvent::AgreementSigned(terms) => self.terms(terms),
            AgreementEvent::AgreementDescribed(description) => self.description(description),
            AgreementEvent::LineOpened { line } => self.line(line),
            AgreementEvent::PeriodExtended {
                new_ends_on,
                kind,
                moves,
                ..
            } => self.extended(*new_ends_on, *kind, moves),
            AgreementEvent::PeriodShortened { new_ends_on, .. } => self.date(*new_ends_on),
            AgreementEvent::TrancheScheduled {
                tranche_id,
                amount,
                due_on,
                period,
                conditions,
            } => {
                self.text(tranche_id.as_str());
                self.money(*amount);
                self.date(*due_on);
                self.period(*period);
                self.conditions(conditions);
            }
            AgreementEvent::TrancheRescheduled(moved) => {
                self.text(moved.tranche_id.as_str());
                self.date(moved.new_due_on);
                self.period(moved.period);
            }
            AgreementEvent::TrancheCancelled { tranche_id, .. } => self.text(tranche_id.as_str()),
            AgreementEvent::DisbursementMade { draws, .. }
            | AgreementEvent::ReceiptConfirmed { draws, .. } => self.draws(draws),
            AgreementEvent::TrancheConditionMet(entry)
            | AgreementEvent::TrancheConditionWaived(entry) => self.condition(entry),
            AgreementEvent::SplitsReclassified {
                line_id, splits, ..
            } => self.reclassified(line_id, splits),
            AgreementEvent::TagSetReplaced(set) => self.tag_set(set),
            AgreementEvent::EntryReversed { target, reason } => self.reversal(*target, *reason),
            AgreementEvent::PriorPeriodAdjusted(adjusted) => self.adjusted(adjusted),
            AgreementEvent::EntryReplaced { target } => self.event_id(*target),
            AgreementEvent::TermsRevised(revision) => self.revision(revision),
            AgreementEvent::OnwardGrantLinked(link) => self.link(link),
            AgreementEvent::FundsReallocated(reallocated) => self.reallocated(reallocated),
            AgreementEvent::CommitmentIncreased { .. }
            | AgreementEvent::CommitmentDecreased { .. }
            | AgreementEvent::ForecastReplaced { .. }
            | AgreementEvent::ReimbursementMade { .. }
            | AgreementEvent::RefundMade { .. }
            | AgreementEvent::RefundReceived { .. }
            | AgreementEvent::ExpenditureReported { .. }
            | AgreementEvent::ExpenditureReduced { .. }
            | AgreementEvent::AllocationMade(_)
            | AgreementEvent::AllocationReleased(_)
            | AgreementEvent::FundsCarriedOver(_)
            | AgreementEvent::FundsTransferred(_)
            | AgreementEvent::OtherFlowRecorded(_)
            // Their kind and date are in the entry, their amounts in the postings.
            | AgreementEvent::AgreementSuspended { .. }
            | AgreementEvent::AgreementResumed { .. }
            | AgreementEvent::AgreementTerminated(_)
            | AgreementEvent::AgreementCancelled { .. }
            | AgreementEvent::AgreementOperationallyEnded { .. }
            | AgreementEvent::AgreementFinanciallyClosed { .. }
            | AgreementEvent::ReceivableWrittenOff(_)
            | AgreementEvent::ReceivableRecovered(_) => {}
        }
    }

    fn extended(&mut self, new_ends_on: Date, kind: ExtensionKind, moves: &[ShareMove]) {
        self.date(new_ends_on);
        self.byte(extension_code(kind));
        self.list(moves, Self::share_move);
    }

    fn reclassified(&mut self, line_id: &LineId, splits: &LineSplits) {
        self.text(line_id.as_str());
        self.split(&splits.purposes);
        self.split(&splits.places);
        self.optional(splits.pillar.map(pillar_code), Self::byte);
    }

    fn condition(&mut self, entry: &ConditionEntry) {
        self.text(entry.tranche_id.as_str());
        self.text(entry.condition_id.as_str());
    }

    /// Written only where there are any, so that what was written before them stays as it was.
    fn conditions(&mut self, conditions: &[Condition]) {
        if conditions.is_empty() {
            return;
        }
        self.list(conditions, |bytes, condition| {
            bytes.text(condition.condition_id.as_str());
            bytes.text(&condition.text);
        });
    }

    fn draws(&mut self, draws: &[TrancheDraw]) {
        for draw in draws {
            self.text(draw.tranche_id.as_str());
            self.minor_units(draw.minor_units);
        }
    }

    fn terms(&mut self, terms: &Terms) {
        self.byte(Direction::of(terms.perspective).code());
        self.org(&terms.provider);
        self.org(&terms.recipient);
        for date in [terms.signed_on, terms.starts_on, terms.ends_on] {
            self.optional(date, Self::date);
        }
        self.text(terms.currency.code());
        self.byte(conditionality_code(terms.conditionality));
        self.list(&terms.lines, Self::line);
        if let Some(further) = terms.further.as_deref() {
            self.byte(1);
            self.further(further);
        }
    }

    fn line(&mut self, line: &Line) {
        self.text(line.line_id.as_str());
        self.money(line.amount);
        self.optional(line.counterparty.as_ref(), Self::org);
        self.dims(&line.dims);
        self.list(&line.year_shares, Self::share);
    }

    fn share(&mut self, share: &YearShare) {
        self.period(share.period);
        self.minor_units(share.minor_units);
        self.byte(basis_code(share.basis) | firmness_code(share.firmness));
    }

    fn share_move(&mut self, share_move: &ShareMove) {
        self.text(share_move.line_id.as_str());
        self.share(&share_move.share);
    }

    fn dims(&mut self, dims: &LineDims) {
        self.split(&dims.purposes);
        self.split(&dims.places);
        self.optional(dims.pillar.map(pillar_code), Self::byte);
        self.optional(dims.humanitarian.map(u8::from), Self::byte);
        self.optional(dims.budget_heading.as_deref(), Self::text);
        self.list(&dims.own_codes, |bytes, own| {
            bytes.text(&own.scheme);
            bytes.text(&own.code);
        });
    }

    fn split(&mut self, split: &Split) {
        self.list(split.shares(), |bytes, share| {
            bytes.byte(vocabulary_code(share.vocabulary));
            bytes.text(&share.code);
            bytes.number(u64::from(share.share_ppm));
        });
        self.byte(u8::from(split.scaled()));
    }

    fn description(&mut self, description: &Description) {
        self.optional(description.title.as_deref(), Self::text);
        self.optional(description.description.as_deref(), Self::text);
        self.list(&description.identifiers, Self::external);
        self.list(&description.participating, |bytes, participating| {
            bytes.org(&participating.org);
            bytes.byte(participating.role_code);
        });
        self.optional(description.reporting_org.as_ref(), Self::org);
        self.optional(description.published_status, Self::byte);
        self.optional(description.hierarchy, Self::byte);
        self.optional(description.parent.as_deref(), Self::text);
        self.list(&description.documents, Self::document);
    }
}

const fn basis_code(basis: YearBasis) -> u8 {
    match basis {
        YearBasis::Scheduled => 1,
        YearBasis::Budgeted => 2,
        YearBasis::Prorated => 3,
        YearBasis::SigningYear => 4,
    }
}

/// In the upper half of a basis's byte; 0 for what is firm.
const fn firmness_code(firmness: Firmness) -> u8 {
    match firmness {
        Firmness::Firm => 0,
        Firmness::SubjectToAppropriation => 0x10,
        Firmness::Indicative => 0x20,
    }
}

pub(super) const fn conditionality_code(conditionality: Conditionality) -> u8 {
    match conditionality {
        Conditionality::None => 0,
        Conditionality::Restriction => 1,
        Conditionality::Condition => 2,
    }
}

pub(super) const fn vocabulary_code(vocabulary: Vocabulary) -> u8 {
    match vocabulary {
        Vocabulary::DacPurpose => 1,
        Vocabulary::DacCategory => 2,
        Vocabulary::Country => 3,
        Vocabulary::Region => 4,
    }
}

const fn pillar_code(pillar: Pillar) -> u8 {
    match pillar {
        Pillar::Humanitarian => 1,
        Pillar::Development => 2,
        Pillar::Peace => 3,
        Pillar::Unallocable => 4,
    }
}

const fn reason_code(reason: ReversalReason) -> u8 {
    match reason {
        ReversalReason::Error => 1,
        ReversalReason::Replaced => 2,
        ReversalReason::Withdrawn => 3,
        ReversalReason::Returned => 4,
    }
}

const fn extension_code(kind: ExtensionKind) -> u8 {
    match kind {
        ExtensionKind::NoCost => 1,
        ExtensionKind::Cost => 2,
        ExtensionKind::Unknown => 3,
    }
}
