//! What is wished for in a story.

use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Cash, Conversion, EvidenceLevel, ExtensionKind,
    ForecastEntry, Line, LineAmount, OtherFlowKind, Perspective, Rate, RateSource, ReversalReason,
    Terms,
};
use perennial_domain::command::{Action, Command};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::ids::{AgreementId, PaymentId};
use perennial_domain::money::Money;
use perennial_domain::period::Period;
use perennial_domain::rule::Profile;
use perennial_domain::{Date, Decimal};

use super::Story;
use super::values::code;
use crate::history::words::{
    asked_of, cash, date, decrease, disburse, increase, line_of, minor, payment, period, published,
    schedule, terms_of,
};

impl Story {
    pub(super) fn wish(&mut self) -> Command {
        let on = self.effective_day();
        if self.random.one_in(7) {
            let (id, wish) = self.pledge_wish();
            return command(on, Action::Pledge(id, wish));
        }
        let id = self.agreement_id();
        let unsigned = self.book.agreement(&id).is_none();
        if unsigned && !self.random.one_in(12) {
            let terms = self.terms(&id);
            let on = terms.signed_on.unwrap_or(on);
            return asked_of(id.as_str(), on, AgreementCommand::Sign(terms));
        }
        let wish = self.agreement_wish(&id, on);
        asked_of(id.as_str(), on, wish)
    }

    pub(super) fn agreement_wish(&mut self, id: &AgreementId, on: Date) -> AgreementCommand {
        let code = code(id);
        if let Some(wish) = self.second_thoughts(id) {
            return wish;
        }
        if self.random.one_in(12)
            && let Some(wish) = self.suggested(id)
        {
            return wish;
        }
        if self.random.one_in(self.schedules_one_in)
            && let Some(wish) = self.partly_paid(id)
        {
            return wish;
        }
        if self.tags_money && self.random.one_in(7) {
            return self.tagging(id);
        }
        match self.random.below(51) {
            40..=42 => self.life(id),
            43..=44 => self.settled(id),
            0..=6 => self.commitment(id),
            7..=18 => self.payment(id),
            19..=23 => self.tranche(id),
            24..=25 => self.term(),
            26 => AgreementCommand::ReplaceForecast(self.forecast(code)),
            27 => AgreementCommand::OpenLine(self.opened(code)),
            28 => AgreementCommand::Sign(self.terms(id)),
            29..=31 | 45..=49 => self.moving(id),
            50 => self.reclassification(id),
            32 => AgreementCommand::Describe(perennial_domain::agreement::Description::default()),
            _ => self.correction(id, on),
        }
    }

    fn terms(&mut self, id: &AgreementId) -> Terms {
        let code = code(id);
        let strict = self.book.profile() == Profile::Strict;
        let count = self.random.between(1, 3);
        let lines = (1..=count)
            .map(|number| self.signed_line(number, code))
            .collect();
        let signed_on = self
            .random
            .pick(&["2023-11-15", "2024-01-01", "2024-05-20"]);
        let signed_on = date(signed_on);
        let unsigned = self.random.one_in(if strict { 40 } else { 2 });
        let ends_on = *self.random.pick(&[
            Some("2024-12-31"),
            Some("2025-12-31"),
            Some("2025-12-30"),
            Some("2026-04-30"),
            Some("2023-10-01"),
            None,
        ]);
        let starts_on = *self
            .random
            .pick(&[Some("2024-01-01"), Some("2024-03-01"), None]);
        let unit = terms_of(vec![]);
        Terms {
            perspective: if self.random.one_in(3) {
                Perspective::Recipient
            } else {
                Perspective::Provider
            },
            signed_on: (!unsigned).then_some(signed_on),
            starts_on: starts_on.map(date),
            ends_on: ends_on.map(date),
            currency: crate::history::words::currency(code),
            lines,
            further: self.random.one_in(2).then(|| Box::new(self.further())),
            ..unit
        }
    }

    fn signed_line(&mut self, number: u64, code: &str) -> Line {
        let mirror = self.book.profile() == Profile::Mirror;
        let id = if self.random.one_in(40) { 1 } else { number };
        let zero = self.random.one_in(if mirror { 4 } else { 40 });
        let amount = if zero {
            minor(0, code)
        } else {
            self.money(code)
        };
        let explicit = !amount.is_zero() && self.random.one_in(2);
        Line {
            counterparty: self.party(),
            dims: self.dims(),
            year_shares: if explicit {
                self.shares(amount)
            } else {
                Vec::new()
            },
            ..line_of(&format!("line-{id}"), amount)
        }
    }

    fn opened(&mut self, code: &str) -> Line {
        let number = self.random.between(2, 4);
        let amount = i128::from(self.random.one_in(12));
        Line {
            counterparty: self.party(),
            dims: self.dims(),
            ..line_of(&format!("line-{number}"), minor(amount, code))
        }
    }

    pub(super) fn commitment(&mut self, id: &AgreementId) -> AgreementCommand {
        let code = code(id);
        let (on, amount) = ("2024-01-01", self.money(code));
        let shares = if self.random.one_in(3) {
            self.shares(amount)
        } else {
            Vec::new()
        };
        let line = self.some_line(id);
        let text = self.random.one_in(10).then(|| self.published_text(amount));
        let (_, mut command) = if self.random.one_in(2) {
            increase(on, amount)
        } else {
            decrease(on, amount)
        };
        if let AgreementCommand::IncreaseCommitment {
            line_id,
            year_shares,
            published: of,
            ..
        }
        | AgreementCommand::DecreaseCommitment {
            line_id,
            year_shares,
            published: of,
            ..
        } = &mut command
        {
            *line_id = line;
            *year_shares = shares;
            *of = text.map(|text| published(&text));
        }
        command
    }

    /// The amount as it was published, sometimes with more digits than its currency has.
    fn published_text(&mut self, amount: Money) -> String {
        let text = amount.to_string();
        let text = text.split(' ').next().unwrap_or_default().to_owned();
        match self.random.below(3) {
            0 if text.contains('.') => format!("{text}4"),
            0 => format!("{text}.4"),
            1 if text.contains('.') => format!("{text}000"),
            _ => text,
        }
    }

    fn cash(&mut self, id: &AgreementId) -> Cash {
        let code = code(id);
        let mut wish = cash(self.part(code));
        if self.random.one_in(4) {
            let amount = wish.amount.minor_units();
            let first = amount / 2;
            let wrong = i128::from(self.random.one_in(20));
            for part in [first, amount - first + wrong] {
                let part = minor(part, wish.amount.currency().code());
                let line_id = self.line_id(id);
                wish.lines.push(LineAmount {
                    line_id,
                    amount: part,
                });
            }
        }
        if self.random.one_in(3) {
            let number = self.random.below(8);
            wish.payment_id = Some(payment(&format!("payment-{number}")));
        }
        wish.provider = self.party();
        wish.receiver = self.party();
        if self.random.one_in(15) {
            wish.conversion = Some(self.conversion(code));
        }
        if self.random.one_in(15) {
            let paid = wish
                .conversion
                .as_ref()
                .map_or(wish.amount, |given| given.original);
            let text = self.published_text(paid);
            wish.published = Some(published(&text));
        }
        wish
    }

    pub(super) fn conversion(&mut self, code: &str) -> Conversion {
        let original = minor(self.amount(), "USD");
        let dollars = crate::history::words::currency("USD");
        let own = crate::history::words::currency(code);
        let rate = |base, quote, value| Rate {
            base,
            quote,
            value,
            rate_on: date("2024-02-01"),
            source: RateSource::Unore,
            table_version: None,
        };
        let rate = match self.random.below(5) {
            0 => None,
            1 => Some(rate(own, own, Decimal::ONE)),
            2 => Some(rate(own, dollars, Decimal::ZERO)),
            3 => Some(rate(own, dollars, Decimal::TWO)),
            _ => Some(rate(dollars, own, Decimal::ONE_HUNDRED)),
        };
        Conversion { original, rate }
    }

    fn payment(&mut self, id: &AgreementId) -> AgreementCommand {
        let cash = self.cash(id);
        let reason = "unspent".to_owned();
        let period = self.random.one_in(2).then(|| self.a_period());
        match self.random.below(14) {
            0..=1 => AgreementCommand::Refund { cash, reason },
            2..=3 => {
                let mut cash = cash;
                let (disbursement_id, sent) = self.paid_before(id).unzip();
                if let Some(sent) = sent
                    && cash.lines.is_empty()
                    && self.random.one_in(2)
                {
                    cash.amount = sent;
                }
                AgreementCommand::ConfirmReceipt {
                    cash,
                    tranche_id: self.random.one_in(6).then(|| self.tranche_id(id)),
                    disbursement_id,
                }
            }
            4 => AgreementCommand::ConfirmRefund { cash, reason },
            5 => AgreementCommand::Reimburse(cash),
            6..=7 => AgreementCommand::ReportExpenditure {
                cash,
                period,
                evidence_level: EvidenceLevel::Claimed,
            },
            8 => AgreementCommand::ReduceExpenditure {
                cash,
                period,
                reason,
            },
            9 => AgreementCommand::RecordOtherFlow {
                kind: OtherFlowKind::InterestPayment,
                negative: self.random.one_in(2),
                cash,
            },
            _ => {
                let named = self.random.one_in(5).then(|| self.tranche_id(id));
                let (_, mut command) = disburse("2024-01-01", cash.amount);
                if let AgreementCommand::Disburse {
                    cash: wish,
                    tranche_id,
                } = &mut command
                {
                    *wish = cash;
                    *tranche_id = named;
                }
                command
            }
        }
    }

    /// A payment of more than is left of an agreement: what an override is for.
    pub(super) fn overpayment(&mut self, id: &AgreementId) -> Option<AgreementCommand> {
        let beyond = self.part(code(id)).minor_units();
        let agreement = self.book.agreement(id)?;
        let (left, perspective) = (agreement.undisbursed(), agreement.perspective());
        let amount = left.max(0).saturating_add(beyond);
        let cash = cash(Money::from_minor(amount, agreement.currency()).ok()?);
        Some(match perspective {
            Perspective::Provider => AgreementCommand::Disburse {
                cash,
                tranche_id: None,
            },
            Perspective::Recipient => AgreementCommand::ConfirmReceipt {
                cash,
                tranche_id: None,
                disbursement_id: None,
            },
        })
    }

    /// Now and then a payment whose arrival is confirmed, mostly one that was made, and what was sent.
    fn paid_before(&mut self, id: &AgreementId) -> Option<(PaymentId, Money)> {
        if !self.random.one_in(3) {
            return None;
        }
        let stream = Stream::Agreement(id.clone());
        let own = self.log.iter();
        let own = own.filter(|recorded| recorded.event.stream == stream);
        let paid: Vec<(PaymentId, Money)> = own
            .filter_map(|recorded| {
                let Fact::Agreement(AgreementEvent::DisbursementMade { cash, .. }) =
                    &recorded.event.fact
                else {
                    return None;
                };
                Some((cash.payment_id.clone()?, cash.amount))
            })
            .collect();
        if paid.is_empty() {
            let unknown = self.random.one_in(8);
            return unknown.then(|| (payment("payment-9"), minor(1, code(id))));
        }
        Some(self.random.pick(&paid).clone())
    }

    pub(super) fn a_period(&mut self) -> Period {
        let (starts_on, ends_on) = *self.random.pick(&[
            ("2024-02-01", "2024-02-29"),
            ("2024-10-01", "2025-03-31"),
            ("2023-12-15", "2024-01-15"),
            ("2025-01-01", "2025-12-31"),
        ]);
        period(starts_on, ends_on)
    }

    pub(super) fn tranche(&mut self, id: &AgreementId) -> AgreementCommand {
        let (tranche_id, reason) = (self.tranche_id(id), "later".to_owned());
        let open = self.book.agreement(id);
        let open = open.is_some_and(|agreement| agreement.open_tranches().next().is_some());
        let kinds = if open || self.random.one_in(6) { 5 } else { 3 };
        match 5 - kinds + self.random.below(kinds) {
            0 => AgreementCommand::RescheduleTranche {
                tranche_id,
                new_due_on: self.effective_day(),
                reason,
            },
            1 => AgreementCommand::CancelTranche { tranche_id, reason },
            _ => {
                let tranche_id = self.new_tranche_id();
                let (amount, due) = (self.part(code(id)), self.effective_day());
                let wide = self.random.one_in(3).then(|| self.a_period());
                let undated = self.random.one_in(8);
                let conditions = self.conditions();
                let (_, mut command) =
                    schedule("2024-01-01", tranche_id.as_str(), amount, &due.to_string());
                if let AgreementCommand::ScheduleTranche(wish) = &mut command {
                    wish.period = wide;
                    wish.conditions = conditions;
                    wish.due_on = wish.due_on.filter(|_| !undated);
                }
                command
            }
        }
    }

    fn term(&mut self) -> AgreementCommand {
        let new_ends_on = self.effective_day();
        if self.random.one_in(3) {
            return AgreementCommand::ShortenPeriod {
                new_ends_on,
                reason: "done".to_owned(),
            };
        }
        AgreementCommand::ExtendPeriod {
            new_ends_on: self.later_end(new_ends_on),
            kind: ExtensionKind::Unknown,
            moves: Vec::new(),
            amendment: None,
        }
    }

    fn later_end(&mut self, drawn: Date) -> Date {
        if self.random.one_in(3) {
            return drawn;
        }
        let month = self.random.between(24, 48);
        self.day_of(month)
    }

    fn forecast(&mut self, code: &str) -> Vec<ForecastEntry> {
        let count = self.random.below(3);
        (0..count)
            .map(|_| ForecastEntry {
                period: self.a_period(),
                amount: self.money(code),
                receiver: self.party(),
            })
            .collect()
    }

    fn correction(&mut self, id: &AgreementId, on: Date) -> AgreementCommand {
        let target = self.target(&Stream::Agreement(id.clone()));
        if self.random.one_in(3) {
            let replacement = match self.random.below(9) {
                0..=4 => self.payment(id),
                5 => self.commitment(id),
                6 => self.tranche(id),
                7 => self.moving(id),
                _ => AgreementCommand::ReverseEntry {
                    target,
                    reason: ReversalReason::Error,
                },
            };
            return AgreementCommand::ReplaceEntry {
                target,
                replacement: Box::new(replacement),
                replacement_effective_on: on,
            };
        }
        let reason = *self.random.pick(&[
            ReversalReason::Error,
            ReversalReason::Error,
            ReversalReason::Withdrawn,
            ReversalReason::Returned,
        ]);
        AgreementCommand::ReverseEntry { target, reason }
    }
}

pub(super) fn command(effective_on: Date, action: Action) -> Command {
    Command {
        effective_on,
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        action,
        functional_from_table: false,
    }
}
