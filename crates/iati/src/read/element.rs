//! From XML events to one activity: which element says what. Unknown elements are read over.

use std::io::BufRead;

use super::source::{Node, Source, Tag};
use super::{ReadError, ReadLimits, clean};
use crate::activity::{
    Activity, ActivityDate, Budget, Coded, Org, OtherIdentifier, Participant, PlannedDisbursement,
    Transaction, Value,
};

/// Reads one activity, from behind its start tag to behind its end tag.
pub(super) fn activity<R: BufRead>(
    source: &mut Source<R>,
    mut tag: Tag,
    limits: &ReadLimits,
) -> Result<Activity, ReadError> {
    let mut activity = Activity {
        line: tag.line,
        default_currency: tag.take("default-currency"),
        hierarchy: tag.take("hierarchy"),
        humanitarian: tag.take("humanitarian"),
        ..Activity::default()
    };
    while let Some(child) = child(source)? {
        if child.name == "transaction" {
            if limits.transactions_max <= activity.transactions.len() {
                return Err(ReadError::TooLarge {
                    line: child.line,
                    what: "transactions of one activity",
                    limit: u64::try_from(limits.transactions_max).unwrap_or(u64::MAX),
                });
            }
            let transaction = transaction(source, child)?;
            activity.transactions.push(transaction);
        } else {
            part(source, child, &mut activity)?;
        }
    }
    Ok(activity)
}

/// Reads one child of an activity that is no transaction.
fn part<R: BufRead>(
    source: &mut Source<R>,
    mut tag: Tag,
    activity: &mut Activity,
) -> Result<(), ReadError> {
    match tag.name {
        "iati-identifier" => {
            let text = words(source)?;
            if activity.identifier.is_empty() {
                activity.identifier = text.unwrap_or_default();
            }
        }
        "reporting-org" => {
            let org = org(source, tag)?;
            activity.reporting_org = activity.reporting_org.take().or(org);
        }
        "title" => {
            let text = words(source)?;
            activity.title = activity.title.take().or(text);
        }
        "description" => {
            let text = words(source)?;
            activity.description = activity.description.take().or(text);
        }
        "participating-org" => {
            let role = tag.take("role");
            if let Some(org) = org(source, tag)? {
                activity.participating.push(Participant { org, role });
            }
        }
        "other-identifier" => {
            let identifier = other_identifier(source, tag)?;
            activity.other_identifiers.extend(identifier);
        }
        "activity-status" => {
            activity.status = tag.take("code");
            skip(source)?;
        }
        "activity-date" => {
            let type_code = tag.take("type");
            let date = date(source, tag)?;
            activity.dates.push(ActivityDate { type_code, date });
        }
        "related-activity" => {
            let parent = parent(source, tag)?;
            activity.parent = activity.parent.take().or(parent);
        }
        "sector" => activity.sectors.push(coded(source, tag)?),
        "recipient-country" => activity.countries.push(coded(source, tag)?),
        "recipient-region" => activity.regions.push(coded(source, tag)?),
        "budget" => activity.budgets.push(budget(source, tag)?),
        "planned-disbursement" => {
            activity
                .planned_disbursements
                .push(planned_disbursement(source, &tag)?);
        }
        _ => skip(source)?,
    }
    Ok(())
}

fn other_identifier<R: BufRead>(
    source: &mut Source<R>,
    mut tag: Tag,
) -> Result<Option<OtherIdentifier>, ReadError> {
    let (type_code, reference) = (tag.take("type"), tag.take("ref"));
    let text = words(source)?;
    Ok(reference.or(text).map(|reference| OtherIdentifier {
        type_code,
        reference,
    }))
}

/// Reads a related activity; returns its reference if it is the parent.
fn parent<R: BufRead>(source: &mut Source<R>, mut tag: Tag) -> Result<Option<String>, ReadError> {
    let is_parent = tag.take("type").as_deref() == Some("1");
    let reference = tag.take("ref").filter(|_| is_parent);
    skip(source)?;
    Ok(reference)
}

fn transaction<R: BufRead>(source: &mut Source<R>, mut tag: Tag) -> Result<Transaction, ReadError> {
    let mut transaction = Transaction {
        line: tag.line,
        reference: tag.take("ref"),
        humanitarian: tag.take("humanitarian"),
        ..Transaction::default()
    };
    while let Some(mut child) = child(source)? {
        match child.name {
            "transaction-type" => {
                transaction.type_code = child.take("code");
                skip(source)?;
            }
            "transaction-date" => transaction.date = date(source, child)?,
            "value" => transaction.value = Some(value(source, child)?),
            "provider-org" => transaction.provider = org(source, child)?,
            "receiver-org" => transaction.receiver = org(source, child)?,
            "sector" => transaction.sectors.push(coded(source, child)?),
            "recipient-country" => transaction.countries.push(coded(source, child)?),
            "recipient-region" => transaction.regions.push(coded(source, child)?),
            _ => skip(source)?,
        }
    }
    Ok(transaction)
}

fn budget<R: BufRead>(source: &mut Source<R>, mut tag: Tag) -> Result<Budget, ReadError> {
    let mut budget = Budget {
        line: tag.line,
        type_code: tag.take("type"),
        ..Budget::default()
    };
    while let Some(child) = child(source)? {
        match child.name {
            "period-start" => budget.starts_on = date(source, child)?,
            "period-end" => budget.ends_on = date(source, child)?,
            "value" => budget.value = Some(value(source, child)?),
            _ => skip(source)?,
        }
    }
    Ok(budget)
}

fn planned_disbursement<R: BufRead>(
    source: &mut Source<R>,
    tag: &Tag,
) -> Result<PlannedDisbursement, ReadError> {
    let mut planned = PlannedDisbursement {
        line: tag.line,
        ..PlannedDisbursement::default()
    };
    while let Some(child) = child(source)? {
        match child.name {
            "period-start" => planned.starts_on = date(source, child)?,
            "period-end" => planned.ends_on = date(source, child)?,
            "value" => planned.value = Some(value(source, child)?),
            "receiver-org" => planned.receiver = org(source, child)?,
            _ => skip(source)?,
        }
    }
    Ok(planned)
}

fn value<R: BufRead>(source: &mut Source<R>, mut tag: Tag) -> Result<Value, ReadError> {
    Ok(Value {
        currency: tag.take("currency"),
        value_date: tag.take("value-date"),
        text: words(source)?,
    })
}

fn coded<R: BufRead>(source: &mut Source<R>, mut tag: Tag) -> Result<Coded, ReadError> {
    skip(source)?;
    Ok(Coded {
        vocabulary: tag.take("vocabulary"),
        code: tag.take("code"),
        percentage: tag.take("percentage"),
    })
}

/// An organisation, or nothing where the element names none.
fn org<R: BufRead>(source: &mut Source<R>, mut tag: Tag) -> Result<Option<Org>, ReadError> {
    let org = Org {
        reference: tag.take("ref"),
        type_code: tag.take("type"),
        name: words(source)?,
    };
    Ok((org.reference.is_some() || org.name.is_some()).then_some(org))
}

fn date<R: BufRead>(source: &mut Source<R>, mut tag: Tag) -> Result<Option<String>, ReadError> {
    let text = words(source)?;
    Ok(tag.take("iso-date").or(text))
}

/// The next child element, or `None` behind the parent's end tag.
fn child<R: BufRead>(source: &mut Source<R>) -> Result<Option<Tag>, ReadError> {
    loop {
        match source.next()? {
            Node::Open(tag) => return Ok(Some(tag)),
            Node::Close => return Ok(None),
            Node::Text(_) => {}
            Node::End => {
                return Err(ReadError::CutOff {
                    line: source.line(),
                });
            }
        }
    }
}

/// Reads over the rest of an element whose start tag was read.
pub(super) fn skip<R: BufRead>(source: &mut Source<R>) -> Result<(), ReadError> {
    let mut depth = 0_u32;
    loop {
        match source.next()? {
            Node::Open(_) => depth = depth.saturating_add(1),
            Node::Close if depth == 0 => return Ok(()),
            Node::Close => depth = depth.saturating_sub(1),
            Node::Text(_) => {}
            Node::End => {
                return Err(ReadError::CutOff {
                    line: source.line(),
                });
            }
        }
    }
}

/// Reads the rest of an element and returns its first narrative, else its own text (version 1).
fn words<R: BufRead>(source: &mut Source<R>) -> Result<Option<String>, ReadError> {
    let (mut own, mut narrative, mut first) = (String::new(), String::new(), None);
    let (mut depth, mut in_narrative) = (0_u32, false);
    loop {
        match source.next()? {
            Node::Open(tag) => {
                depth = depth.saturating_add(1);
                in_narrative = depth == 1 && tag.name == "narrative";
                narrative.clear();
            }
            Node::Text(text) if depth == 0 => own.push_str(&text),
            Node::Text(text) if in_narrative => narrative.push_str(&text),
            Node::Text(_) => {}
            Node::Close if depth == 0 => {
                return Ok(first.or_else(|| Some(clean(&own)).filter(|text| !text.is_empty())));
            }
            Node::Close => {
                depth = depth.saturating_sub(1);
                if in_narrative && first.is_none() {
                    first = Some(clean(&narrative)).filter(|text| !text.is_empty());
                }
                in_narrative = false;
            }
            Node::End => {
                return Err(ReadError::CutOff {
                    line: source.line(),
                });
            }
        }
    }
}
