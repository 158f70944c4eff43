use crate::exchange::RateTable;
use crate::party::OrgRef;
use crate::reference::{
    Codelist, LocalActor, OrganisationMerge, PillarTable, ReferenceKind, Scheme,
};

/// What is asked of a reference stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceCommand {
    /// Publish a version of a table of exchange rates.
    PublishRateTable(RateTable),
    /// Publish a version of a code list.
    PublishCodelist(Codelist),
    /// Publish a version of a pillar mapping.
    PublishPillarMapping(PillarTable),
    /// Publish a version of a scheme.
    PublishScheme(Scheme),
    /// Register an organisation, or say it anew.
    RegisterOrganisation(OrgRef),
    /// Show an organisation as another.
    MergeOrganisation(OrganisationMerge),
    /// Assess an organisation.
    AssessLocalActor(LocalActor),
}

impl ReferenceCommand {
    /// The kind of the event it makes, as in `SchemePublished`.
    pub const fn makes(&self) -> &'static str {
        match self {
            Self::PublishRateTable(_) => "RateTablePublished",
            Self::PublishCodelist(_) => "CodelistPublished",
            Self::PublishPillarMapping(_) => "PillarMappingPublished",
            Self::PublishScheme(_) => "SchemePublished",
            Self::RegisterOrganisation(_) => "OrganisationRegistered",
            Self::MergeOrganisation(_) => "OrganisationMerged",
            Self::AssessLocalActor(_) => "LocalActorAssessed",
        }
    }

    /// What it is called where commands are written, as in `publish_scheme`: the start of its field paths.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PublishRateTable(_) => "publish_rate_table",
            Self::PublishCodelist(_) => "publish_codelist",
            Self::PublishPillarMapping(_) => "publish_pillar_mapping",
            Self::PublishScheme(_) => "publish_scheme",
            Self::RegisterOrganisation(_) => "register_organisation",
            Self::MergeOrganisation(_) => "merge_organisation",
            Self::AssessLocalActor(_) => "assess_local_actor",
        }
    }

    /// The stream that is asked.
    pub const fn of(&self) -> ReferenceKind {
        match self {
            Self::PublishRateTable(_) => ReferenceKind::Rates,
            Self::PublishCodelist(_) => ReferenceKind::Codelists,
            Self::PublishPillarMapping(_) => ReferenceKind::PillarMappings,
            Self::PublishScheme(_) => ReferenceKind::Schemes,
            Self::RegisterOrganisation(_)
            | Self::MergeOrganisation(_)
            | Self::AssessLocalActor(_) => ReferenceKind::Organisations,
        }
    }
}
