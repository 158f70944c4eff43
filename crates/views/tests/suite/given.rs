//! What histories written by hand are made of.

use std::collections::HashMap;
use std::sync::Arc;

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementEvent, CarryingValue, CashEntry, Conditionality, Firmness, Line, LinePart, LineSplits,
    Perspective, Terms, TrancheDraw, YearBasis, YearShare,
};
use perennial_domain::calendar::CalendarEvent;
use perennial_domain::classification::{LineDims, Share, Split, Vocabulary};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::{
    AgreementId, CalendarId, LedgerId, LineId, PlanId, PledgeId, TrancheId,
};
use perennial_domain::ledger::{LedgerEvent, LedgerPolicy};
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt, Revision};
use perennial_domain::money::{Currency, Money};
use perennial_domain::party::OrgRef;
use perennial_domain::period::Period;
use perennial_domain::reference::{
    CodeOrigin, ListVersion, OrganisationMerge, ReferenceEvent, Scheme, SchemeElement,
};
use perennial_domain::requirement::{Ask, Requirement, RequirementEvent};
use perennial_domain::rule::{Breach, Override, Profile};
use perennial_domain::tag::{Tag, TagBasis, TagSet, TagSubject};
use perennial_views::{Applied, Facts, RecordMeta};

pub(crate) const DAY_MICROS: i64 = 86_400_000_000;

pub(crate) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn period(from: &str, to: &str) -> Period {
    Period::new(date(from), date(to)).unwrap()
}

pub(crate) fn money(minor_units: i128, currency: &str) -> Money {
    Money::from_minor(minor_units, Currency::parse(currency).unwrap()).unwrap()
}

pub(crate) fn usd(cents: i128) -> Money {
    money(cents, "USD")
}

pub(crate) fn org(id: &str, name: &str) -> OrgRef {
    OrgRef {
        id: Some(id.into()),
        name: Some(name.into()),
        type_code: None,
        derived: false,
    }
}

pub(crate) fn line_id(text: &str) -> LineId {
    LineId::parse(text).unwrap()
}

pub(crate) fn agreement(text: &str) -> Stream {
    Stream::Agreement(AgreementId::parse(text).unwrap())
}

pub(crate) fn pledge(text: &str) -> Stream {
    Stream::Pledge(PledgeId::parse(text).unwrap())
}

pub(crate) fn event_id(position: u64, index: u32) -> EventId {
    EventId {
        position: Position(position),
        index,
    }
}

pub(crate) fn share(from: &str, to: &str, minor_units: i128, basis: YearBasis) -> YearShare {
    YearShare {
        period: period(from, to),
        minor_units,
        basis,
        firmness: Firmness::Firm,
    }
}

fn split(vocabulary: Vocabulary, shares: &[(&str, u32)]) -> Split {
    let shares = shares
        .iter()
        .map(|&(code, share_ppm)| Share {
            vocabulary,
            code: code.into(),
            share_ppm,
        })
        .collect();
    Split::exact(shares).unwrap()
}

pub(crate) fn dims(purposes: &[(&str, u32)], countries: &[(&str, u32)]) -> LineDims {
    LineDims {
        purposes: split(Vocabulary::DacPurpose, purposes),
        places: split(Vocabulary::Country, countries),
        ..LineDims::default()
    }
}

pub(crate) fn line(id: &str, amount: Money, year_shares: Vec<YearShare>) -> Line {
    Line {
        line_id: line_id(id),
        amount,
        counterparty: None,
        dims: dims(&[("72010", 1_000_000)], &[("SS", 1_000_000)]),
        year_shares,
        functional: None,
    }
}

pub(crate) fn terms(perspective: Perspective, lines: Vec<Line>) -> Terms {
    Terms {
        perspective,
        provider: org("D-1", "Donor One"),
        recipient: org("R-1", "Recipient One"),
        signed_on: Some(date("2020-01-15")),
        starts_on: Some(date("2020-01-01")),
        ends_on: Some(date("2021-12-31")),
        currency: lines[0].amount.currency(),
        conditionality: Conditionality::None,
        further: None,
        lines,
    }
}

pub(crate) fn signed(terms: Terms) -> Fact {
    Fact::Agreement(AgreementEvent::AgreementSigned(terms))
}

pub(crate) fn cash(amount: Money, parts: &[(&str, i128)]) -> CashEntry {
    CashEntry {
        amount,
        parts: parts
            .iter()
            .map(|&(line, minor_units)| LinePart {
                line_id: line_id(line),
                minor_units,
            })
            .collect(),
        payment_id: None,
        provider: None,
        receiver: None,
        value_on: None,
        conversion: None,
        reference: None,
        published: None,
        functional: None,
        modality: None,
    }
}

pub(crate) fn disbursed(minor_units: i128) -> Fact {
    Fact::Agreement(AgreementEvent::DisbursementMade {
        cash: cash(usd(minor_units), &[("line-1", minor_units)]),
        draws: Vec::new(),
    })
}

pub(crate) fn received(minor_units: i128) -> Fact {
    Fact::Agreement(AgreementEvent::ReceiptConfirmed {
        cash: cash(usd(minor_units), &[("line-1", minor_units)]),
        draws: Vec::new(),
        disbursement_id: None,
    })
}

pub(crate) fn increased(minor_units: i128, year_shares: Vec<YearShare>) -> Fact {
    Fact::Agreement(AgreementEvent::CommitmentIncreased {
        line_id: line_id("line-1"),
        amount: usd(minor_units),
        year_shares,
        amendment: None,
        published: None,
        functional: None,
    })
}

pub(crate) fn tranche_id() -> TrancheId {
    TrancheId::parse("tranche-1").unwrap()
}

/// The first tranche is scheduled: due on a day, for a period.
pub(crate) fn scheduled(minor_units: i128, due_on: &str, of: Period) -> Fact {
    Fact::Agreement(AgreementEvent::TrancheScheduled {
        tranche_id: tranche_id(),
        amount: usd(minor_units),
        due_on: date(due_on),
        period: of,
        conditions: Vec::new(),
    })
}

/// A payment of which `drawn` is of the first tranche, due on a day (payments of old stored none) and for a period.
pub(crate) fn paid_of_tranche(
    cash: CashEntry,
    drawn: i128,
    due_on: Option<&str>,
    of: Period,
) -> Fact {
    Fact::Agreement(AgreementEvent::DisbursementMade {
        cash,
        draws: vec![TrancheDraw {
            tranche_id: tranche_id(),
            period: of,
            minor_units: drawn,
            due_on: due_on.map(date),
        }],
    })
}

/// Who submits every record.
pub(crate) const MAKER: &str = "clerk";

/// An event to record: stream, effective date, what happened.
pub(crate) type Wish<'a> = (Stream, &'a str, Fact);

/// A ledger's records, with positions, revisions and times that follow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    pub(crate) records: Vec<(RecordMeta, Vec<Recorded<Event>>)>,
    revisions: HashMap<Stream, u64>,
}

impl Log {
    /// A created ledger: position 0.
    pub(crate) fn created(policy: LedgerPolicy) -> Self {
        let mut log = Self::default();
        log.record(&[(
            Stream::Ledger,
            "2020-01-01",
            Fact::Ledger(LedgerEvent::LedgerCreated {
                ledger_id: LedgerId::parse("test-ledger").unwrap(),
                profile: Profile::Mirror,
                policy,
            }),
        )]);
        log
    }

    pub(crate) fn new() -> Self {
        Self::created(LedgerPolicy::default())
    }

    /// Adds one record of these events, a day after the one before. Returns its position.
    pub(crate) fn record(&mut self, wishes: &[Wish<'_>]) -> u64 {
        self.record_flagged(wishes, &[])
    }

    /// As [`Log::record`]; the first event carries `flags`.
    pub(crate) fn record_flagged(&mut self, wishes: &[Wish<'_>], flags: &[Breach]) -> u64 {
        let position = u64::try_from(self.records.len()).unwrap();
        let recorded_at = RecordedAt(i64::try_from(position).unwrap() * DAY_MICROS);
        let events = (0_u32..)
            .zip(wishes)
            .map(|(index, (stream, effective_on, fact))| {
                let revision = self.revisions.entry(stream.clone()).or_default();
                *revision += 1;
                Recorded {
                    event_id: event_id(position, index),
                    recorded_at,
                    event: Event {
                        stream: stream.clone(),
                        revision: Revision(*revision),
                        effective_on: date(effective_on),
                        external_reference: None,
                        evidence: Vec::new(),
                        overrides: Vec::new(),
                        concerns: None,
                        carrying: Vec::new(),
                        flags: if index == 0 {
                            flags.to_vec()
                        } else {
                            Vec::new()
                        },
                        fact: fact.clone(),
                    },
                }
            })
            .collect();
        let mut record_hash = [0; 32];
        record_hash[..8].copy_from_slice(&position.to_be_bytes());
        let meta = RecordMeta {
            position: Position(position),
            recorded_at,
            record_hash,
        };
        self.records.push((meta, events));
        position
    }

    /// As [`Log::record_flagged`], for one event that only these overrides let pass.
    pub(crate) fn record_overridden(
        &mut self,
        wish: Wish<'_>,
        flags: &[Breach],
        overrides: &[Override],
    ) -> u64 {
        let position = self.record_flagged(&[wish], flags);
        if let Some((_, events)) = self.records.last_mut() {
            events[0].event.overrides = overrides.to_vec();
        }
        position
    }

    /// As [`Log::record`], for one event whose money is carried so.
    pub(crate) fn record_carrying(&mut self, wish: Wish<'_>, carrying: &[CarryingValue]) -> u64 {
        let position = self.record(&[wish]);
        if let Some((_, events)) = self.records.last_mut() {
            events[0].event.carrying = carrying.to_vec();
        }
        position
    }

    /// As [`Log::record`], for events that adjust a closed period.
    pub(crate) fn record_adjusting(&mut self, concerns: Period, wishes: &[Wish<'_>]) -> u64 {
        let position = self.record(wishes);
        if let Some((_, events)) = self.records.last_mut() {
            for recorded in events {
                recorded.event.concerns = Some(concerns);
            }
        }
        position
    }

    pub(crate) fn facts(&self) -> Facts {
        self.facts_of_first(self.records.len())
    }

    /// The facts of the first records alone.
    pub(crate) fn facts_of_first(&self, records: usize) -> Facts {
        let mut facts = Facts::default();
        for (meta, events) in &self.records[..records] {
            assert!(matches!(
                facts.apply_by(*meta, MAKER, events).unwrap(),
                Applied::Now(_)
            ));
        }
        facts
    }
}

pub(crate) fn list(text: &str) -> ListVersion {
    ListVersion::parse(text).unwrap()
}

pub(crate) fn scheme(name: &str, partition: bool, elements: &[(&str, Option<&str>)]) -> Scheme {
    let element = |&(code, parent): &(&str, Option<&str>)| SchemeElement {
        code: code.into(),
        title: format!("Element {code}"),
        parent: parent.map(Into::into),
        verified: code != "2",
    };
    Scheme {
        list: list(name),
        title: format!("Scheme {name}"),
        partition,
        code_origin: CodeOrigin::Official,
        valid_from: None,
        valid_to: None,
        elements: elements.iter().map(element).collect(),
        supersedes: None,
        content_hash: [0; 32],
    }
}

/// It divides money.
pub(crate) fn objectives() -> Scheme {
    let parts = [
        ("1", None),
        ("1.1", Some("1")),
        ("1.2", Some("1")),
        ("2", None),
    ];
    scheme("objectives@2024", true, &parts)
}

/// Its elements overlap.
pub(crate) fn markers() -> Scheme {
    scheme("nwow@2016", false, &[("CO", None), ("MY", None)])
}

pub(crate) fn published_scheme(scheme: Scheme) -> Wish<'static> {
    reference("2019-01-01", ReferenceEvent::SchemePublished(scheme))
}

pub(crate) fn reference(on: &str, event: ReferenceEvent) -> Wish<'_> {
    let stream = Stream::Reference(event.of());
    (stream, on, Fact::Reference(event))
}

pub(crate) fn tag_set(subject: TagSubject, scheme: &str, tags: &[(&str, u32)]) -> TagSet {
    let tag = |&(element, share_ppm): &(&str, u32)| Tag {
        element: element.into(),
        share_ppm,
        basis: TagBasis::Declared,
    };
    TagSet {
        subject,
        list: list(scheme),
        tags: tags.iter().map(tag).collect(),
        reason: String::new(),
    }
}

pub(crate) fn tagged(set: TagSet) -> Fact {
    Fact::Agreement(AgreementEvent::TagSetReplaced(set))
}

pub(crate) fn reclassified(
    line: &str,
    purposes: &[(&str, u32)],
    countries: &[(&str, u32)],
) -> Fact {
    let dims = dims(purposes, countries);
    Fact::Agreement(AgreementEvent::SplitsReclassified {
        line_id: line_id(line),
        splits: LineSplits {
            purposes: dims.purposes,
            places: dims.places,
            pillar: None,
        },
        reason: "amendment".to_owned(),
    })
}

pub(crate) fn merged(merged: &str, surviving: &str) -> ReferenceEvent {
    let named = |id: &str| OrgRef {
        id: Some(id.into()),
        ..OrgRef::default()
    };
    ReferenceEvent::OrganisationMerged(OrganisationMerge {
        merged: named(merged),
        surviving: named(surviving),
        reason: String::new(),
    })
}

pub(crate) fn requirement(version: &str, asks: &[(Option<&str>, &str, &str, i128)]) -> Fact {
    Fact::Requirement(RequirementEvent::RequirementPublished(Requirement {
        version: version.into(),
        title: "A plan".to_owned(),
        perspective: Perspective::Provider,
        list: list("objectives@2024"),
        places: Vec::new(),
        asks: asks
            .iter()
            .map(|&(objective, from, to, cents)| Ask {
                objective: objective.map(Into::into),
                period: period(from, to),
                amount: usd(cents),
            })
            .collect(),
    }))
}

pub(crate) fn plan() -> Stream {
    Stream::Requirement(PlanId::parse("plan-1").unwrap())
}

/// One fact of every kind that is neither money nor about one agreement's terms.
pub(crate) fn registry_facts() -> Vec<Fact> {
    vec![
        reference("2020-01-01", ReferenceEvent::SchemePublished(objectives())).2,
        reference("2020-01-01", merged("D-1", "D-2")).2,
        reclassified("line-1", &[("15220", 1_000_000)], &[]),
        tagged(tag_set(TagSubject::Whole, "objectives@2024", &[("2", 1)])),
        requirement("1", &[(Some("2"), "2020-01-01", "2020-12-31", 1)]),
    ]
}

/// An owned text as ids hold it.
pub(crate) fn text(text: &str) -> Arc<str> {
    text.into()
}

pub(crate) fn calendar_id(text: &str) -> CalendarId {
    CalendarId::parse(text).unwrap()
}

fn of_calendar<'w>(id: &str, on: &'w str, event: CalendarEvent) -> Wish<'w> {
    let stream = Stream::Calendar(calendar_id(id));
    (stream, on, Fact::Calendar(event))
}

/// A period of a published calendar is opened.
pub(crate) fn opened<'w>(id: &str, label: &str, (from, to): (&str, &str)) -> Wish<'w> {
    let event = CalendarEvent::FiscalPeriodOpened {
        label: label.to_owned(),
        period: period(from, to),
        pattern: None,
        gap_reason: None,
    };
    of_calendar(id, "2020-01-01", event)
}

/// The books of a period are closed.
pub(crate) fn closed<'w>(
    id: &str,
    (on, grace_days, closed_from): (&'w str, u32, &str),
    (label, from, to): (&str, &str, &str),
) -> Wish<'w> {
    let event = CalendarEvent::FiscalPeriodClosed {
        label: label.to_owned(),
        period: period(from, to),
        grace_days,
        closed_from: date(closed_from),
    };
    of_calendar(id, on, event)
}

/// The books of a period are open again.
pub(crate) fn reopened<'w>(
    id: &str,
    on: &'w str,
    (label, from, to): (&str, &str, &str),
) -> Wish<'w> {
    let event = CalendarEvent::FiscalPeriodReopened {
        label: label.to_owned(),
        period: period(from, to),
        reason: "late invoices".to_owned(),
        approver: "head-of-finance".to_owned(),
    };
    of_calendar(id, on, event)
}
