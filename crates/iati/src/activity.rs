//! A published activity, word for word: texts are cleaned of blanks and control characters, and nothing is
//! interpreted. What a text means, and whether it can be booked, is decided in [`crate::plan`].

/// One `iati-activity` element.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Activity {
    /// Line of its start tag, from 1.
    pub line: u64,
    /// `iati-identifier`; empty where none is published.
    pub identifier: String,
    /// Who reports.
    pub reporting_org: Option<Org>,
    /// First narrative of its title.
    pub title: Option<String>,
    /// First narrative of its first description.
    pub description: Option<String>,
    /// Who takes part, in published order.
    pub participating: Vec<Participant>,
    /// Numbers that other systems gave it, in published order.
    pub other_identifiers: Vec<OtherIdentifier>,
    /// Code of `activity-status`.
    pub status: Option<String>,
    /// Attribute `hierarchy`.
    pub hierarchy: Option<String>,
    /// Identifier of the first related activity of type 1 (parent).
    pub parent: Option<String>,
    /// `activity-date` elements, in published order.
    pub dates: Vec<ActivityDate>,
    /// Attribute `default-currency`.
    pub default_currency: Option<String>,
    /// Attribute `humanitarian`.
    pub humanitarian: Option<String>,
    /// Sectors of the activity as a whole.
    pub sectors: Vec<Coded>,
    /// Countries of the activity as a whole.
    pub countries: Vec<Coded>,
    /// Regions of the activity as a whole.
    pub regions: Vec<Coded>,
    /// Budgets, in published order.
    pub budgets: Vec<Budget>,
    /// Planned disbursements, in published order.
    pub planned_disbursements: Vec<PlannedDisbursement>,
    /// Transactions, in published order.
    pub transactions: Vec<Transaction>,
}

/// An organisation as an element names it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Org {
    /// Attribute `ref`, if not empty.
    pub reference: Option<String>,
    /// First narrative, or the element's own text (version 1).
    pub name: Option<String>,
    /// Attribute `type`.
    pub type_code: Option<String>,
}

/// A `participating-org`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Participant {
    /// The organisation.
    pub org: Org,
    /// Attribute `role`: a code, or a word in version 1.
    pub role: Option<String>,
}

/// An `other-identifier`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct OtherIdentifier {
    /// Attribute `type`, as in `A2` (CRS) or `A4` (FTS).
    pub type_code: Option<String>,
    /// Attribute `ref`, or the element's own text (version 1).
    pub reference: String,
}

/// An `activity-date`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ActivityDate {
    /// Attribute `type`: a code, or a word in version 1.
    pub type_code: Option<String>,
    /// Attribute `iso-date`, else the element's text.
    pub date: Option<String>,
}

/// A sector, country or region with its share.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Coded {
    /// Attribute `vocabulary`.
    pub vocabulary: Option<String>,
    /// Attribute `code`.
    pub code: Option<String>,
    /// Attribute `percentage`, as published.
    pub percentage: Option<String>,
}

/// A `value` element.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Value {
    /// Its text, without the blanks around it.
    pub text: Option<String>,
    /// Attribute `currency`; where absent the activity's default applies.
    pub currency: Option<String>,
    /// Attribute `value-date`.
    pub value_date: Option<String>,
}

/// A `budget` element.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Budget {
    /// Line of its start tag.
    pub line: u64,
    /// Attribute `type`: 1 or `original`, 2 or `revised`.
    pub type_code: Option<String>,
    /// First day.
    pub starts_on: Option<String>,
    /// Last day, included.
    pub ends_on: Option<String>,
    /// How much.
    pub value: Option<Value>,
}

/// A `planned-disbursement` element.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PlannedDisbursement {
    /// Line of its start tag.
    pub line: u64,
    /// First day.
    pub starts_on: Option<String>,
    /// Last day, included.
    pub ends_on: Option<String>,
    /// How much.
    pub value: Option<Value>,
    /// To whom.
    pub receiver: Option<Org>,
}

/// A `transaction` element.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Transaction {
    /// Line of its start tag.
    pub line: u64,
    /// Attribute `ref`.
    pub reference: Option<String>,
    /// Attribute `humanitarian`.
    pub humanitarian: Option<String>,
    /// Code of `transaction-type`: a number, or a letter in version 1.
    pub type_code: Option<String>,
    /// `transaction-date`: attribute `iso-date`, else the element's text.
    pub date: Option<String>,
    /// Its value.
    pub value: Option<Value>,
    /// Who gave.
    pub provider: Option<Org>,
    /// Who got.
    pub receiver: Option<Org>,
    /// Sectors of this transaction alone.
    pub sectors: Vec<Coded>,
    /// Countries of this transaction alone.
    pub countries: Vec<Coded>,
    /// Regions of this transaction alone.
    pub regions: Vec<Coded>,
}
