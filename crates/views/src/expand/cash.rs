//! Payments, receipts and spending: what each posts, and what a payment takes from the tranches it draws on.

use perennial_domain::agreement::{AgreementEvent, CashEntry, OtherFlow, Published, TrancheDraw};
use perennial_domain::money::{Currency, Money};
use perennial_domain::period::Period;

use super::{Expansion, worth};
use crate::posting::{Measure, Posting, Register};

/// What all postings of one cash event share.
#[derive(Clone, Copy)]
struct Flow {
    measure: Measure,
    register: Register,
    negative: bool,
    period: Option<Period>,
}

impl Flow {
    const fn new(measure: Measure, register: Register) -> Self {
        Self {
            measure,
            register,
            negative: false,
            period: None,
        }
    }

    const fn negative(self) -> Self {
        Self {
            negative: true,
            ..self
        }
    }

    const fn of(self, period: Period) -> Self {
        Self {
            period: Some(period),
            ..self
        }
    }
}

impl Expansion<'_> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`agreement` names every event and sends only this family here"
    )]
    pub(super) fn paid(&mut self, event: &AgreementEvent) {
        match event {
            AgreementEvent::DisbursementMade { cash, draws } => {
                self.cash(cash, Flow::new(Measure::Disbursed, Register::Disbursement));
                self.draws(draws, cash);
            }
            AgreementEvent::ReimbursementMade { cash } => self.cash(
                cash,
                Flow::new(Measure::Reimbursed, Register::Reimbursement),
            ),
            AgreementEvent::RefundMade { cash, reason: _ } => {
                let register = refund_register(cash.published.as_ref());
                self.cash(cash, Flow::new(Measure::Refunded, register).negative());
            }
            AgreementEvent::ReceiptConfirmed { cash, draws, .. } => {
                self.cash(cash, Flow::new(Measure::Received, Register::IncomingFunds));
                self.draws(draws, cash);
            }
            AgreementEvent::RefundReceived { cash, reason: _ } => self.cash(
                cash,
                Flow::new(Measure::Returned, Register::IncomingFunds).negative(),
            ),
            AgreementEvent::ExpenditureReported { cash, period, .. } => self.cash(
                cash,
                Flow::new(Measure::Expended, Register::Expenditure).of(*period),
            ),
            AgreementEvent::ExpenditureReduced { cash, period, .. } => self.cash(
                cash,
                Flow::new(Measure::Expended, Register::Expenditure)
                    .of(*period)
                    .negative(),
            ),
            AgreementEvent::OtherFlowRecorded(OtherFlow {
                kind,
                negative,
                cash,
            }) => {
                let flow = Flow::new(Measure::OtherFlow, Register::of_flow(*kind));
                self.cash(
                    cash,
                    Flow {
                        negative: *negative,
                        ..flow
                    },
                );
            }
            _ => {}
        }
    }

    fn cash(&mut self, cash: &CashEntry, flow: Flow) {
        let from = self.out.len();
        let sign = if flow.negative { -1 } else { 1 };
        let currency = cash.amount.currency();
        let parted: i128 = cash.parts.iter().map(|part| part.minor_units).sum();
        let rest = cash.amount.minor_units() - parted;
        let parts = cash
            .parts
            .iter()
            .map(|part| (Some(&part.line_id), part.minor_units))
            .chain(std::iter::once((None, rest)));
        for (line_id, minor_units) in parts {
            if minor_units == 0 {
                continue;
            }
            let posting = self.blank(flow.measure, currency, sign * minor_units);
            self.out.push(Posting {
                line_id: line_id.cloned(),
                period: flow.period,
                provider: cash.provider.clone(),
                receiver: cash.receiver.clone(),
                register: flow.register,
                ..posting
            });
        }
        self.value_since(from, cash.functional.as_deref(), sign);
        self.count_entry();
    }

    /// A payment leaves its tranche's open part, on the day that it is due, and counts for the tranche's period instead
    /// of its own day.
    fn draws(&mut self, draws: &[TrancheDraw], cash: &CashEntry) {
        let currency = cash.amount.currency();
        let functional = cash.functional.as_deref();
        let values = worth::of_draws(
            cash.amount.minor_units(),
            functional.map(|functional| functional.money),
            draws.iter().map(|draw| draw.minor_units),
        );
        for (at, draw) in draws.iter().enumerate() {
            let period = draw.period;
            let open = self.blank(Measure::Drawn, currency, -draw.minor_units);
            self.out.push(Posting {
                period: Some(draw.due_on.map_or(period, Period::day)),
                ..open
            });
            let value = values.get(at).copied().flatten();
            self.paid_for(period, (currency, draw.minor_units), value);
        }
    }

    /// What is paid on the event's day counts for a portion's period instead.
    pub(super) fn paid_for(
        &mut self,
        period: Period,
        (currency, minor_units): (Currency, i128),
        functional: Option<Money>,
    ) {
        if period == Period::day(self.effective_on()) {
            return;
        }
        let there = (minor_units, functional);
        let away = (-minor_units, functional.map(Money::negated));
        for (period, (minor_units, functional)) in [(None, away), (Some(period), there)] {
            let posting = self.blank(Measure::PaidFor, currency, minor_units);
            self.out.push(Posting {
                functional,
                period,
                ..posting
            });
        }
    }
}

/// The period of the tranche that the posting at `drawn` was drawn from. What a payment counts for follows its draw, its
/// own day first, without a period, and the tranche's period then; where the two are the same, nothing does.
pub(super) fn period_drawn(postings: &[Posting], drawn: usize) -> Period {
    let mut from = postings.iter().skip(drawn);
    let on = from.next().map(|posting| posting.effective_on);
    let there = from
        .take_while(|posting| posting.measure == Measure::PaidFor)
        .find_map(|posting| posting.period);
    there.unwrap_or_else(|| Period::day(on.unwrap_or_default()))
}

/// A refund of what was published as a reimbursement stays there (SEMANTICS.md 3 "Negative values").
fn refund_register(published: Option<&Published>) -> Register {
    match published.map(|published| published.type_code.as_str()) {
        Some("7" | "R") => Register::Reimbursement,
        Some(_) | None => Register::Disbursement,
    }
}
