//! Rules evaluated at (P, E): what is broken now, whether or not an event was flagged (SEMANTICS.md 2).
//!
//! A rule that can be evaluated has one row in `RULES`: that is all it takes for `exceptions` to say of each flag
//! whether it stands, and to list what stands. Rules about one command alone (dates, splits, digits, evidence) have
//! none: what they broke is recorded for ever.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use perennial_domain::Date;
use perennial_domain::agreement::Status;
use perennial_domain::event::Stream;
use perennial_domain::log::EventId;
use perennial_domain::money::{Currency, sum_text};
use perennial_domain::rule::{Breach, Rule};

use crate::day::Day;
use crate::dictionary::EntityNo;
use crate::exception::{Exception, Finding};
use crate::history::{EntityHistory, Entry, Head, Kind};
use crate::lens::Lens;
use crate::posting::{Direction, Measure};
use crate::view::agreement::linked_onward;
use crate::view::balances::{self, Balances};
use crate::view::reallocations;

/// Evaluates one rule; the breach with the figures of (P, E), if it is broken.
type Evaluate = fn(&Subject<'_>) -> Option<Breach>;

/// Every rule that can be evaluated at (P, E), ascending.
const RULES: &[(Rule, Evaluate)] = &[
    (Rule::WithinCommitment, within_commitment),
    (Rule::NotAfterEnd, not_after_end),
    (Rule::CommitmentAboveDisbursed, commitment_above_disbursed),
    (Rule::DisbursedNotNegative, disbursed_not_negative),
    (Rule::AllocationWithinParked, allocation_within_parked),
    (
        Rule::ScheduledWithinUndisbursed,
        scheduled_within_undisbursed,
    ),
    (Rule::ReallocationWithinPolicy, reallocation_within_policy),
    (Rule::NotWhileSuspended, not_while_suspended),
    (Rule::ConditionsMet, conditions_met),
    (Rule::RefundWithinDisbursed, refund_within_disbursed),
    (Rule::OnwardWithinReceived, onward_within_received),
    (Rule::ExpenditureWithinReceived, expenditure_within_received),
];

/// Whether a rule can be evaluated at (P, E).
pub fn can_stand(rule: Rule) -> bool {
    RULES.iter().any(|(evaluated, _)| *evaluated == rule)
}

/// What a rule is evaluated on: an agreement, or one line of it.
pub struct Subject<'a> {
    lens: &'a Lens<'a>,
    entity: EntityNo,
    history: &'a EntityHistory,
    head: Head,
    line: Option<String>,
    /// The one entry that is asked about; without it, any entry counts.
    entry: Option<EventId>,
    balances: OnceCell<Balances>,
}

impl<'a> Subject<'a> {
    /// The agreement; nothing for other streams.
    pub fn of(lens: &'a Lens<'a>, entity: EntityNo) -> Option<Self> {
        let stream = lens.facts.dictionary().entities.get(entity.index())?;
        if !matches!(stream, Stream::Agreement(_)) {
            return None;
        }
        let history = lens.facts.histories().entity(entity)?;
        Some(Self {
            lens,
            entity,
            history,
            head: history.head?,
            line: None,
            entry: None,
            balances: OnceCell::new(),
        })
    }

    /// With balances that are known already.
    #[must_use]
    pub fn with_balances(self, balances: Balances) -> Self {
        Self {
            balances: OnceCell::from(balances),
            ..self
        }
    }

    /// What an earlier flag was about: its line, and its event.
    #[must_use]
    pub fn of_flag(self, event_id: EventId, subject: &str) -> Self {
        let line = subject
            .strip_prefix(&self.stream())
            .and_then(|rest| rest.strip_prefix('/'))
            .map(str::to_owned);
        Self {
            line,
            entry: Some(event_id),
            ..self
        }
    }

    /// Its money's direction.
    pub const fn direction(&self) -> Direction {
        self.head.direction
    }

    /// Its currency.
    pub const fn currency(&self) -> Currency {
        self.head.currency
    }

    /// Its balances at (P, E).
    pub fn balances(&self) -> &Balances {
        self.balances.get_or_init(|| match &self.line {
            None => balances::of_entity(self.lens, self.entity),
            Some(line) => balances::of_line(self.lens, self.entity, line),
        })
    }

    /// The breach of a rule at (P, E), if it is broken; nothing for a rule that cannot be evaluated.
    pub fn breach(&self, rule: Rule) -> Option<Breach> {
        let known = RULES.iter().find(|(evaluated, _)| *evaluated == rule);
        known.and_then(|(_, evaluate)| evaluate(self))
    }

    /// Every breach at (P, E), ascending by rule, of the rules that `wanted` lets pass.
    pub fn breaches(&self, wanted: impl Fn(Rule) -> bool) -> Vec<Breach> {
        let rules = RULES.iter().filter(|(rule, _)| wanted(*rule));
        rules.filter_map(|(_, evaluate)| evaluate(self)).collect()
    }

    /// The flags of a rule that its events carry at (P, E), in order of recording.
    pub fn flags(&self, rule: Rule) -> impl Iterator<Item = &'a Exception> {
        let (at, cut) = (self.lens.at, self.cut());
        let facts = self.lens.facts;
        let streams = self.flagged_in(rule).into_iter();
        let exceptions = streams.flat_map(|entity| facts.exceptions_of(entity));
        // A downstream agreement may be linked with others too: its flags name which one they are about.
        let about = (rule == Rule::OnwardWithinReceived).then(|| self.stream());
        exceptions.filter(move |exception| {
            let Finding::Breach(breach) = &exception.finding else {
                return false;
            };
            let is_about = about.as_ref().is_none_or(|about| *about == breach.subject);
            exception.event_id.position <= at
                && cut.is_none_or(|cut| exception.effective <= cut)
                && breach.rule == rule
                && is_about
        })
    }

    /// The streams whose events carry a rule's flags: its own, or those of what is linked with it.
    fn flagged_in(&self, rule: Rule) -> Vec<EntityNo> {
        let stream = self
            .lens
            .facts
            .dictionary()
            .entities
            .get(self.entity.index());
        match stream {
            Some(Stream::Agreement(id)) if rule == Rule::OnwardWithinReceived => {
                self.lens.facts.histories().ever_linked(id).to_vec()
            }
            _ => vec![self.entity],
        }
    }

    fn cut(&self) -> Option<Day> {
        self.lens.effective().map(Day::of)
    }

    fn stream(&self) -> String {
        let entities = &self.lens.facts.dictionary().entities;
        let stream = entities.get(self.entity.index());
        stream.map(ToString::to_string).unwrap_or_default()
    }

    fn text(&self, minor_units: i128) -> String {
        sum_text(minor_units, self.head.currency)
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "every rule ends in it, and answers with a breach or none"
    )]
    fn breaks(&self, rule: Rule, figures: &[(&str, &dyn std::fmt::Display)]) -> Option<Breach> {
        let stream = self.stream();
        let subject = match &self.line {
            None => stream,
            Some(line) => format!("{stream}/{line}"),
        };
        Some(Breach::new(rule, subject, figures))
    }

    fn paid(&self) -> i128 {
        self.balances().paid(self.head.direction)
    }

    /// Entries of these kinds at (P, E) that no reversal took out.
    fn standing(&self, kinds: &'static [Kind]) -> Vec<Entry> {
        let mut entries = self.all_standing(kinds);
        entries.retain(|entry| self.entry.is_none_or(|asked| asked == entry.event_id));
        entries
    }

    /// As [`Self::standing`], whichever entry is asked about.
    fn all_standing(&self, kinds: &'static [Kind]) -> Vec<Entry> {
        let reversed = self
            .history
            .reversed_at(self.lens.at, self.lens.effective());
        let cut = self.cut();
        let known = self
            .history
            .entries
            .iter()
            .take_while(|entry| entry.event_id.position <= self.lens.at);
        known
            .filter(|entry| {
                kinds.contains(&entry.kind)
                    && cut.is_none_or(|cut| entry.effective <= cut)
                    && !reversed.contains(&entry.event_id)
            })
            .collect()
    }
}

const fn paid_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Outgoing => "disbursed",
        Direction::Incoming => "received",
    }
}

/// R10, with the tolerance of the policy as known at P and in force at E. Where nothing was paid nothing exceeds, also
/// if more was given up than was ever committed.
fn within_commitment(subject: &Subject<'_>) -> Option<Breach> {
    let (committed, paid) = (subject.balances().committed(), subject.paid());
    let lens = subject.lens;
    let policy = lens.facts.policy_at(lens.at, lens.effective());
    let tolerance = policy.map(|policy| policy.tolerance).unwrap_or_default();
    let limit = tolerance.limit(committed);
    if paid <= limit || paid == 0 {
        return None;
    }
    subject.breaks(
        Rule::WithinCommitment,
        &[
            ("limit", &subject.text(limit)),
            (paid_name(subject.direction()), &subject.text(paid)),
            ("committed", &subject.text(committed)),
            ("commitment_entries", &subject.balances().commitment_entries),
        ],
    )
}

/// What a provider pays with.
const PAYMENTS: &[Kind] = &[Kind::DisbursementMade, Kind::ReimbursementMade];

/// R12: a provider's payment lies after the last day as it is then.
fn not_after_end(subject: &Subject<'_>) -> Option<Breach> {
    let (at, effective) = (subject.lens.at, subject.lens.effective());
    let ends_on = subject.history.agreement_at(at, effective)?.ends_on?;
    let payments = subject.standing(PAYMENTS);
    let late: Vec<Date> = payments
        .iter()
        .map(|entry| entry.effective.date())
        .filter(|&on| ends_on < on)
        .collect();
    let last = late.iter().max()?;
    subject.breaks(
        Rule::NotAfterEnd,
        &[
            ("ends_on", &ends_on),
            ("last_payment_on", last),
            ("payments", &late.len()),
        ],
    )
}

/// R13 (no tolerance, ADR-0005): less is committed than is paid, and a decrease was flagged for it; what payments
/// alone exceed is R10.
fn commitment_above_disbursed(subject: &Subject<'_>) -> Option<Breach> {
    let rule = Rule::CommitmentAboveDisbursed;
    let (committed, paid) = (subject.balances().committed(), subject.paid());
    if paid <= committed || subject.flags(rule).next().is_none() {
        return None;
    }
    subject.breaks(
        rule,
        &[
            ("committed", &subject.text(committed)),
            (paid_name(subject.direction()), &subject.text(paid)),
        ],
    )
}

/// R14.
fn disbursed_not_negative(subject: &Subject<'_>) -> Option<Breach> {
    let paid = subject.paid();
    if 0 <= paid {
        return None;
    }
    subject.breaks(
        Rule::DisbursedNotNegative,
        &[(paid_name(subject.direction()), &subject.text(paid))],
    )
}

/// R16: more is allocated than is committed.
fn allocation_within_parked(subject: &Subject<'_>) -> Option<Breach> {
    let (committed, allocated) = (
        subject.balances().committed(),
        subject.balances().of(Measure::Allocated),
    );
    if allocated <= 0 || allocated <= committed {
        return None;
    }
    subject.breaks(
        Rule::AllocationWithinParked,
        &[
            ("committed", &subject.text(committed)),
            ("allocated", &subject.text(allocated)),
        ],
    )
}

/// R17: needs an open portion (ADR-0005).
fn scheduled_within_undisbursed(subject: &Subject<'_>) -> Option<Breach> {
    let scheduled = subject.balances().scheduled();
    let undisbursed = subject.balances().undisbursed(subject.direction());
    if scheduled <= 0 || scheduled <= undisbursed {
        return None;
    }
    subject.breaks(
        Rule::ScheduledWithinUndisbursed,
        &[
            ("scheduled", &subject.text(scheduled)),
            ("undisbursed", &subject.text(undisbursed)),
        ],
    )
}

/// R18: a flagged move that still exceeds. By limit it names its heading; a forbidden move or a new heading is broken as
/// long as the entry stands. The figures are those of then.
fn reallocation_within_policy(subject: &Subject<'_>) -> Option<Breach> {
    let asked = |flag: &&Exception| subject.entry.is_none_or(|asked| asked == flag.event_id);
    let mut flags = subject
        .flags(Rule::ReallocationWithinPolicy)
        .filter(asked)
        .filter_map(|flag| match &flag.finding {
            Finding::Breach(breach) => Some((flag, breach)),
            Finding::Remark(_) => None,
        });
    let (_, breach) = flags.find(|(flag, breach)| {
        let figure = |name: &str| breach.figures.iter().find(|figure| figure.name == name);
        let heading = figure("limit").and_then(|_| figure("heading"));
        let heading = heading.map(|heading| heading.value.as_str());
        let stands = reallocations::stands(subject.lens, subject.entity, flag.event_id, heading);
        stands == Some(true)
    })?;
    Some(breach.as_ref().clone())
}

/// R19: a provider's payment lies in a time of suspension, or after the day on which the agreement was terminated,
/// cancelled or closed, as it is told then. A suspension or an end that was flagged stands as long as any such payment
/// does.
fn not_while_suspended(subject: &Subject<'_>) -> Option<Breach> {
    let (at, effective) = (subject.lens.at, subject.lens.effective());
    let is_payment = |asked| {
        let mut entries = subject.history.entries.iter();
        entries.any(|entry| entry.event_id == asked && PAYMENTS.contains(&entry.kind))
    };
    let payments = if subject.entry.is_some_and(is_payment) {
        subject.standing(PAYMENTS)
    } else {
        subject.all_standing(PAYMENTS)
    };
    let suspended: Vec<Date> = payments
        .iter()
        .map(|entry| entry.effective.date())
        .filter(|&on| {
            let status = |day| subject.history.status_on(day, at, effective);
            let before = on.yesterday().map_or(Status::Signed, status);
            status(on) == Status::Suspended || Status::Terminated <= before
        })
        .collect();
    let last = suspended.iter().max()?;
    subject.breaks(
        Rule::NotWhileSuspended,
        &[("last_payment_on", last), ("payments", &suspended.len())],
    )
}

/// R20: a disbursement drew on a tranche of which a condition is neither met nor waived, also since then; the first
/// such tranche.
fn conditions_met(subject: &Subject<'_>) -> Option<Breach> {
    let (at, effective) = (subject.lens.at, subject.lens.effective());
    let tranches = subject.history.tranches_at(at, effective);
    let mut unmet = tranches.iter().filter(|tranche| {
        let named = subject.line.as_deref();
        !tranche.outstanding.is_empty()
            && named.is_none_or(|named| named == tranche.tranche_id.as_str())
    });
    let (tranche, drawn) = unmet.find_map(|tranche| {
        let drawn: i128 = subject
            .history
            .drawing_payments_at(at, effective)
            .filter(|(event_id, _)| subject.entry.is_none_or(|asked| asked == *event_id))
            .flat_map(|(_, draws)| draws)
            .filter(|draw| draw.tranche_id == *tranche.tranche_id)
            .map(|draw| draw.minor_units)
            .sum();
        (0 < drawn).then_some((tranche, drawn))
    })?;
    let ids: Vec<&str> = tranche
        .outstanding
        .iter()
        .map(|condition| condition.condition_id.as_str())
        .collect();
    subject.breaks(
        Rule::ConditionsMet,
        &[
            ("tranche", tranche.tranche_id),
            ("unmet", &ids.join(" ")),
            ("drawn", &subject.text(drawn)),
        ],
    )
}

/// R21: a party gave more back than it got (incoming: than came from it); the one that is furthest below 0.
fn refund_within_disbursed(subject: &Subject<'_>) -> Option<Breach> {
    let direction = subject.direction();
    let measures: &[Measure] = match direction {
        Direction::Outgoing => &Measure::DISBURSED,
        Direction::Incoming => &Measure::RECEIVED,
    };
    let mut by_party: BTreeMap<_, i128> = BTreeMap::new();
    subject.lens.each_booked_of(subject.entity, |posted| {
        let kind = &posted.series.kind;
        if kind.currency == subject.head.currency && measures.contains(&kind.measure) {
            let party = match direction {
                Direction::Outgoing => posted.class.recipient,
                Direction::Incoming => posted.class.donor,
            };
            *by_party.entry(party).or_default() += posted.total.minor_units;
        }
    });
    let (party, net) = by_party.into_iter().min_by_key(|&(_, net)| net)?;
    if 0 <= net {
        return None;
    }
    let org = party.and_then(|party| subject.lens.facts.dictionary().orgs().get(party.index()));
    let name = org.and_then(|org| org.id.as_ref().or(org.name.as_ref()));
    let name = name.map(AsRef::as_ref).unwrap_or_default();
    subject.breaks(
        Rule::RefundWithinDisbursed,
        &[("party", &name), (paid_name(direction), &subject.text(net))],
    )
}

/// R22: more went onward, by links of other agreements, than arrived.
fn onward_within_received(subject: &Subject<'_>) -> Option<Breach> {
    let (received, onward) = (subject.paid(), linked_onward(subject.lens, subject.entity));
    if onward <= 0 || onward <= received {
        return None;
    }
    subject.breaks(
        Rule::OnwardWithinReceived,
        &[
            ("received", &subject.text(received)),
            ("onward", &subject.text(onward)),
        ],
    )
}

/// R23.
fn expenditure_within_received(subject: &Subject<'_>) -> Option<Breach> {
    let (expended, received) = (
        subject.balances().of(Measure::Expended),
        subject.balances().received(),
    );
    if expended <= 0 || expended <= received {
        return None;
    }
    subject.breaks(
        Rule::ExpenditureWithinReceived,
        &[
            ("expended", &subject.text(expended)),
            ("received", &subject.text(received)),
        ],
    )
}
