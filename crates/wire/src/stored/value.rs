//! `value.proto`: what several kinds of events are made of.

use perennial_domain::Date;
use perennial_domain::agreement::Published;
use perennial_domain::classification::{Share, Split};
use perennial_domain::log::{EventId, Position};
use perennial_domain::money::{Currency, Money};
use perennial_domain::party::{DocRef, ExternalReference, OrgRef};
use perennial_domain::period::Period;
use perennial_domain::rule::Figure;

use super::error::{At, DecodeError, Problem, array, enumeration, list, narrow, optional};
use crate::pb::log as pb;
use crate::{date, money};

pub(super) fn day(number: u32) -> Result<Date, Problem> {
    date::from_number(number).ok_or(Problem::Date(number))
}

pub(super) fn amount(message: pb::Money) -> Result<Money, DecodeError> {
    let currency = currency(&message.currency_code).at("currency_code")?;
    let money = Money::from_units_nanos(message.units, message.nanos, currency);
    Ok(money.ok_or(Problem::Amount)?)
}

pub(super) fn currency(code: &str) -> Result<Currency, Problem> {
    Currency::parse(code).map_err(|_| Problem::Currency)
}

pub(super) fn minor_units(number: i64) -> Result<i128, Problem> {
    money::from_minor(number).ok_or(Problem::Amount)
}

impl From<Period> for pb::Period {
    fn from(period: Period) -> Self {
        Self {
            starts_on: date::number(period.starts_on()),
            ends_on: date::number(period.ends_on()),
        }
    }
}

pub(super) fn period(message: pb::Period) -> Result<Period, DecodeError> {
    days(message.starts_on, message.ends_on)
}

pub(super) fn days(starts_on: u32, ends_on: u32) -> Result<Period, DecodeError> {
    let starts_on = day(starts_on).at("starts_on")?;
    let ends_on = day(ends_on).at("ends_on")?;
    Ok(Period::new(starts_on, ends_on).map_err(Problem::from)?)
}

impl From<EventId> for pb::EventId {
    fn from(id: EventId) -> Self {
        Self {
            position: id.position.0,
            index: id.index,
        }
    }
}

pub(super) fn event_id(message: pb::EventId) -> Result<EventId, Problem> {
    Ok(EventId {
        position: Position(message.position),
        index: message.index,
    })
}

impl From<&OrgRef> for pb::OrganisationReference {
    fn from(org: &OrgRef) -> Self {
        Self {
            id: org.id.as_deref().map(str::to_owned),
            name: org.name.as_deref().map(str::to_owned),
            type_code: org.type_code.map(u32::from),
            derived: org.derived,
        }
    }
}

pub(super) fn organisation(message: pb::OrganisationReference) -> Result<OrgRef, DecodeError> {
    Ok(OrgRef {
        id: message.id.map(Into::into),
        name: message.name.map(Into::into),
        type_code: optional("type_code", message.type_code, narrow)?,
        derived: message.derived,
    })
}

impl From<&ExternalReference> for pb::ExternalReference {
    fn from(reference: &ExternalReference) -> Self {
        Self {
            system: reference.system.as_ref().to_owned(),
            reference: reference.reference.as_ref().to_owned(),
        }
    }
}

pub(super) fn external_reference(
    message: pb::ExternalReference,
) -> Result<ExternalReference, Problem> {
    Ok(ExternalReference {
        system: message.system.into(),
        reference: message.reference.into(),
    })
}

impl From<&DocRef> for pb::DocumentReference {
    fn from(document: &DocRef) -> Self {
        Self {
            uri: document.uri.clone(),
            sha256: document.sha256.map(|hash| hash.to_vec()),
            title: document.title.clone(),
        }
    }
}

pub(super) fn document(message: pb::DocumentReference) -> Result<DocRef, DecodeError> {
    Ok(DocRef {
        uri: message.uri,
        sha256: optional("sha256", message.sha256, |bytes| array(&bytes))?,
        title: message.title,
    })
}

impl From<&Figure> for pb::Figure {
    fn from(figure: &Figure) -> Self {
        Self {
            name: figure.name.clone(),
            value: figure.value.clone(),
        }
    }
}

pub(super) fn figure(message: pb::Figure) -> Result<Figure, Problem> {
    Ok(Figure {
        name: message.name,
        value: message.value,
    })
}

/// Returns the stored form of a split; none for what is not classified.
pub(super) fn split_message(split: &Split) -> Option<pb::Split> {
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

pub(super) fn split(field: &str, message: Option<pb::Split>) -> Result<Split, DecodeError> {
    let Some(message) = message else {
        return Ok(Split::default());
    };
    let shares = list("shares", message.shares, share).at(field)?;
    Split::recorded(shares, message.scaled)
        .map_err(Problem::from)
        .at(field)
}

fn share(message: pb::SplitShare) -> Result<Share, DecodeError> {
    Ok(Share {
        vocabulary: enumeration::<pb::Vocabulary>(message.vocabulary).at("vocabulary")?,
        code: message.code.into(),
        share_ppm: message.share_ppm,
    })
}

impl From<&Published> for pb::Published {
    fn from(published: &Published) -> Self {
        Self {
            type_code: published.type_code.clone(),
            value_text: published.value_text.clone(),
            date_text: published.date_text.clone(),
            occurrence_key: published.occurrence_key.to_vec(),
            occurrence: published.occurrence,
            notes: published.notes.clone(),
        }
    }
}

pub(super) fn published(message: pb::Published) -> Result<Published, DecodeError> {
    Ok(Published {
        type_code: message.type_code,
        value_text: message.value_text,
        date_text: message.date_text,
        occurrence_key: array(&message.occurrence_key).at("occurrence_key")?,
        occurrence: message.occurrence,
        notes: message.notes,
    })
}
