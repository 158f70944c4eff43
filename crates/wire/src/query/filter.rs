//! The filter language: conditions that all hold (the part of AIP-160 that the views understand).

use perennial_domain::ids::AgreementId;
use perennial_domain::money::Currency;
use perennial_views::Filter;
use perennial_views::posting::Direction;

/// The most characters of a filter.
pub(super) const FILTER_CHARS_MAX: usize = 4_000;

/// Reads `direction = outgoing AND year = "2026/27"`.
///
/// # Errors
/// What is wrong, as a phrase that follows the field's path.
pub(super) fn filter(text: &str) -> Result<Filter, String> {
    if text.chars().count() > FILTER_CHARS_MAX {
        return Err(format!("has more than {FILTER_CHARS_MAX} characters"));
    }
    let mut filter = Filter::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (field, after) = word(rest);
        let Some(after) = after.trim_start().strip_prefix('=') else {
            return Err(format!("needs \"=\" after \"{field}\""));
        };
        let (value, after) = value(after.trim_start())?;
        condition(&mut filter, field, &value)?;
        rest = after.trim_start();
        if rest.is_empty() {
            break;
        }
        let (and, after) = word(rest);
        rest = after.trim_start();
        if and != "AND" || rest.is_empty() {
            return Err("joins conditions with AND only".to_owned());
        }
    }
    Ok(filter)
}

/// Splits off letters, digits and underscores.
fn word(text: &str) -> (&str, &str) {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let end = text.find(|character| !is_part(character));
    text.split_at(end.unwrap_or(text.len()))
}

/// Splits off a bare word up to a blank, or a quoted text.
fn value(text: &str) -> Result<(String, &str), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (bare, rest) = text.split_at(end);
        if bare.is_empty() {
            return Err("ends where a value is expected".to_owned());
        }
        if bare.contains(['"', '=', '(', ')', ':', '<', '>', '*']) {
            return Err(format!("needs quotes around {bare}"));
        }
        return Ok((bare.to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, quoted.get(at + 1..).unwrap_or_default())),
            '\\' => match characters.next() {
                Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                Some(_) | None => return Err("has a backslash before no quote".to_owned()),
            },
            other => value.push(other),
        }
    }
    Err("has an open quote".to_owned())
}

fn condition(filter: &mut Filter, field: &str, value: &str) -> Result<(), String> {
    let text = || Some(value.to_owned());
    let none = |what: &str| format!("names no {what}: \"{value}\"");
    match field {
        "agreement_id" => {
            let id = AgreementId::parse(value).map_err(|malformed| malformed.to_string())?;
            let first = filter.agreements.is_empty();
            filter.agreements.push(id);
            once(field, first)
        }
        "direction" => {
            let direction = Direction::parse(value).ok_or_else(|| none("direction"))?;
            once(field, filter.direction.replace(direction).is_none())
        }
        "currency" => {
            let currency = Currency::parse(value).map_err(|unknown| unknown.to_string())?;
            once(field, filter.currency.replace(currency).is_none())
        }
        "donor" => set(field, &mut filter.donor, text()),
        "recipient" => set(field, &mut filter.recipient, text()),
        "country" => set(field, &mut filter.country, text()),
        "pillar" => set(field, &mut filter.pillar, text()),
        "year" => set(field, &mut filter.year, text()),
        "rule" => set(field, &mut filter.rule, text()),
        "standing" => flag(field, &mut filter.standing, value),
        "open" => flag(field, &mut filter.open, value),
        "scheme" => set(field, &mut filter.scheme, text()),
        "element" => set(field, &mut filter.element, text()),
        "plan_id" => set(field, &mut filter.plan, text()),
        "calendar_id" => set(field, &mut filter.calendar, text()),
        "list" => set(field, &mut filter.list, text()),
        "organisation_id" => set(field, &mut filter.organisation, text()),
        unknown => Err(format!(
            "knows no field \"{unknown}\": it knows agreement_id, direction, currency, donor, recipient, country, \
             pillar, year, rule, standing, open, scheme, element, plan_id, calendar_id, list and organisation_id"
        )),
    }
}

/// A condition that is there or not.
fn flag(field: &str, place: &mut bool, value: &str) -> Result<(), String> {
    if value != "true" {
        return Err(format!("knows \"{field}\" as {field} = true only"));
    }
    once(field, !std::mem::replace(place, true))
}

fn set(field: &str, place: &mut Option<String>, value: Option<String>) -> Result<(), String> {
    let first = place.is_none();
    *place = value;
    once(field, first)
}

fn once(field: &str, first: bool) -> Result<(), String> {
    if first {
        return Ok(());
    }
    Err(format!("names \"{field}\" twice"))
}
