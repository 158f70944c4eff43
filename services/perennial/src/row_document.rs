//! Rows of the API as documents: the one mapping from messages to what is printed.
//!
//! Names are those of the proto files, except `currency_code`, which is `currency`. Amounts become decimal text,
//! dates and instants ISO text, enumerations their word (`humanitarian`), bytes hexadecimal digits. A key that is
//! grouped away is left out; what is not known is `null`.

use perennial_domain::money::Currency;
use perennial_export::cell::Cell;
use perennial_wire::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    ReflectMessage as _, Value,
};

use crate::failure::{Exit, Failure};

/// Keys that rows can be grouped by: absent where they are grouped away.
const KEYS: [&str; 11] = [
    "agreement_id",
    "donor",
    "recipient",
    "country",
    "year",
    "pillar",
    "year_basis",
    "element",
    "title",
    "parent",
    "verified",
];
/// Messages whose rows can be grouped.
const GROUPED: [&str; 3] = [
    "perennial.query.v1.NexusRow",
    "perennial.query.v1.ByYearRow",
    "perennial.query.v1.SchemeRow",
];

/// Turns messages of one kind into documents.
pub struct RowDocument {
    descriptor: MessageDescriptor,
}

impl RowDocument {
    /// Finds the message by its full name.
    ///
    /// # Errors
    /// If the descriptors built into this program lack it.
    pub fn of(full_name: &str) -> Result<Self, Failure> {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).map_err(|error| {
            Failure::caused(Exit::Other, "read the built-in descriptors", &error)
        })?;
        let missing = || Failure::new(Exit::Other, format!("no message {full_name} is built in"));
        Ok(Self {
            descriptor: pool.get_message_by_name(full_name).ok_or_else(missing)?,
        })
    }

    /// Returns the message as an object.
    ///
    /// # Errors
    /// If an amount names no known currency or is not whole in it.
    pub fn object(&self, message: &impl Message) -> Result<Cell, Failure> {
        let mut dynamic = DynamicMessage::new(self.descriptor.clone());
        dynamic
            .transcode_from(message)
            .map_err(|error| Failure::caused(Exit::Other, "read a row", &error))?;
        object(&dynamic)
    }
}

fn object(message: &DynamicMessage) -> Result<Cell, Failure> {
    let descriptor = message.descriptor();
    let grouped = GROUPED.contains(&descriptor.full_name());
    let by_year = message.has_field_by_name("year");
    let mut members = Vec::new();
    for field in descriptor.fields() {
        let cell = field_cell(message, &field)?;
        if cell == Cell::Nothing && grouped && KEYS.contains(&field.name()) {
            continue;
        }
        // It speaks of years: without them nothing was cut.
        if field.name() == "prorated" && !by_year {
            continue;
        }
        let name = if field.name() == "currency_code" {
            "currency"
        } else {
            field.name()
        };
        members.push((name.to_owned(), cell));
    }
    Ok(Cell::Object(members))
}

fn field_cell(message: &DynamicMessage, field: &FieldDescriptor) -> Result<Cell, Failure> {
    if field.supports_presence() && !message.has_field(field) {
        return Ok(Cell::Nothing);
    }
    let value = message.get_field(field);
    let kind = field.kind();
    let Some(values) = value.as_list() else {
        return cell(&value, &kind);
    };
    let cells = values.iter().map(|value| cell(value, &kind));
    Ok(Cell::List(cells.collect::<Result<_, _>>()?))
}

fn cell(value: &Value, kind: &Kind) -> Result<Cell, Failure> {
    Ok(match value {
        Value::Bool(flag) => Cell::Flag(*flag),
        Value::U32(count) => Cell::Count(u64::from(*count)),
        Value::U64(count) => Cell::Count(*count),
        Value::I32(number) => Cell::Number(i64::from(*number)),
        Value::I64(number) => Cell::Number(*number),
        Value::String(text) => Cell::text(text),
        Value::Bytes(bytes) => Cell::Text(crate::commands::hex(bytes)),
        Value::EnumNumber(number) => kind
            .as_enum()
            .map_or(Cell::Number(i64::from(*number)), |descriptor| {
                word(descriptor, *number)
            }),
        Value::Message(message) => return message_cell(message),
        Value::F32(_) | Value::F64(_) | Value::List(_) | Value::Map(_) => {
            return Err(Failure::new(
                Exit::Other,
                "a row holds a value of a kind that rows never have",
            ));
        }
    })
}

/// The word of an enumeration's value; nothing for the value that stands for absence.
fn word(descriptor: &EnumDescriptor, number: i32) -> Cell {
    let zero = descriptor.default_value();
    let prefix = zero.name().trim_end_matches("UNSPECIFIED");
    match descriptor.get_value(number) {
        Some(value) if value.number() == zero.number() => Cell::Nothing,
        Some(value) => {
            let name = value.name();
            Cell::Text(name.strip_prefix(prefix).unwrap_or(name).to_lowercase())
        }
        // A newer service knows more values: shown as they come.
        None => Cell::Text(number.to_string()),
    }
}

fn message_cell(message: &DynamicMessage) -> Result<Cell, Failure> {
    let number = |name: &str| match message.get_field_by_name(name).as_deref() {
        Some(Value::I32(number)) => i64::from(*number),
        Some(Value::I64(number)) => *number,
        _ => 0,
    };
    match message.descriptor().full_name() {
        "google.type.Money" => {
            let code = match message.get_field_by_name("currency_code").as_deref() {
                Some(Value::String(code)) => code.clone(),
                _ => String::new(),
            };
            amount(&code, number("units"), number("nanos"))
        }
        "google.type.Date" => {
            let (year, month, day) = (number("year"), number("month"), number("day"));
            Ok(Cell::Text(format!("{year:04}-{month:02}-{day:02}")))
        }
        "google.protobuf.Timestamp" => {
            let nanos = i32::try_from(number("nanos")).unwrap_or(0);
            let instant = prost_types::Timestamp {
                seconds: number("seconds"),
                nanos,
            };
            Ok(Cell::text(instant))
        }
        _ => object(message),
    }
}

/// An amount as decimal text. Sums may be larger than what one entry may be.
fn amount(code: &str, units: i64, nanos: i64) -> Result<Cell, Failure> {
    let wrong = |why: String| Failure::new(Exit::Other, "an amount in the answer").because(why);
    let currency = Currency::parse(code).map_err(|error| wrong(error.to_string()))?;
    let digits = u32::from(currency.minor_digits());
    let inexact = || {
        wrong(format!(
            "{units} units and {nanos} billionths are not whole in {code}"
        ))
    };
    let nanos_of_one = 10_i64
        .checked_pow(9_u32.saturating_sub(digits))
        .ok_or_else(inexact)?;
    if nanos.checked_rem(nanos_of_one) != Some(0) {
        return Err(inexact());
    }
    let minor_of_one = 10_i128.checked_pow(digits).ok_or_else(inexact)?;
    let fraction = nanos.checked_div(nanos_of_one).map(i128::from);
    let whole = i128::from(units).checked_mul(minor_of_one);
    let minor_units = whole
        .zip(fraction)
        .and_then(|(whole, fraction)| whole.checked_add(fraction));
    Ok(Cell::amount(minor_units.ok_or_else(inexact)?, currency))
}
