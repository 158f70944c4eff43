//! One value of a row, as every format prints it.

use perennial_domain::money::Currency;
use serde_json::Value;

/// One value of a row. Formats differ in how they quote it, never in what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Not known, or does not apply.
    Nothing,
    /// Words, ids, codes, dates.
    Text(String),
    /// A count.
    Count(u64),
    /// A whole number of either sign.
    Number(i64),
    /// Decimal text of an amount, with all minor digits of its currency.
    Amount(String),
    /// Yes or no.
    Flag(bool),
    /// Several things in order, each a cell.
    List(Vec<Cell>),
    /// Things by name, in order.
    Object(Vec<(String, Cell)>),
}

impl Cell {
    /// Words.
    pub fn text(text: impl std::fmt::Display) -> Self {
        Self::Text(text.to_string())
    }

    /// Words, or nothing.
    pub fn optional(text: Option<impl std::fmt::Display>) -> Self {
        text.map_or(Self::Nothing, Self::text)
    }

    /// An amount in minor units of its currency.
    pub fn amount(minor_units: i128, currency: Currency) -> Self {
        let text = perennial_domain::money::sum_text(minor_units, currency);
        let number = text
            .split_once(' ')
            .map_or(text.as_str(), |(number, _)| number);
        Self::Amount(number.to_owned())
    }

    /// The value in a JSON document: amounts are text, counts are numbers.
    pub fn json(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Text(text) | Self::Amount(text) => Value::String(text.clone()),
            Self::Count(count) => Value::from(*count),
            Self::Number(number) => Value::from(*number),
            Self::Flag(flag) => Value::Bool(*flag),
            Self::List(cells) => Value::Array(cells.iter().map(Self::json).collect()),
            Self::Object(members) => members
                .iter()
                .map(|(name, cell)| (name.clone(), cell.json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    /// The cell at a path of names, as in `donor.name`; nothing if there is none.
    pub fn at(&self, path: &str) -> &Self {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let mut members = self.members().into_iter().flatten();
        match members.find(|(member, _)| member == name) {
            Some((_, cell)) if rest.is_empty() => cell,
            Some((_, cell)) => cell.at(rest),
            None => &Self::Nothing,
        }
    }

    /// The value as columns of a flat file: an object becomes one column for each member, as in `donor_id`.
    pub fn flat(&self, name: &str) -> Vec<(String, Self)> {
        let Some(members) = self.members() else {
            return vec![(name.to_owned(), self.clone())];
        };
        let columns = members.iter().flat_map(|(member, cell)| match name {
            "" => cell.flat(member),
            _ => cell.flat(&format!("{name}_{member}")),
        });
        columns.collect()
    }

    /// The members of an object; `None` for everything else.
    const fn members(&self) -> Option<&Vec<(String, Self)>> {
        match self {
            Self::Object(members) => Some(members),
            Self::Nothing
            | Self::Text(_)
            | Self::Count(_)
            | Self::Number(_)
            | Self::Amount(_)
            | Self::Flag(_)
            | Self::List(_) => None,
        }
    }

    /// The value in one cell of a table: lists are joined by `; `, names of an object are left out.
    pub fn plain(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) | Self::Amount(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
            Self::List(cells) => join(cells.iter(), "; "),
            Self::Object(members) => join(members.iter().map(|(_, cell)| cell), " "),
        }
    }

    /// Whether the value is a number, to which no spreadsheet rule applies and which is aligned right.
    pub const fn is_number(&self) -> bool {
        match self {
            Self::Count(_) | Self::Number(_) | Self::Amount(_) => true,
            Self::Nothing | Self::Text(_) | Self::Flag(_) | Self::List(_) | Self::Object(_) => {
                false
            }
        }
    }
}

fn join<'c>(cells: impl Iterator<Item = &'c Cell>, separator: &str) -> String {
    let texts: Vec<String> = cells
        .map(Cell::plain)
        .filter(|text| !text.is_empty())
        .collect();
    texts.join(separator)
}
