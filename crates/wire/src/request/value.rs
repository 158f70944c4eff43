//! `value.proto`: what several commands are made of.

use std::str::FromStr;
use std::sync::Arc;

use perennial_domain::agreement::{Conversion, Published, Rate};
use perennial_domain::classification::{Code, Share, Split, Vocabulary};
use perennial_domain::exchange::{Functional, is_rate};
use perennial_domain::log::EventId;
use perennial_domain::money::{Currency, Money};
use perennial_domain::party::{DocRef, ExternalReference, OrgRef};
use perennial_domain::period::{FIRST_YEAR, LAST_YEAR, Period};
use perennial_domain::{Date, Decimal};

use super::check::Check;
use super::path::Path;
use super::violation::Reason;
use crate::date;
use crate::pb::google::r#type as google;
use crate::pb::ledger as pb;

/// What a split divides; it decides the code lists.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SplitOf {
    Purposes,
    Places,
}

impl Check<'_> {
    pub(crate) fn date(&mut self, path: Path<'_>, message: google::Date) -> Option<Date> {
        let google::Date { year, month, day } = message;
        let Some(on) = date::from_google(message) else {
            return self.invalid(path, format!("{year:04}-{month:02}-{day:02} is no date"));
        };
        if !(FIRST_YEAR..=LAST_YEAR).contains(&on.year()) {
            let problem = format!("{on} does not lie between {FIRST_YEAR} and {LAST_YEAR}");
            return self.invalid(path, problem);
        }
        Some(on)
    }

    pub(super) fn days(
        &mut self,
        path: Path<'_>,
        starts_on: Option<google::Date>,
        ends_on: Option<google::Date>,
    ) -> Option<Period> {
        let starts_on = self.required(path.field("starts_on"), starts_on, Self::date);
        let ends_on = self.required(path.field("ends_on"), ends_on, Self::date);
        match Period::new(starts_on?, ends_on?) {
            Ok(period) => Some(period),
            Err(error) => self.refuse(path, Reason::PeriodEndsBeforeStart, error.to_string()),
        }
    }

    pub(super) fn period(&mut self, path: Path<'_>, message: pb::Period) -> Option<Period> {
        self.days(path, message.starts_on, message.ends_on)
    }

    pub(crate) fn currency(&mut self, path: Path<'_>, code: &str) -> Option<Currency> {
        if code.is_empty() {
            return self.invalid(path, "is required");
        }
        match Currency::parse(code) {
            Ok(currency) => Some(currency),
            Err(unknown) => self.invalid(path, unknown.to_string()),
        }
    }

    /// An exact amount of either sign.
    pub(super) fn amount(&mut self, path: Path<'_>, message: google::Money) -> Option<Money> {
        let currency = self.currency(path.field("currency_code"), &message.currency_code)?;
        let google::Money { units, nanos, .. } = message;
        if nanos.unsigned_abs() > 999_999_999
            || (units > 0 && nanos < 0)
            || (units < 0 && nanos > 0)
        {
            let problem = "has nanos beyond a unit or of another sign than its units";
            return self.invalid(path, problem);
        }
        if let Some(money) = Money::from_units_nanos(units, nanos, currency) {
            return Some(money);
        }
        let step = 10_i32.pow(9_u32.saturating_sub(currency.minor_digits().into()));
        if nanos.checked_rem(step) == Some(0) {
            self.invalid(path, "is not below 10^18 minor units")
        } else {
            self.too_precise(path, currency)
        }
    }

    /// An exact amount of 0 or more.
    pub(super) fn amount_or_zero(
        &mut self,
        path: Path<'_>,
        message: google::Money,
    ) -> Option<Money> {
        let money = self.amount(path, message)?;
        if money.is_negative() {
            return self.invalid(path, format!("{money} is below 0"));
        }
        Some(money)
    }

    /// An exact amount above 0.
    pub(super) fn positive(&mut self, path: Path<'_>, message: google::Money) -> Option<Money> {
        let money = self.amount_or_zero(path, message)?;
        if money.is_zero() {
            return self.refuse(path, Reason::ZeroAmount, "is 0: leave the entry out");
        }
        Some(money)
    }

    pub(super) fn organisation(
        &mut self,
        path: Path<'_>,
        message: pb::OrganisationReference,
    ) -> Option<OrgRef> {
        let max = self.limits.name_chars_max;
        let id = self.text_opt(path.field("id"), message.id, max);
        let name = self.text_opt(path.field("name"), message.name, max);
        let type_code = self.optional(path.field("type_code"), message.type_code, Self::narrow);
        let (id, name) = (id?, name?);
        if id.is_none() && name.is_none() {
            return self.invalid(path, "needs an id or a name");
        }
        Some(OrgRef {
            id: id.map(Arc::from),
            name: name.map(Arc::from),
            type_code: type_code?,
            derived: message.derived,
        })
    }

    pub(super) fn external_reference(
        &mut self,
        path: Path<'_>,
        message: pb::ExternalReference,
    ) -> Option<ExternalReference> {
        let (code_max, name_max) = (self.limits.code_chars_max, self.limits.name_chars_max);
        let system = self.text(path.field("system"), message.system, code_max);
        let reference = self.text(path.field("reference"), message.reference, name_max);
        Some(ExternalReference {
            system: system?.into(),
            reference: reference?.into(),
        })
    }

    pub(super) fn document(
        &mut self,
        path: Path<'_>,
        message: pb::DocumentReference,
    ) -> Option<DocRef> {
        let uri = self.text_opt(path.field("uri"), message.uri, self.limits.uri_chars_max);
        let hash = (!message.sha256.is_empty()).then_some(message.sha256);
        let sha256 = self.optional(path.field("sha256"), hash, |check, path, hash| {
            check.array(path, &hash)
        });
        let title_max = self.limits.name_chars_max;
        let title = self.text_or_empty(path.field("title"), message.title, title_max);
        let (uri, sha256, title) = (uri?, sha256?, title?);
        if uri.is_none() && sha256.is_none() && title.is_empty() {
            return self.invalid(path, "needs a uri, a hash or a title");
        }
        Some(DocRef { uri, sha256, title })
    }

    /// A split that may be absent: not classified.
    pub(super) fn split(
        &mut self,
        path: Path<'_>,
        message: Option<pb::Split>,
        of: SplitOf,
    ) -> Option<Split> {
        let Some(message) = message else {
            return Some(Split::default());
        };
        let max = self.limits.split_shares_max;
        let shares = self.list(
            path.field("shares"),
            message.shares,
            max,
            |check, path, share| check.share(path, share, of),
        )?;
        match Split::recorded(shares, message.scaled) {
            Ok(split) => Some(split),
            Err(inexact) => self.refuse(path, Reason::SplitInexact, inexact.to_string()),
        }
    }

    fn share(&mut self, path: Path<'_>, message: pb::SplitShare, of: SplitOf) -> Option<Share> {
        let code = pb::Code {
            vocabulary: message.vocabulary,
            code: message.code,
        };
        let code = self.code(path, code, of)?;
        Some(Share {
            vocabulary: code.vocabulary,
            code: code.code,
            share_ppm: message.share_ppm,
        })
    }

    /// A code that belongs to a split.
    pub(super) fn code(&mut self, path: Path<'_>, message: pb::Code, of: SplitOf) -> Option<Code> {
        let list = path.field("vocabulary");
        let vocabulary = self.enumeration::<pb::Vocabulary>(list, message.vocabulary)?;
        let digits = |lengths: std::ops::RangeInclusive<usize>| {
            lengths.contains(&message.code.len())
                && message.code.bytes().all(|b| b.is_ascii_digit())
        };
        let (fits, well_formed, form) = match vocabulary {
            Vocabulary::DacPurpose => (of == SplitOf::Purposes, digits(5..=5), "five digits"),
            Vocabulary::DacCategory => (of == SplitOf::Purposes, digits(3..=3), "three digits"),
            Vocabulary::Country => (
                of == SplitOf::Places,
                country(&message.code),
                "two capitals",
            ),
            Vocabulary::Region => (of == SplitOf::Places, digits(1..=5), "one to five digits"),
        };
        if !fits {
            return self.invalid(list, "is no code list for this split");
        }
        if !well_formed {
            return self.invalid(path.field("code"), format!("is not {form}"));
        }
        Some(Code {
            vocabulary,
            code: message.code.into(),
        })
    }

    pub(super) fn published(
        &mut self,
        path: Path<'_>,
        message: pb::Published,
    ) -> Option<Published> {
        let (code_max, short_max) = (self.limits.code_chars_max, self.limits.short_chars_max);
        let type_code = self.text(path.field("type_code"), message.type_code, code_max);
        let value = path.field("value_text");
        let value_text = self.text_or_empty(value, message.value_text, short_max);
        let date_text = self.text_opt(path.field("date_text"), message.date_text, short_max);
        let key = path.field("occurrence_key");
        let occurrence_key = self.array(key, &message.occurrence_key);
        if message.occurrence == 0 {
            self.invalid::<()>(path.field("occurrence"), "counts from 1");
        }
        let (notes, max) = (path.field("notes"), self.limits.notes_max);
        let listed = self.list(notes, message.notes, max, |check, path, note| {
            check.text(path, note, code_max)
        })?;
        if listed
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a >= b))
        {
            return self.invalid(notes, "is not ascending, each once");
        }
        Some(Published {
            type_code: type_code?,
            value_text: value_text?,
            date_text: date_text?,
            occurrence_key: occurrence_key?,
            occurrence: message.occurrence,
            notes: listed,
        })
    }

    pub(super) fn conversion(
        &mut self,
        path: Path<'_>,
        message: pb::Conversion,
    ) -> Option<Conversion> {
        let original = self.required(path.field("original"), message.original, Self::positive);
        let rate = self.optional(path.field("rate"), message.rate, Self::rate);
        Some(Conversion {
            original: original?,
            rate: rate?,
        })
    }

    pub(super) fn functional(
        &mut self,
        path: Path<'_>,
        message: pb::Functional,
    ) -> Option<Box<Functional>> {
        let money = self.required(path.field("money"), message.money, Self::amount_or_zero);
        let rate = self.optional(path.field("rate"), message.rate, Self::rate);
        Some(Box::new(Functional {
            money: money?,
            rate: rate?,
        }))
    }

    fn rate(&mut self, path: Path<'_>, message: pb::Rate) -> Option<Rate> {
        let base = self.currency(path.field("base"), &message.base);
        let quote = self.currency(path.field("quote"), &message.quote);
        let value = self.required(path.field("value"), message.value, Self::rate_value);
        let rate_on = self.required(path.field("rate_on"), message.rate_on, Self::date);
        let source = self.enumeration::<pb::RateSource>(path.field("source"), message.source);
        let short_max = self.limits.short_chars_max;
        let table = path.field("table_version");
        let table_version = self.text_opt(table, message.table_version, short_max);
        Some(Rate {
            base: base?,
            quote: quote?,
            value: value?,
            rate_on: rate_on?,
            source: source?,
            table_version: table_version?,
        })
    }

    pub(super) fn rate_value(
        &mut self,
        path: Path<'_>,
        message: google::Decimal,
    ) -> Option<Decimal> {
        let decimal =
            Decimal::from_str(&message.value).or_else(|_| Decimal::from_scientific(&message.value));
        let Ok(value) = decimal.map(|decimal| decimal.normalize()) else {
            return self.invalid(path, "is no decimal number");
        };
        if !is_rate(value) {
            return self.invalid(
                path,
                "is not above 0 and below 10^9 with at most 9 decimals",
            );
        }
        Some(value)
    }

    pub(super) fn event_id(&mut self, path: Path<'_>, text: &str) -> Option<EventId> {
        if text.is_empty() {
            return self.invalid(path, "is required");
        }
        match EventId::parse(text) {
            Ok(id) => Some(id),
            Err(malformed) => self.invalid(path, malformed.to_string()),
        }
    }
}

fn country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}
