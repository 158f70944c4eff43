//! What wishes are made of: days, amounts, names, splits.

use perennial_domain::Date;
use perennial_domain::agreement::{EntryKind, Firmness, YearBasis, YearShare};
use perennial_domain::classification::{LineDims, Pillar, Share, Split, Vocabulary};
use perennial_domain::event::Stream;
use perennial_domain::ids::{AgreementId, LineId, PledgeId, TrancheId};
use perennial_domain::log::{EventId, Position};
use perennial_domain::money::Money;
use perennial_domain::party::OrgRef;

use super::Story;
use crate::history::words::{date, line, minor, org, period, pledge, tranche};

impl Story {
    /// A random day, mostly of the terms and sometimes later.
    pub fn day(&mut self) -> Date {
        let last = if self.random.one_in(25) { 50 } else { 32 };
        let month = self.random.below(last);
        self.day_of(month)
    }

    /// A day of a month, counted from October 2023.
    pub(super) fn day_of(&mut self, month: u64) -> Date {
        let months = i16::try_from(month).unwrap_or_default() + 9;
        let of_year = i8::try_from(months % 12 + 1).unwrap_or(1);
        let first = Date::new(2023 + months / 12, of_year, 1).unwrap_or(Date::MIN);
        // Half of all days are the first or last ones of their month, so that days meet.
        let any = self.random.between(1, 31);
        let day = *self.random.pick(&[any, any, 1, 31]);
        let day = i8::try_from(day).unwrap_or(1);
        let day = day.min(first.days_in_month());
        Date::new(first.year(), first.month(), day).unwrap_or(first)
    }

    /// A day that the ledger may book, or now and then one that no ledger books.
    pub(super) fn effective_day(&mut self) -> Date {
        if self.random.one_in(60) {
            date("1959-12-31")
        } else {
            self.day()
        }
    }

    pub(super) fn amount(&mut self) -> i128 {
        i128::from(self.random.between(1, self.largest))
    }

    /// Mostly an amount of the agreement, sometimes none, less than nothing, or of another currency.
    pub(super) fn money(&mut self, code: &str) -> Money {
        let amount = self.amount();
        match self.random.below(90) {
            0 => minor(0, code),
            1 => minor(-amount, code),
            2 => minor(amount, "USD"),
            _ => minor(amount, code),
        }
    }

    /// An amount as one of several parts.
    pub(super) fn part(&mut self, code: &str) -> Money {
        let money = self.money(code);
        let part = money.minor_units() / i128::from(self.random.between(1, 6));
        minor(
            if part == 0 { money.minor_units() } else { part },
            money.currency().code(),
        )
    }

    /// Mostly one of the agreement's.
    pub(super) fn line_id(&mut self, id: &AgreementId) -> LineId {
        let known: Vec<LineId> = match self.book.agreement(id) {
            Some(agreement) => agreement.lines().map(|line| line.line_id.clone()).collect(),
            None => Vec::new(),
        };
        if known.is_empty() || self.random.one_in(30) {
            return line("line-9");
        }
        self.random.pick(&known).clone()
    }

    pub(super) fn some_line(&mut self, id: &AgreementId) -> Option<LineId> {
        (!self.random.one_in(12)).then(|| self.line_id(id))
    }

    pub(super) fn party(&mut self) -> Option<OrgRef> {
        match self.random.below(6) {
            0 => Some(org("XM-OTHER")),
            1 => Some(org("XM-THIRD")),
            _ => None,
        }
    }

    pub(super) fn new_tranche_id(&mut self) -> TrancheId {
        let number = self.random.between(1, 6);
        tranche(&format!("tranche-{number}"))
    }

    /// Mostly one of which something is open.
    pub(super) fn tranche_id(&mut self, id: &AgreementId) -> TrancheId {
        let open: Vec<TrancheId> = match self.book.agreement(id) {
            Some(agreement) => agreement
                .open_tranches()
                .map(|(id, _)| id.clone())
                .collect(),
            None => Vec::new(),
        };
        if open.is_empty() || self.random.one_in(10) {
            return self.new_tranche_id();
        }
        self.random.pick(&open).clone()
    }

    pub(super) fn pledge_id(&mut self) -> PledgeId {
        let number = self.random.between(1, 2);
        pledge(&format!("pledge-{number}"))
    }

    /// Mostly an event of the stream.
    pub(super) fn target(&mut self, stream: &Stream) -> EventId {
        let own = self
            .log
            .iter()
            .filter(|recorded| recorded.event.stream == *stream);
        let mut own: Vec<EventId> = own.map(|recorded| recorded.event_id).collect();
        // Mostly one that may be cancelled: what begins a stream may not, nor what is cancelled already.
        if !self.random.one_in(6)
            && let Stream::Agreement(id) = stream
        {
            let agreement = self.book.agreement(id);
            own.retain(|event_id| {
                let entry = agreement.and_then(|agreement| agreement.entry(*event_id));
                entry.is_some_and(|entry| {
                    let fixed = matches!(entry.kind, EntryKind::Fixed | EntryKind::Reversal);
                    entry.reversed_by.is_none() && !fixed
                })
            });
        }
        if own.is_empty() && !self.random.one_in(8) {
            let all = self.log.iter().rev();
            let mut all = all.filter(|recorded| recorded.event.stream == *stream);
            own.extend(all.next().map(|recorded| recorded.event_id));
        }
        if !own.is_empty() && !self.random.one_in(25) {
            return *self.random.pick(&own);
        }
        EventId {
            position: Position(self.random.between(1, self.next.0)),
            index: u32::try_from(self.random.below(2)).unwrap_or_default(),
        }
    }

    pub(super) fn dims(&mut self) -> LineDims {
        let purposes: [&[(&str, u32)]; 6] = [
            &[("72010", 333_333), ("15220", 333_333), ("31120", 333_334)],
            &[("72010", 1_000_000)],
            &[("15160", 250_000), ("99810", 750_000)],
            &[("15210", 500_000), ("51010", 500_000)],
            &[("140", 142_857), ("730", 857_143)],
            &[],
        ];
        let places: [&[(&str, u32)]; 4] = [
            &[("SS", 142_857), ("UG", 857_143)],
            &[("SS", 1_000_000)],
            &[("KE", 333_334), ("SS", 333_333), ("UG", 333_333)],
            &[],
        ];
        let purposes = *self.random.pick(&purposes);
        let places = *self.random.pick(&places);
        let scaled = self.random.one_in(15);
        LineDims {
            purposes: split(Vocabulary::DacPurpose, purposes, scaled),
            places: split(Vocabulary::Country, places, false),
            pillar: self.random.one_in(6).then_some(Pillar::Peace),
            budget_heading: self.random.one_in(3).then(|| "travel".into()),
            ..LineDims::default()
        }
    }

    /// One or two shares; now and then they do not sum to the amount.
    pub(super) fn shares(&mut self, amount: Money) -> Vec<YearShare> {
        let periods = [
            ("2024-01-01", "2024-12-31"),
            ("2025-01-01", "2025-12-31"),
            ("2024-04-01", "2025-03-31"),
            ("2024-07-15", "2026-02-10"),
        ];
        let amount = amount.minor_units();
        let first = if self.random.one_in(2) {
            amount
        } else {
            amount / 3
        };
        let wrong = i128::from(self.random.one_in(25));
        let mut shares = Vec::new();
        for minor_units in [first, amount - first + wrong] {
            let (starts_on, ends_on) = *self.random.pick(&periods);
            if minor_units != 0 {
                shares.push(YearShare {
                    period: period(starts_on, ends_on),
                    minor_units,
                    basis: *self.random.pick(&YearBasis::ALL),
                    firmness: *self.random.pick(&Firmness::ALL),
                });
            }
        }
        shares
    }
}

fn split(vocabulary: Vocabulary, shares: &[(&str, u32)], scaled: bool) -> Split {
    let shares = shares.iter().map(|&(code, share_ppm)| Share {
        vocabulary: if code.len() == 3 {
            Vocabulary::DacCategory
        } else {
            vocabulary
        },
        code: code.into(),
        share_ppm,
    });
    Split::recorded(shares.collect(), scaled).unwrap_or_default()
}

/// An amount of a currency, the largest there is where it would be more.
pub(super) fn within(minor_units: i128, code: &str) -> Money {
    let most = 999_999_999_999_999_999;
    minor(minor_units.clamp(-most, most), code)
}

/// The currency of an agreement.
pub(super) fn code(id: &AgreementId) -> &'static str {
    match id.as_str() {
        "agreement-1" | "agreement-4" => "EUR",
        "agreement-2" => "JPY",
        _ => "KWD",
    }
}
