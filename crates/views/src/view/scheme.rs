//! `scheme`: what is committed and paid for each element of a scheme, by year (FRAMEWORKS.md 1).

use perennial_domain::money::Currency;
use perennial_domain::reference::Scheme;

use crate::lens::Lens;
use crate::posting::Direction;
use crate::question::{Dimension, QuestionError};
use crate::rows::{Party, RowKey};
use crate::view::additive::Basis;
use crate::view::by_year::agreement_id;
use crate::view::tagged::{Amounts, Asked, Key, Part, rows};

/// Its keys.
pub const KEYS: &[Dimension] = &[
    Dimension::Direction,
    Dimension::Agreement,
    Dimension::Donor,
    Dimension::Recipient,
    Dimension::Element,
    Dimension::Year,
    Dimension::Currency,
    Dimension::YearBasis,
];

/// The keys of rows where a question names none: a framework's table has elements and years.
const DEFAULT: &[Dimension] = &[Dimension::Element, Dimension::Year, Dimension::YearBasis];

/// What a row of `scheme` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SchemePart {
    /// An element, with what is tagged below it.
    Element,
    /// Money with any tag, each line once. In a scheme that divides money: what is tagged.
    AnyTag,
    /// Money without a tag; in a scheme that divides money, the rest that no tag claims too.
    Untagged,
}

impl SchemePart {
    /// The word in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Element => "element",
            Self::AnyTag => "any_tag",
            Self::Untagged => "untagged",
        }
    }
}

/// A row of `scheme`. A key that is grouped away is `None`. Amounts are minor units of `currency`. `disbursed` is what
/// was paid: net payments of outgoing money, net receipts of incoming money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeRow {
    /// The scheme, as `name@version`.
    pub scheme: String,
    /// Whether its elements divide money. If not, they overlap and have no total.
    pub partition: bool,
    /// Incoming or outgoing; the two are never added.
    pub direction: Direction,
    /// The agreement.
    pub agreement_id: Option<String>,
    /// Who gives.
    pub donor: Option<Party>,
    /// Who receives.
    pub recipient: Option<Party>,
    /// What the row is about.
    pub part: SchemePart,
    /// Code of the element; `None` in the other rows.
    pub element: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Code of the element that it is a part of.
    pub parent: Option<String>,
    /// Whether its title was checked against the framework's own text.
    pub verified: Option<bool>,
    /// The fiscal year's label.
    pub year: Option<String>,
    /// The currency.
    pub currency: Currency,
    /// `scheduled`, `budgeted`, `prorated`, `signing_year`; `actual` for cash.
    pub year_basis: Option<&'static str>,
    /// Whether the period of an amount in this row crosses a year boundary and was cut by days.
    pub prorated: bool,
    /// Net commitments.
    pub committed: i128,
    /// Of them: of agreements whose original term reaches the multi-year threshold.
    pub committed_multi_year: i128,
    /// Of them: declared, mapped, inferred. Of untagged money nothing is said.
    pub committed_by_basis: [i128; 3],
    /// Net payments or receipts.
    pub disbursed: i128,
    /// Of them: of agreements whose original term reaches the multi-year threshold.
    pub disbursed_multi_year: i128,
    /// Of them: declared, mapped, inferred. Of untagged money nothing is said.
    pub disbursed_by_basis: [i128; 3],
}

impl SchemeRow {
    /// Its key: scheme, direction, agreement, donor, recipient, part, element, year, currency and basis; grouped ones
    /// empty.
    pub fn key(&self) -> RowKey {
        let party = |party: &Option<Party>| {
            let id = party.as_ref().map(|party| party.id.clone());
            id.unwrap_or_default()
        };
        RowKey::of(&[
            &self.scheme,
            self.direction.name(),
            self.agreement_id.as_deref().unwrap_or_default(),
            &party(&self.donor),
            &party(&self.recipient),
            self.part.name(),
            self.element.as_deref().unwrap_or_default(),
            self.year.as_deref().unwrap_or_default(),
            self.currency.code(),
            self.year_basis.unwrap_or_default(),
        ])
    }
}

/// The rows: scheme by scheme, then by direction, agreement, donor, recipient and currency; elements in the order of
/// the framework, any tag and untagged after them; then by year and basis.
///
/// Without a scheme in the filter: every scheme in which anything is tagged.
///
/// # Errors
/// [`QuestionError::NoSuchScheme`] if the filter names one that was not published.
pub fn evaluate(lens: &Lens<'_>) -> Result<Vec<SchemeRow>, QuestionError> {
    let registry = lens.facts.histories().registry();
    let schemes: Vec<&Scheme> = match &lens.question.filter.scheme {
        None => registry.tagged_schemes(lens.at).collect(),
        Some(name) => {
            let scheme = registry.scheme(name, lens.at, lens.effective());
            let unknown = || QuestionError::NoSuchScheme { name: name.clone() };
            vec![scheme.ok_or_else(unknown)?]
        }
    };
    let mut found = Vec::new();
    for scheme in schemes {
        of_scheme(lens, scheme, &mut found);
    }
    Ok(found)
}

fn of_scheme(lens: &Lens<'_>, scheme: &Scheme, found: &mut Vec<SchemeRow>) {
    let kept = lens.question.group_by.as_deref().unwrap_or(DEFAULT);
    let has = |dimension: Dimension| kept.contains(&dimension);
    let asked = Asked {
        scheme,
        places: None,
        direction: None,
        by_agreement: has(Dimension::Agreement),
        by_donor: has(Dimension::Donor),
        by_recipient: has(Dimension::Recipient),
        by_year: has(Dimension::Year),
        by_basis: has(Dimension::YearBasis),
    };
    let start = found.len();
    for (key, amounts) in rows(lens, &asked) {
        if !has(Dimension::Element) && matches!(key.part, Part::Element(_)) {
            continue;
        }
        let row = row(lens, scheme, &key, &amounts);
        if shown(lens, &row) {
            found.push(row);
        }
    }
    // Numbers of organisations and agreements follow the log; rows follow their words, the rest keeps its order.
    if let Some(own) = found.get_mut(start..) {
        own.sort_by(|a, b| {
            let left = (a.direction, &a.agreement_id, &a.donor, &a.recipient);
            let right = (b.direction, &b.agreement_id, &b.donor, &b.recipient);
            left.cmp(&right).then_with(|| a.currency.cmp(&b.currency))
        });
    }
}

/// Whether a row passes the filters on keys that it shows: it was rounded with its partition, so no figure changes.
fn shown(lens: &Lens<'_>, row: &SchemeRow) -> bool {
    let filter = &lens.question.filter;
    let holds = |asked: &Option<String>, is: &Option<String>| {
        asked.is_none() || is.is_none() || asked == is
    };
    holds(&filter.year, &row.year) && (filter.element.is_none() || filter.element == row.element)
}

fn row(lens: &Lens<'_>, scheme: &Scheme, key: &Key, amounts: &Amounts) -> SchemeRow {
    let element = match key.part {
        Part::Element(element) => scheme.elements.get(element),
        Part::AnyTag | Part::Untagged => None,
    };
    let by_basis = |parts: [i128; 3]| match key.part {
        Part::Untagged => [0; 3],
        Part::Element(_) | Part::AnyTag => parts,
    };
    SchemeRow {
        scheme: scheme.list.to_string(),
        partition: scheme.partition,
        direction: key.direction,
        agreement_id: key.agreement.map(|entity| agreement_id(lens, entity)),
        donor: key.donor.words(lens),
        recipient: key.recipient.words(lens),
        part: match key.part {
            Part::Element(_) => SchemePart::Element,
            Part::AnyTag => SchemePart::AnyTag,
            Part::Untagged => SchemePart::Untagged,
        },
        element: element.map(|element| element.code.as_ref().to_owned()),
        title: element.map(|element| element.title.clone()),
        parent: element.and_then(|element| element.parent.as_deref().map(str::to_owned)),
        verified: element.map(|element| element.verified),
        year: key.year.map(|year| lens.label(year).to_owned()),
        currency: key.currency,
        year_basis: key.basis.map(Basis::name),
        prorated: amounts.prorated,
        committed: amounts.committed.amount,
        committed_multi_year: amounts.committed.multi_year,
        committed_by_basis: by_basis(amounts.committed.by_basis),
        disbursed: amounts.paid.amount,
        disbursed_multi_year: amounts.paid.multi_year,
        disbursed_by_basis: by_basis(amounts.paid.by_basis),
    }
}
