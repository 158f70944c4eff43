//! `classification.proto`: splits and tags.

use perennial_domain::agreement::{AgreementCommand, LineSplits};
use perennial_domain::classification::WHOLE_PPM;
use perennial_domain::command::Action;
use perennial_domain::ids::{AgreementId, LineId, PledgeId, TrancheId};
use perennial_domain::pledge::PledgeCommand;
use perennial_domain::tag::{TAGS_MAX, Tag, TagBasis, TagSet, TagSubject};

use super::cash::Asked;
use super::check::Check;
use super::path::Path;
use super::value::SplitOf;
use crate::pb::ledger as pb;
use crate::pb::ledger::replace_tag_set::{Owner, Part};

impl Check<'_> {
    pub(super) fn reclassify_splits(
        &mut self,
        path: Path<'_>,
        message: pb::ReclassifySplits,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let line_id = self.id_opt(path.field("line_id"), &message.line_id, LineId::parse);
        let purposes = self.split(path.field("purposes"), message.purposes, SplitOf::Purposes);
        let places = self.split(path.field("places"), message.places, SplitOf::Places);
        let pillar = self.enumeration_opt::<pb::Pillar>(path.field("pillar"), message.pillar);
        let (at, max) = (path.field("reason"), self.limits.reason_chars_max);
        let reason = self.text(at, message.reason, max);
        let command = AgreementCommand::ReclassifySplits {
            line_id: line_id?,
            splits: LineSplits {
                purposes: purposes?,
                places: places?,
                pillar: pillar?,
            },
            reason: reason?,
        };
        Some((agreement_id?, command))
    }

    pub(super) fn replace_tag_set(
        &mut self,
        path: Path<'_>,
        message: pb::ReplaceTagSet,
    ) -> Option<Action> {
        let subject = match message.part {
            None => Some(TagSubject::Whole),
            Some(Part::LineId(id)) => {
                let id = self.id(path.field("line_id"), &id, LineId::parse);
                id.map(TagSubject::Line)
            }
            Some(Part::TrancheId(id)) => {
                let id = self.id(path.field("tranche_id"), &id, TrancheId::parse);
                id.map(TagSubject::Tranche)
            }
        };
        let list = self.required(path.field("scheme"), message.scheme, Self::list_version);
        let tags = self.list(path.field("tags"), message.tags, TAGS_MAX, Self::tag);
        let reason = self.reason(path, message.reason);
        let set = (|| {
            let mut tags = tags?;
            tags.sort_by(|a, b| a.element.cmp(&b.element));
            Some(TagSet {
                subject: subject?,
                list: list?,
                tags,
                reason: reason?,
            })
        })();
        match message.owner {
            Some(Owner::AgreementId(id)) => {
                let id = self.id(path.field("agreement_id"), &id, AgreementId::parse)?;
                Some(Action::Agreement(id, AgreementCommand::ReplaceTagSet(set?)))
            }
            Some(Owner::PledgeId(id)) => {
                let id = self.id(path.field("pledge_id"), &id, PledgeId::parse)?;
                let set = set?;
                if set.subject != TagSubject::Whole {
                    return self.invalid(path, "tags a part of a pledge: it is tagged as a whole");
                }
                Some(Action::Pledge(id, PledgeCommand::ReplaceTagSet(set)))
            }
            None => self.invalid(path, "needs an agreement_id or a pledge_id"),
        }
    }

    fn tag(&mut self, path: Path<'_>, message: pb::Tag) -> Option<Tag> {
        let (at, max) = (path.field("element"), self.limits.code_chars_max);
        let element = self.text(at, message.element, max);
        let at = path.field("basis");
        let basis = self.enumeration_or::<pb::TagBasis>(at, message.basis, TagBasis::Declared);
        if !(1..=WHOLE_PPM).contains(&message.share_ppm) {
            let problem = format!("{} is not 1 to {WHOLE_PPM}", message.share_ppm);
            return self.invalid(path.field("share_ppm"), problem);
        }
        Some(Tag {
            element: element?.into(),
            share_ppm: message.share_ppm,
            basis: basis?,
        })
    }
}
