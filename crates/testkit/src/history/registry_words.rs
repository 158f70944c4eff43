//! Words for lists, tags, splits and requirements: one scheme, `objectives@2024`, that divides money over `1` (with
//! `1.1` and `1.2` below it) and `2`; one, `markers@2016`, whose elements `A` (with `A1`) and `B` overlap.

use perennial_domain::agreement::{AgreementCommand, LineSplits};
use perennial_domain::classification::{Share, Split, Vocabulary, WHOLE_PPM};
use perennial_domain::command::{Action, Command};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::reference::{
    CodeOrigin, ListVersion, ReferenceCommand, ReferenceEvent, Scheme, SchemeElement,
};
use perennial_domain::tag::{Tag, TagBasis, TagSet, TagSubject};
use perennial_views::content;

use super::Happened;
use super::words::{SIGNED_ON, date};

/// Reads `objectives@2024`.
///
/// # Panics
/// If it names no version.
#[track_caller]
pub fn list(text: &str) -> ListVersion {
    match ListVersion::parse(text) {
        Some(list) => list,
        None => panic!("\"{text}\" names no version of a list"),
    }
}

/// A scheme of elements, each with its parent; an empty one is none.
#[track_caller]
pub fn scheme(name: &str, partition: bool, elements: &[(&str, &str)]) -> Scheme {
    let element = |&(code, parent): &(&str, &str)| SchemeElement {
        code: code.into(),
        title: format!("Element {code}"),
        parent: (!parent.is_empty()).then(|| parent.into()),
        verified: true,
    };
    let mut scheme = Scheme {
        list: list(name),
        title: format!("Scheme {name}"),
        partition,
        code_origin: CodeOrigin::Official,
        valid_from: None,
        valid_to: None,
        elements: elements.iter().map(element).collect(),
        supersedes: None,
        content_hash: [0; 32],
    };
    scheme.content_hash = content::scheme_hash(&scheme);
    scheme
}

/// The scheme that divides money.
pub fn objectives() -> Scheme {
    scheme(
        "objectives@2024",
        true,
        &[("1", ""), ("1.1", "1"), ("1.2", "1"), ("2", "")],
    )
}

/// The scheme whose elements overlap.
pub fn markers() -> Scheme {
    scheme("markers@2016", false, &[("A", ""), ("A1", "A"), ("B", "")])
}

/// A scheme was published.
pub fn scheme_published(scheme: Scheme) -> Happened {
    reference(ReferenceEvent::SchemePublished(scheme))
}

/// A reference fact, on the day of the signature.
pub fn reference(event: ReferenceEvent) -> Happened {
    Happened {
        stream: Stream::Reference(event.of()),
        effective_on: date(SIGNED_ON),
        fact: Fact::Reference(event),
    }
}

/// Asks a reference stream, on the day of the signature.
pub fn ask_reference(command: ReferenceCommand) -> Command {
    Command {
        effective_on: date(SIGNED_ON),
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        action: Action::Reference(command),
        functional_from_table: false,
    }
}

/// A set of declared tags.
#[track_caller]
pub fn tags(subject: TagSubject, scheme: &str, tags: &[(&str, u32)]) -> TagSet {
    let tag = |&(element, share_ppm): &(&str, u32)| Tag {
        element: element.into(),
        share_ppm,
        basis: TagBasis::Declared,
    };
    TagSet {
        subject,
        list: list(scheme),
        tags: tags.iter().map(tag).collect(),
        reason: "results framework".to_owned(),
    }
}

/// Tag the agreement.
#[track_caller]
pub fn tag(on: &str, set: TagSet) -> (perennial_domain::Date, AgreementCommand) {
    (date(on), AgreementCommand::ReplaceTagSet(set))
}

/// All of it for one purpose and one country.
///
/// # Panics
/// Never: one share is the whole.
#[track_caller]
pub fn splits(purpose: &str, country: &str) -> LineSplits {
    let whole = |vocabulary, code: &str| {
        let share = Share {
            vocabulary,
            code: code.into(),
            share_ppm: WHOLE_PPM,
        };
        match Split::exact(vec![share]) {
            Ok(split) => split,
            Err(error) => panic!("{error}"),
        }
    };
    LineSplits {
        purposes: whole(Vocabulary::DacPurpose, purpose),
        places: whole(Vocabulary::Country, country),
        pillar: None,
    }
}
