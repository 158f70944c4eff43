use perennial_domain::agreement::{Conversion, Firmness, Published, Rate, YearShare};
use perennial_domain::classification::{Code, OwnCode, Split};
use perennial_domain::exchange::Functional;
use perennial_domain::money::Currency;
use perennial_domain::party::{DocRef, ExternalReference, OrgRef};
use perennial_domain::period::Period;

use crate::date::to_google;
use crate::money;
use crate::pb::google::r#type as google;
use crate::pb::ledger as pb;

impl From<Period> for pb::Period {
    fn from(period: Period) -> Self {
        Self {
            starts_on: Some(to_google(period.starts_on())),
            ends_on: Some(to_google(period.ends_on())),
        }
    }
}

impl From<&OrgRef> for pb::OrganisationReference {
    fn from(org: &OrgRef) -> Self {
        Self {
            id: org.id.as_deref().unwrap_or_default().to_owned(),
            name: org.name.as_deref().unwrap_or_default().to_owned(),
            type_code: org.type_code.map(u32::from),
            derived: org.derived,
        }
    }
}

impl From<&ExternalReference> for pb::ExternalReference {
    fn from(reference: &ExternalReference) -> Self {
        Self {
            system: reference.system.as_ref().to_owned(),
            reference: reference.reference.as_ref().to_owned(),
        }
    }
}

impl From<&DocRef> for pb::DocumentReference {
    fn from(document: &DocRef) -> Self {
        Self {
            uri: document.uri.clone().unwrap_or_default(),
            sha256: document
                .sha256
                .map(|hash| hash.to_vec())
                .unwrap_or_default(),
            title: document.title.clone(),
        }
    }
}

impl From<&OwnCode> for pb::OwnCode {
    fn from(own_code: &OwnCode) -> Self {
        Self {
            scheme: own_code.scheme.as_ref().to_owned(),
            code: own_code.code.as_ref().to_owned(),
        }
    }
}

/// Returns the message of a split; none for what is not classified.
pub(super) fn split(split: &Split) -> Option<pb::Split> {
    if split.is_empty() && !split.scaled() {
        return None;
    }
    let shares = split.shares().iter().map(|share| pb::SplitShare {
        vocabulary: pb::Vocabulary::from(share.vocabulary).into(),
        code: share.code.as_ref().to_owned(),
        share_ppm: share.share_ppm,
    });
    Some(pb::Split {
        shares: shares.collect(),
        scaled: split.scaled(),
    })
}

/// Returns the number of a share's firmness; zero for what is firm, so that saying it makes no difference.
pub(super) fn firmness(firmness: Firmness) -> i32 {
    match firmness {
        Firmness::Firm => pb::Firmness::Unspecified.into(),
        Firmness::SubjectToAppropriation | Firmness::Indicative => {
            pb::Firmness::from(firmness).into()
        }
    }
}

impl From<&Code> for pb::Code {
    fn from(code: &Code) -> Self {
        Self {
            vocabulary: pb::Vocabulary::from(code.vocabulary).into(),
            code: code.code.as_ref().to_owned(),
        }
    }
}

/// Returns the messages of shares of an amount in `currency`.
pub(super) fn year_shares(shares: &[YearShare], currency: Currency) -> Vec<pb::YearShare> {
    let message = |share: &YearShare| pb::YearShare {
        starts_on: Some(to_google(share.period.starts_on())),
        ends_on: Some(to_google(share.period.ends_on())),
        amount: Some(money::google(share.minor_units, currency)),
        basis: pb::YearBasis::from(share.basis).into(),
        firmness: firmness(share.firmness),
    };
    shares.iter().map(message).collect()
}

impl From<&Published> for pb::Published {
    fn from(published: &Published) -> Self {
        Self {
            type_code: published.type_code.clone(),
            value_text: published.value_text.clone(),
            date_text: published.date_text.clone().unwrap_or_default(),
            occurrence_key: published.occurrence_key.to_vec(),
            occurrence: published.occurrence,
            notes: published.notes.clone(),
        }
    }
}

impl From<&Conversion> for pb::Conversion {
    fn from(conversion: &Conversion) -> Self {
        Self {
            original: Some(conversion.original.into()),
            rate: conversion.rate.as_ref().map(Into::into),
        }
    }
}

impl From<&Functional> for pb::Functional {
    fn from(functional: &Functional) -> Self {
        Self {
            money: Some(functional.money.into()),
            rate: functional.rate.as_ref().map(Into::into),
        }
    }
}

impl From<&Rate> for pb::Rate {
    fn from(rate: &Rate) -> Self {
        Self {
            base: rate.base.to_string(),
            quote: rate.quote.to_string(),
            // Equal rates have one text, whatever zeros they were written with.
            value: Some(google::Decimal {
                value: rate.value.normalize().to_string(),
            }),
            rate_on: Some(to_google(rate.rate_on)),
            source: pb::RateSource::from(rate.source).into(),
            table_version: rate.table_version.clone().unwrap_or_default(),
        }
    }
}
