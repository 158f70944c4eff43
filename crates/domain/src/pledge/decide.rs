//! Which facts a command adds to a pledge, or every reason against it. Pure.

use jiff::civil::Date;

use crate::agreement::ReversalReason;
use crate::agreement::decide::correction::outside;
use crate::agreement::decide::{Draft, Drafts, reversal_target};
use crate::event::Stream;
use crate::exchange::decide::Asked;
use crate::finding::{Context, Findings};
use crate::ids::{AgreementId, PledgeId};
use crate::log::EventId;
use crate::money::{MINOR_UNITS_LIMIT, Money, sum_text};
use crate::pledge::state::PledgeEntryKind;
use crate::pledge::{Pledge, PledgeAnnouncement, PledgeBalance, PledgeCommand, PledgeEvent};
use crate::rejection::Rejection;
use crate::rule::{Breach, Rule};
use crate::rules;
use crate::series::Amounts;
use crate::tag::{self, TagSet, TagSubject};

/// A pledge that a command is asked of.
struct Case<'a> {
    context: Context<'a>,
    id: &'a PledgeId,
    subject: &'a str,
    pledge: &'a Pledge,
}

/// Decides a command on a pledge, which is absent before its announcement.
pub(crate) fn decide(
    context: Context<'_>,
    id: &PledgeId,
    pledge: Option<&Pledge>,
    (effective_on, command): (Date, &PledgeCommand),
    has_agreement: &dyn Fn(&AgreementId) -> bool,
) -> Drafts<PledgeEvent> {
    let subject = format!("pledge/{id}");
    if let PledgeCommand::Announce(announcement) = command {
        return match pledge {
            Some(pledge) if pledge.is_announced() => Err(vec![Rejection::PledgeExists(id.clone())]),
            Some(pledge) if pledge.currency() != announcement.amount.currency() => {
                Err(vec![Rejection::CurrencyMismatch {
                    field: "amount".to_owned(),
                    expected: pledge.currency(),
                    actual: announcement.amount.currency(),
                }])
            }
            Some(_) | None => announce(context, &subject, effective_on, announcement),
        };
    }
    let Some(pledge) = pledge else {
        return Err(vec![Rejection::UnknownPledge(id.clone())]);
    };
    let case = Case {
        context,
        id,
        subject: &subject,
        pledge,
    };
    case.decide(effective_on, command, has_agreement)
}

fn announce(
    context: Context<'_>,
    subject: &str,
    effective_on: Date,
    announcement: &PledgeAnnouncement,
) -> Drafts<PledgeEvent> {
    let mut findings = Findings::new(context.profile);
    let amount = announcement.amount;
    own_date(&mut findings, context, subject, effective_on);
    findings.positive("amount", amount, amount.currency());
    let dims = crate::classification::LineDims {
        purposes: announcement.purposes.clone(),
        places: announcement.places.clone(),
        ..crate::classification::LineDims::default()
    };
    findings.breach(rules::split_exact(subject, &dims));
    let published = announcement.published.as_ref();
    findings.breach(rules::minor_digits(subject, amount, published));
    findings.breach(rules::period_open(&context, subject, effective_on));
    let functional = Asked {
        subject,
        field: "functional",
        amount,
        given: announcement.functional.as_deref(),
        on: effective_on,
    }
    .decide(&context, &mut findings);
    let verdict = findings.finish(&context)?;
    Ok(vec![Draft {
        effective_on,
        fact: PledgeEvent::PledgeAnnounced(PledgeAnnouncement {
            functional,
            ..announcement.clone()
        }),
        verdict,
    }])
}

fn own_date(findings: &mut Findings, context: Context<'_>, subject: &str, effective_on: Date) {
    findings.date("effective_on", effective_on);
    findings.breach(rules::date_not_future(
        subject,
        "effective_on",
        effective_on,
        context.today,
    ));
}

impl Case<'_> {
    fn decide(
        &self,
        effective_on: Date,
        command: &PledgeCommand,
        has_agreement: &dyn Fn(&AgreementId) -> bool,
    ) -> Drafts<PledgeEvent> {
        let mut findings = Findings::new(self.context.profile);
        if let PledgeCommand::ReverseEntry { target, reason } = command {
            let Some(booked_on) = self.check_target(&mut findings, *target, *reason) else {
                // Nothing is cancelled, so nothing further can be broken by it.
                return findings.finish(&self.context).map(|_| Vec::new());
            };
            let booked_on = self.adjusted(&mut findings, *target, (effective_on, booked_on));
            let fact = PledgeEvent::EntryReversed {
                target: *target,
                reason: *reason,
            };
            return self.conclude(findings, booked_on, fact);
        }
        own_date(&mut findings, self.context, self.subject, effective_on);
        let fact = match command {
            PledgeCommand::Announce(announcement) => {
                PledgeEvent::PledgeAnnounced(announcement.clone())
            }
            PledgeCommand::Revise { new_amount, reason } => {
                self.positive(&mut findings, "new_amount", *new_amount);
                self.revised(*new_amount, reason)
            }
            PledgeCommand::Convert {
                agreement_id,
                amount,
            } => {
                self.positive(&mut findings, "amount", *amount);
                if !has_agreement(agreement_id) {
                    findings.reject(Rejection::UnknownAgreement(agreement_id.clone()));
                }
                PledgeEvent::PledgeConverted {
                    agreement_id: agreement_id.clone(),
                    amount: *amount,
                }
            }
            PledgeCommand::Withdraw {
                amount,
                reason,
                published,
            } => {
                self.positive(&mut findings, "amount", *amount);
                let digits = rules::minor_digits(self.subject, *amount, published.as_ref());
                findings.breach(digits);
                PledgeEvent::PledgeWithdrawn {
                    amount: *amount,
                    reason: reason.clone(),
                    published: published.clone(),
                }
            }
            PledgeCommand::Lapse { amount, reason } => {
                self.positive(&mut findings, "amount", *amount);
                let (amount, reason) = (*amount, reason.clone());
                PledgeEvent::PledgeLapsed { amount, reason }
            }
            PledgeCommand::ReplaceTagSet(set) => self.tag_set(&mut findings, set),
            PledgeCommand::ReverseEntry { target, reason } => PledgeEvent::EntryReversed {
                target: *target,
                reason: *reason,
            },
        };
        self.conclude(findings, effective_on, fact)
    }

    fn revised(&self, new_amount: Money, reason: &str) -> PledgeEvent {
        let (pledged, currency) = (self.pledge.balance().pledged, self.pledge.currency());
        PledgeEvent::PledgeRevised {
            new_amount,
            previous_amount: Money::from_minor(pledged, currency).unwrap_or(Money::zero(currency)),
            reason: reason.to_owned(),
        }
    }

    fn tag_set(&self, findings: &mut Findings, set: &TagSet) -> PledgeEvent {
        if !self.pledge.is_announced() {
            findings.reject(Rejection::UnknownPledge(self.id.clone()));
        }
        if set.subject != TagSubject::Whole {
            findings.malformed("part", "must be left out: a pledge is tagged as a whole");
        }
        PledgeEvent::TagSetReplaced(tag::check(findings, self.context, set))
    }

    fn positive(&self, findings: &mut Findings, field: &str, amount: Money) {
        findings.positive(field, amount, self.pledge.currency());
        if !self.pledge.is_announced() {
            findings.reject(Rejection::UnknownPledge(self.id.clone()));
        }
    }

    fn conclude(
        &self,
        mut findings: Findings,
        effective_on: Date,
        fact: PledgeEvent,
    ) -> Drafts<PledgeEvent> {
        if !findings.unusable()
            && let Ok(effect) = self.pledge.effect(&fact)
        {
            if out_of_range(self.pledge.balance().plus(effect)) {
                let stream = Stream::Pledge(self.id.clone());
                findings.reject(Rejection::TotalOutOfRange { stream });
            }
            findings.breach(within_pledge(
                self.pledge,
                self.subject,
                (effective_on, effect),
            ));
        }
        // Tags change no amount (ADR-0012).
        if !matches!(fact, PledgeEvent::TagSetReplaced(_)) {
            findings.breach(rules::period_open(
                &self.context,
                self.subject,
                effective_on,
            ));
        }
        let verdict = findings.finish(&self.context)?;
        Ok(vec![Draft {
            effective_on,
            fact,
            verdict,
        }])
    }

    /// The date of a reversal: its target's, or an adjustment's own.
    fn adjusted(
        &self,
        findings: &mut Findings,
        target: EventId,
        (effective_on, booked_on): (Date, Date),
    ) -> Date {
        let Some(concerns) = self.context.concerns else {
            return booked_on;
        };
        own_date(findings, self.context, self.subject, effective_on);
        findings.breach(outside(self.subject, target, booked_on, concerns));
        effective_on
    }

    /// R5. Returns the target's date, at which it is negated.
    fn check_target(
        &self,
        findings: &mut Findings,
        target: EventId,
        reason: ReversalReason,
    ) -> Option<Date> {
        let Some(entry) = self.pledge.entry(target) else {
            findings.reject(Rejection::UnknownEvent {
                stream: Stream::Pledge(self.id.clone()),
                event_id: target,
            });
            return None;
        };
        let problem = if let Some(by) = entry.reversed_by {
            format!("{by} already reversed it")
        } else if entry.kind == PledgeEntryKind::Reversal {
            "a reversal cannot be reversed: book again".to_owned()
        } else if reason == ReversalReason::Returned {
            "only a payment can be returned".to_owned()
        } else if entry.kind == PledgeEntryKind::Fixed {
            "it moves no money: a later set of tags corrects one, and an adjusted period goes with \
             the entry that follows it"
                .to_owned()
        } else {
            let standing = self.pledge.whole_set_by.iter().copied();
            let later: Vec<EventId> = standing.skip_while(|&set_by| set_by != target).collect();
            if let [_, dependents @ ..] = &later[..]
                && !dependents.is_empty()
            {
                findings.reject(Rejection::EntryHasDependents {
                    target,
                    dependents: dependents.to_vec(),
                });
                return None;
            }
            return Some(entry.effective_on);
        };
        findings.breach(Some(reversal_target(self.subject, target, &problem)));
        None
    }
}

/// R15: a conversion, or anything else that uses a pledge up or makes it smaller, leaves less than nothing of it.
fn within_pledge(pledge: &Pledge, subject: &str, change: (Date, PledgeBalance)) -> Option<Breach> {
    let mut worst: Option<(PledgeBalance, PledgeBalance, Date)> = None;
    pledge.balances.walk(&[change], |on, before, after| {
        let lowest = worst.map_or(0, |(_, worst, _)| worst.outstanding());
        if after.outstanding() < before.outstanding().min(0) && after.outstanding() < lowest {
            worst = Some((before, after, on));
        }
    });
    let (before, after, on) = worst?;
    let text = |minor_units| sum_text(minor_units, pledge.currency());
    let attempted = before.outstanding().saturating_sub(after.outstanding());
    Some(Breach::new(
        Rule::ConversionWithinPledge,
        subject,
        &[
            ("outstanding", &text(before.outstanding())),
            ("attempted", &text(attempted)),
            ("on", &on),
        ],
    ))
}

fn out_of_range(balance: PledgeBalance) -> bool {
    [balance.pledged, balance.converted, balance.withdrawn]
        .iter()
        .any(|&total| MINOR_UNITS_LIMIT <= total.saturating_abs())
}
