//! `classification.proto`: splits and tags.

use perennial_domain::agreement::{AgreementEvent, LineSplits};
use perennial_domain::ids::LineId;
use perennial_domain::pledge::PledgeEvent;
use perennial_domain::tag::{Tag, TagSet, TagSubject};

use super::cash::{line_id, tranche_id};
use super::error::{At, DecodeError, enumeration, list, optional, required};
use super::reference::list_version;
use super::value::{split, split_message};
use crate::pb::log as pb;
use crate::pb::log::stored_event::Kind;
use crate::pb::log::tag_set_replaced::Part;

pub(super) fn splits_reclassified(line_id: &LineId, splits: &LineSplits, reason: &str) -> Kind {
    Kind::SplitsReclassified(pb::SplitsReclassified {
        line_id: line_id.to_string(),
        purposes: split_message(&splits.purposes),
        places: split_message(&splits.places),
        pillar: splits.pillar.map(|pillar| pb::Pillar::from(pillar).into()),
        reason: reason.to_owned(),
    })
}

pub(super) fn reclassified(message: pb::SplitsReclassified) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::SplitsReclassified {
        line_id: line_id(&message.line_id)?,
        splits: LineSplits {
            purposes: split("purposes", message.purposes)?,
            places: split("places", message.places)?,
            pillar: optional("pillar", message.pillar, enumeration::<pb::Pillar>)?,
        },
        reason: message.reason,
    })
}

pub(super) fn tag_set_replaced(set: &TagSet) -> Kind {
    let tag = |tag: &Tag| pb::Tag {
        element: tag.element.as_ref().to_owned(),
        share_ppm: tag.share_ppm,
        basis: pb::TagBasis::from(tag.basis).into(),
    };
    Kind::TagSetReplaced(pb::TagSetReplaced {
        part: match &set.subject {
            TagSubject::Whole => None,
            TagSubject::Line(id) => Some(Part::LineId(id.to_string())),
            TagSubject::Tranche(id) => Some(Part::TrancheId(id.to_string())),
        },
        list: Some((&set.list).into()),
        tags: set.tags.iter().map(tag).collect(),
        reason: set.reason.clone(),
    })
}

fn tag_set(message: pb::TagSetReplaced) -> Result<TagSet, DecodeError> {
    let tag = |tag: pb::Tag| -> Result<Tag, DecodeError> {
        Ok(Tag {
            element: tag.element.into(),
            share_ppm: tag.share_ppm,
            basis: enumeration::<pb::TagBasis>(tag.basis).at("basis")?,
        })
    };
    Ok(TagSet {
        subject: match message.part {
            None => TagSubject::Whole,
            Some(Part::LineId(id)) => TagSubject::Line(line_id(&id)?),
            Some(Part::TrancheId(id)) => TagSubject::Tranche(tranche_id(&id)?),
        },
        list: required("list", message.list, list_version)?,
        tags: list("tags", message.tags, tag)?,
        reason: message.reason,
    })
}

pub(super) fn tagged(message: pb::TagSetReplaced) -> Result<AgreementEvent, DecodeError> {
    tag_set(message).map(AgreementEvent::TagSetReplaced)
}

pub(super) fn pledge_tagged(message: pb::TagSetReplaced) -> Result<PledgeEvent, DecodeError> {
    tag_set(message).map(PledgeEvent::TagSetReplaced)
}
