//! One published transaction, interpreted: what it is, how much, when, between whom and for what; or why it
//! cannot be booked.

use std::sync::Arc;

use perennial_domain::Date;
use perennial_domain::agreement::Published;
use perennial_domain::classification::{LineDims, Split};
use perennial_domain::ids::LineId;
use perennial_domain::money::{Currency, DecimalError, Money};
use perennial_domain::party::OrgRef;

use super::classify::{places, purposes};
use super::identity::{line_id, occurrence_key};
use super::reason::{Item, Reason, VALUE_DATE_USED};
use super::{cut, locator};
use crate::activity::{Activity, Org, Transaction, Value};
use crate::vocabulary::{Direction, TransactionType, date, flag, role};

/// Longest name of an organisation that is kept, in characters.
const NAME_CHARS_MAX: usize = 500;
/// Longest reference and longest published text of a date that is kept, in characters.
const REFERENCE_CHARS_MAX: usize = 200;

/// A transaction that can be booked.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) kind: TransactionType,
    /// Signed as published, rounded to minor units.
    pub(super) amount: Money,
    pub(super) on: Date,
    pub(super) value_on: Option<Date>,
    pub(super) provider: OrgRef,
    pub(super) receiver: OrgRef,
    pub(super) dims: LineDims,
    /// The line of its counterparty and classification.
    pub(super) line_id: LineId,
    pub(super) reference: Option<String>,
    pub(super) published: Published,
    pub(super) locator: String,
}

impl Entry {
    pub(super) fn direction(&self) -> Direction {
        self.kind.direction()
    }

    /// The other side: who is paid in an outgoing agreement, who pays in an incoming one.
    pub(super) fn counterparty(&self) -> &OrgRef {
        match self.direction() {
            Direction::Outgoing => &self.receiver,
            Direction::Incoming => &self.provider,
        }
    }

    /// The reporter's own side.
    pub(super) fn own_party(&self) -> &OrgRef {
        match self.direction() {
            Direction::Outgoing => &self.provider,
            Direction::Incoming => &self.receiver,
        }
    }

    pub(super) fn note(&mut self, note: &str) {
        let notes = &mut self.published.notes;
        if let Err(at) = notes.binary_search_by(|known| known.as_str().cmp(note)) {
            notes.insert(at, note.to_owned());
        }
    }
}

/// What an activity says for all its transactions.
pub(super) struct Defaults<'a> {
    activity: &'a Activity,
    pub(super) reporter: OrgRef,
    funder: Option<OrgRef>,
    implementer: Option<OrgRef>,
    dims: LineDims,
}

impl<'a> Defaults<'a> {
    pub(super) fn of(activity: &'a Activity, remarks: &mut Vec<Item>) -> Self {
        let mut unusable = false;
        let dims = LineDims {
            purposes: purposes(&activity.sectors, &mut unusable).unwrap_or_default(),
            places: places(&activity.countries, &activity.regions, &mut unusable)
                .unwrap_or_default(),
            humanitarian: activity.humanitarian.as_deref().and_then(flag),
            ..LineDims::default()
        };
        if unusable {
            let locator = locator(activity, activity.line);
            remarks.push(Item {
                reason: Reason::CodeUnusable,
                locator,
            });
        }
        Self {
            activity,
            reporter: activity
                .reporting_org
                .as_ref()
                .map_or_else(OrgRef::unspecified, |org| org_ref(org, false)),
            funder: only(activity, 1),
            implementer: only(activity, 4),
            dims,
        }
    }

    /// How the activity as a whole is classified.
    pub(super) const fn dims(&self) -> &LineDims {
        &self.dims
    }

    /// Who gives: as published, else the reporter (outgoing) or the only funder (incoming).
    pub(super) fn provider(&self, direction: Direction, published: Option<&Org>) -> OrgRef {
        if let Some(org) = published {
            return org_ref(org, false);
        }
        match direction {
            Direction::Outgoing => derived(&self.reporter),
            Direction::Incoming => self.funder.clone().unwrap_or_else(OrgRef::unspecified),
        }
    }

    /// Who receives: as published, else the only implementing organisation; else the reporter of incoming money
    /// (the standard assumes it where `receiver-org` is left out), else nobody that could be named.
    pub(super) fn receiver(&self, direction: Direction, published: Option<&Org>) -> OrgRef {
        if let Some(org) = published {
            return org_ref(org, false);
        }
        match (&self.implementer, direction) {
            (Some(implementer), _) => implementer.clone(),
            (None, Direction::Incoming) => derived(&self.reporter),
            (None, Direction::Outgoing) => OrgRef::unspecified(),
        }
    }

    /// Interprets one transaction; its occurrence is numbered later.
    pub(super) fn entry(
        &self,
        transaction: &Transaction,
        remarks: &mut Vec<Item>,
    ) -> Result<Entry, Reason> {
        let kind = match transaction.type_code.as_deref() {
            None => return Err(Reason::MissingType),
            Some(code) => TransactionType::parse(code).ok_or(Reason::UnknownType)?,
        };
        let (value, text) = value_text(transaction.value.as_ref())?;
        let currency = self.currency(value)?;
        let amount = amount(text, currency)?;
        let when = when(transaction.date.as_deref(), value.value_date.as_deref())?;
        let direction = kind.direction();
        let provider = self.provider(direction, transaction.provider.as_ref());
        let receiver = self.receiver(direction, transaction.receiver.as_ref());
        let published_key = |org: Option<&Org>| org.map(|org| org_ref(org, false));
        let key = occurrence_key(&[
            kind.code(),
            &when.on.to_string(),
            text,
            currency.code(),
            value.value_date.as_deref().unwrap_or(""),
            published_key(transaction.provider.as_ref())
                .as_ref()
                .map_or("", OrgRef::key),
            published_key(transaction.receiver.as_ref())
                .as_ref()
                .map_or("", OrgRef::key),
        ]);
        let dims = self.transaction_dims(transaction, remarks);
        let counterparty = match direction {
            Direction::Outgoing => &receiver,
            Direction::Incoming => &provider,
        };
        let mut entry = Entry {
            line_id: line_id(counterparty, &dims),
            kind,
            amount,
            on: when.on,
            value_on: when.value_on,
            provider,
            receiver,
            dims,
            reference: transaction
                .reference
                .as_deref()
                .map(|text| cut(text, REFERENCE_CHARS_MAX)),
            published: Published {
                type_code: transaction.type_code.clone().unwrap_or_default(),
                value_text: text.to_owned(),
                date_text: when.unbookable,
                occurrence_key: key,
                occurrence: 0,
                notes: Vec::new(),
            },
            locator: locator(self.activity, transaction.line),
        };
        if entry.published.date_text.is_some() {
            entry.note(VALUE_DATE_USED);
        }
        Ok(entry)
    }

    /// The value's own currency, else the activity's.
    pub(super) fn currency(&self, value: &Value) -> Result<Currency, Reason> {
        let code = value
            .currency
            .as_deref()
            .or(self.activity.default_currency.as_deref());
        Currency::parse(code.ok_or(Reason::MissingCurrency)?).map_err(|_| Reason::UnknownCurrency)
    }

    /// What a transaction says of itself replaces what its activity says, dimension by dimension.
    fn transaction_dims(&self, transaction: &Transaction, remarks: &mut Vec<Item>) -> LineDims {
        let mut unusable = false;
        let own = |split: Option<Split>, default: &Split| split.unwrap_or_else(|| default.clone());
        let dims = LineDims {
            purposes: own(
                purposes(&transaction.sectors, &mut unusable),
                &self.dims.purposes,
            ),
            places: own(
                places(&transaction.countries, &transaction.regions, &mut unusable),
                &self.dims.places,
            ),
            humanitarian: transaction
                .humanitarian
                .as_deref()
                .and_then(flag)
                .or(self.dims.humanitarian),
            ..LineDims::default()
        };
        if unusable {
            let locator = locator(self.activity, transaction.line);
            remarks.push(Item {
                reason: Reason::CodeUnusable,
                locator,
            });
        }
        dims
    }
}

fn value_text(value: Option<&Value>) -> Result<(&Value, &str), Reason> {
    let value = value.ok_or(Reason::MissingValue)?;
    let text = value.text.as_deref().ok_or(Reason::MissingValue)?;
    Ok((value, text))
}

/// Reads a value, rounded half to even (R25: `decide` flags what the kept text says more of).
pub(super) fn signed_amount(text: &str, currency: Currency) -> Result<Money, Reason> {
    match Money::round_decimal(text, currency) {
        Ok(rounded) => Ok(rounded.money),
        Err(DecimalError::Money(_)) => Err(Reason::AmountOutOfRange),
        Err(DecimalError::NotANumber { .. } | DecimalError::TooPrecise { .. }) => {
            Err(Reason::MalformedValue)
        }
    }
}

fn amount(text: &str, currency: Currency) -> Result<Money, Reason> {
    let amount = signed_amount(text, currency)?;
    if amount.is_zero() {
        return Err(Reason::ZeroAmount);
    }
    Ok(amount)
}

struct When {
    on: Date,
    value_on: Option<Date>,
    /// The published date, where it could not be booked.
    unbookable: Option<String>,
}

/// The transaction's date; where it cannot be booked (in real files it is an amount), the value date.
fn when(published: Option<&str>, value_date: Option<&str>) -> Result<When, Reason> {
    let value_on = value_date.and_then(date);
    if let Some(on) = published.and_then(date) {
        return Ok(When {
            on,
            value_on,
            unbookable: None,
        });
    }
    match (value_on, published) {
        (Some(on), _) => {
            let unbookable = Some(cut(published.unwrap_or_default(), REFERENCE_CHARS_MAX));
            Ok(When {
                on,
                value_on,
                unbookable,
            })
        }
        (None, Some(_)) => Err(Reason::MalformedDate),
        (None, None) => Err(Reason::MissingDate),
    }
}

/// The one organisation in a role; none if there are several.
fn only(activity: &Activity, role_code: u8) -> Option<OrgRef> {
    let mut found: Option<OrgRef> = None;
    for participant in &activity.participating {
        if participant.role.as_deref().and_then(role) != Some(role_code) {
            continue;
        }
        let org = org_ref(&participant.org, true);
        match &found {
            Some(known) if known.key() != org.key() => return None,
            Some(_) => {}
            None => found = Some(org),
        }
    }
    found
}

fn derived(org: &OrgRef) -> OrgRef {
    OrgRef {
        derived: true,
        ..org.clone()
    }
}

pub(super) fn org_ref(org: &Org, derived: bool) -> OrgRef {
    let arc = |text: &str| Arc::<str>::from(cut(text, NAME_CHARS_MAX));
    OrgRef {
        id: org.reference.as_deref().map(arc),
        name: org.name.as_deref().map(arc),
        type_code: org.type_code.as_deref().and_then(|code| code.parse().ok()),
        derived,
    }
}
