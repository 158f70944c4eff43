//! Reads JSON by a message's descriptor, and goes on after everything that is wrong.

use std::collections::BTreeMap;

use perennial_domain::money::Money;
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _,
    Value,
};
use serde_json::value::RawValue;

use super::source::{Members, Source, Violation};
use super::text_values;

/// How deep messages may nest; the API's own nest a dozen deep.
const DEPTH_MAX: usize = 40;
/// How many violations are collected; more help nobody.
const VIOLATIONS_MAX: usize = 200;

/// One pass over one submission.
pub(super) struct Walk<'t> {
    source: Source<'t>,
    pub(super) violations: Vec<Violation>,
    /// Where each path that was read begins, in bytes.
    pub(super) places: BTreeMap<String, usize>,
}

impl<'t> Walk<'t> {
    pub(super) const fn new(source: Source<'t>) -> Self {
        Self {
            source,
            violations: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    fn violation(&mut self, path: &str, offset: usize, problem: String) {
        if self.violations.len() < VIOLATIONS_MAX {
            let place = self.source.place(offset);
            self.violations.push(Violation {
                path: path.to_owned(),
                place,
                problem,
            });
        }
    }

    /// Reads a message; nothing if anything in it is wrong, which is then in `violations`.
    pub(super) fn message(
        &mut self,
        descriptor: &MessageDescriptor,
        raw: &'t RawValue,
        path: &str,
        depth: usize,
    ) -> Option<DynamicMessage> {
        let offset = self.source.offset(raw.get());
        if DEPTH_MAX < depth {
            self.violation(path, offset, format!("nested more than {DEPTH_MAX} deep"));
            return None;
        }
        match written_by_people(descriptor, raw) {
            Some(Ok(message)) => return Some(message),
            Some(Err(problem)) => {
                self.violation(path, offset, problem);
                return None;
            }
            None => {}
        }
        let Ok(Members(members)) = serde_json::from_str(raw.get()) else {
            let problem = match descriptor.full_name() {
                "google.type.Money" => "is no amount: write it as \"1000.00 USD\"".to_owned(),
                "google.type.Date" => "is no date: write it as \"2027-01-31\"".to_owned(),
                _ => "is no object".to_owned(),
            };
            self.violation(path, offset, problem);
            return None;
        };
        let before = self.violations.len();
        let mut message = DynamicMessage::new(descriptor.clone());
        for (name, value) in members {
            self.member(&mut message, &name, value, (path, depth));
        }
        (before == self.violations.len()).then_some(message)
    }

    /// Reads one member of an object into `message`, which stands at a path and a depth.
    fn member(
        &mut self,
        message: &mut DynamicMessage,
        name: &str,
        raw: &'t RawValue,
        (parent, depth): (&str, usize),
    ) {
        let descriptor = message.descriptor();
        let value_offset = self.source.offset(raw.get());
        let name_offset = self.source.name_offset(value_offset);
        let field = descriptor
            .get_field_by_name(name)
            .or_else(|| descriptor.get_field_by_json_name(name));
        let Some(field) = field else {
            let path = join(parent, name);
            self.violation(&path, name_offset, unknown_field(&descriptor, name));
            return;
        };
        let path = join(parent, field.name());
        if self.places.insert(path.clone(), name_offset).is_some() {
            self.violation(&path, name_offset, "is there twice".to_owned());
            return;
        }
        if raw.get() == "null" {
            return;
        }
        if let Some(oneof) = field.containing_oneof()
            && let Some(other) = oneof.fields().find(|other| message.has_field(other))
            && !oneof.is_synthetic()
        {
            let problem = format!(
                "stands beside \"{}\": only one of them is allowed",
                other.name()
            );
            self.violation(&path, name_offset, problem);
            return;
        }
        let value = if field.is_list() {
            self.list(&field, raw, &path, depth)
        } else {
            self.single(&field, raw, &path, depth)
        };
        if let Some(value) = value {
            message.set_field(&field, value);
        }
    }

    fn list(
        &mut self,
        field: &FieldDescriptor,
        raw: &'t RawValue,
        path: &str,
        depth: usize,
    ) -> Option<Value> {
        let Ok(elements) = serde_json::from_str::<Vec<&'t RawValue>>(raw.get()) else {
            let offset = self.source.offset(raw.get());
            self.violation(path, offset, "is no list: write it in [ ]".to_owned());
            return None;
        };
        let mut values = Vec::with_capacity(elements.len());
        let mut sound = true;
        for (index, element) in elements.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            self.places
                .insert(path.clone(), self.source.offset(element.get()));
            match self.single(field, element, &path, depth) {
                Some(value) => values.push(value),
                None => sound = false,
            }
        }
        sound.then_some(Value::List(values))
    }

    fn single(
        &mut self,
        field: &FieldDescriptor,
        raw: &'t RawValue,
        path: &str,
        depth: usize,
    ) -> Option<Value> {
        let kind = field.kind();
        let read = match &kind {
            Kind::Message(descriptor) => {
                let depth = depth.saturating_add(1);
                return self
                    .message(descriptor, raw, path, depth)
                    .map(Value::Message);
            }
            Kind::Enum(descriptor) => enumeration(descriptor, raw),
            Kind::Double
            | Kind::Float
            | Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Sint32
            | Kind::Sint64
            | Kind::Fixed32
            | Kind::Fixed64
            | Kind::Sfixed32
            | Kind::Sfixed64
            | Kind::Bool
            | Kind::String
            | Kind::Bytes => scalar(field, raw),
        };
        match read {
            Ok(value) => Some(value),
            Err(problem) => {
                let offset = self.source.offset(raw.get());
                self.violation(path, offset, problem);
                None
            }
        }
    }
}

fn join(parent: &str, name: &str) -> String {
    match parent {
        "" => name.to_owned(),
        _ => format!("{parent}.{name}"),
    }
}

/// Reads what people write as text where the API has a message; nothing if it is written as a message.
fn written_by_people(
    descriptor: &MessageDescriptor,
    raw: &RawValue,
) -> Option<Result<DynamicMessage, String>> {
    let text = serde_json::from_str::<String>(raw.get());
    let fields = match (descriptor.full_name(), text) {
        ("google.type.Money", Ok(text)) => text_values::money(&text).map(money_fields),
        ("google.type.Date", Ok(text)) => text_values::date(&text).map(|date| {
            vec![
                ("year", Value::I32(date.year().into())),
                ("month", Value::I32(date.month().into())),
                ("day", Value::I32(date.day().into())),
            ]
        }),
        ("google.type.Decimal", Ok(text)) => Ok(vec![("value", Value::String(text))]),
        ("google.type.Decimal", Err(_)) => serde_json::from_str::<serde_json::Number>(raw.get())
            .map(|_| vec![("value", Value::String(raw.get().to_owned()))])
            .map_err(|_| "is no decimal number".to_owned()),
        (name, _) if name.starts_with("google.protobuf.") => {
            let mut json = serde_json::Deserializer::from_str(raw.get());
            let read = DynamicMessage::deserialize(descriptor.clone(), &mut json);
            return Some(read.map_err(|error| without_place(&error)));
        }
        _ => return None,
    };
    Some(fields.map(|fields| {
        let mut message = DynamicMessage::new(descriptor.clone());
        for (name, value) in fields {
            message.set_field_by_name(name, value);
        }
        message
    }))
}

fn money_fields(money: Money) -> Vec<(&'static str, Value)> {
    let (units, nanos) = money.units_nanos();
    vec![
        (
            "currency_code",
            Value::String(money.currency().code().to_owned()),
        ),
        ("units", Value::I64(units)),
        ("nanos", Value::I32(nanos)),
    ]
}

/// Reads an enumeration's value: `PERSPECTIVE_PROVIDER`, or `provider` for short.
fn enumeration(descriptor: &EnumDescriptor, raw: &RawValue) -> Result<Value, String> {
    let prefix = descriptor
        .default_value()
        .name()
        .trim_end_matches("UNSPECIFIED")
        .to_owned();
    let allowed = || {
        let names = descriptor.values().filter(|value| value.number() != 0);
        let short = |name: &str| name.strip_prefix(&prefix).unwrap_or(name).to_lowercase();
        names
            .map(|value| short(value.name()))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let text = serde_json::from_str::<String>(raw.get())
        .map_err(|_| format!("is none of the words: {}", allowed()))?;
    let long = format!("{prefix}{}", text.to_uppercase().replace('-', "_"));
    descriptor
        .get_value_by_name(&text)
        .or_else(|| descriptor.get_value_by_name(&long))
        .map(|value| Value::EnumNumber(value.number()))
        .ok_or_else(|| format!("\"{text}\" is none of: {}", allowed()))
}

/// Reads text, a number, bytes or a yes or no, as the JSON mapping of the API has them.
fn scalar(field: &FieldDescriptor, raw: &RawValue) -> Result<Value, String> {
    let (open, close) = if field.is_list() {
        ("[", "]")
    } else {
        ("", "")
    };
    let json = format!("{{\"{}\":{open}{}{close}}}", field.json_name(), raw.get());
    let mut json = serde_json::Deserializer::from_str(&json);
    let read = DynamicMessage::deserialize(field.parent_message().clone(), &mut json)
        .map_err(|error| without_place(&error))?;
    let value = read.get_field(field).into_owned();
    match value.as_list() {
        Some(values) => values.first().cloned().ok_or_else(|| "is empty".to_owned()),
        None => Ok(value),
    }
}

/// The message of an error without the place, which is one of a part and would mislead.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ")
        .map_or(text.as_str(), |(problem, _)| problem)
        .to_owned()
}

fn unknown_field(descriptor: &MessageDescriptor, name: &str) -> String {
    let fields: Vec<String> = descriptor
        .fields()
        .map(|field| field.name().to_owned())
        .collect();
    let nearest = fields
        .iter()
        .map(|field| (distance(field, name), field))
        .min()
        .filter(|(distance, field)| distance.saturating_mul(3) <= field.len().max(4));
    match nearest {
        Some((_, field)) => format!("unknown field \"{name}\": did you mean \"{field}\"?"),
        None => format!("unknown field \"{name}\": there are {}", fields.join(", ")),
    }
}

/// How many characters must be added, left out or changed to make one text the other.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, left) in left.chars().enumerate() {
        let mut diagonal = index;
        let mut beside = index.saturating_add(1);
        let mut next = vec![beside];
        for (right, above) in right.iter().zip(row.iter().skip(1)) {
            let changed = diagonal.saturating_add(usize::from(left != *right));
            beside = changed
                .min(beside.saturating_add(1))
                .min(above.saturating_add(1));
            diagonal = *above;
            next.push(beside);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_single_changes() {
        assert_eq!(distance("amount", "amount"), 0);
        assert_eq!(distance("amount", "amout"), 1);
        assert_eq!(distance("effective_on", "effektive_on"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
    }
}
