//! `requirement.proto`: what plans ask for.

use std::sync::Arc;

use perennial_domain::ids::PlanId;
use perennial_domain::requirement::{ASKS_MAX, Ask, Requirement, RequirementCommand};

use super::check::Check;
use super::path::Path;
use crate::pb::ledger as pb;

/// A command and the plan it is for.
pub(super) type Asked = (PlanId, RequirementCommand);

impl Check<'_> {
    pub(super) fn publish_requirement(
        &mut self,
        path: Path<'_>,
        message: pb::PublishRequirement,
    ) -> Option<Asked> {
        let limits = *self.limits;
        let plan_id = self.id(path.field("plan_id"), &message.plan_id, PlanId::parse);
        let at = path.field("version");
        let version = self.text(at, message.version, limits.code_chars_max);
        let title = self.text(path.field("title"), message.title, limits.name_chars_max);
        let at = path.field("perspective");
        let perspective = self.enumeration::<pb::Perspective>(at, message.perspective);
        let list = self.required(path.field("scheme"), message.scheme, Self::list_version);
        let (at, max) = (path.field("places"), limits.split_shares_max);
        let places = self.list(at, message.places, max, |check, path, place| {
            check.text(path, place, limits.code_chars_max)
        });
        let (at, max) = (path.field("asks"), ASKS_MAX);
        let asks = self.list(at, message.asks, max, Self::ask);
        let asks = self.at_least(at, 1, asks);
        let mut places: Vec<Arc<str>> = places?.into_iter().map(Arc::from).collect();
        places.sort_unstable();
        places.dedup();
        let requirement = Requirement {
            version: version?.into(),
            title: title?,
            perspective: perspective?,
            list: list?,
            places,
            asks: asks?,
        };
        Some((plan_id?, RequirementCommand::Publish(requirement)))
    }

    fn ask(&mut self, path: Path<'_>, message: pb::Ask) -> Option<Ask> {
        let (at, max) = (path.field("objective"), self.limits.code_chars_max);
        let objective = self.text_opt(at, message.objective, max);
        let period = self.required(path.field("period"), message.period, Self::period);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        Some(Ask {
            objective: objective?.map(Arc::from),
            period: period?,
            amount: amount?,
        })
    }
}
