use crate::exchange::RateTable;
use crate::party::OrgRef;
use crate::reference::{Codelist, LocalActor, PillarTable, Scheme};

/// What a reference stream is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceKind {
    /// Exchange rates.
    Rates,
    /// Code lists.
    Codelists,
    /// Pillar mappings.
    PillarMappings,
    /// Schemes.
    Schemes,
    /// Who organisations are.
    Organisations,
}

impl ReferenceKind {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Rates,
        Self::Codelists,
        Self::PillarMappings,
        Self::Schemes,
        Self::Organisations,
    ];

    /// The word in the stream's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rates => "rates",
            Self::Codelists => "codelists",
            Self::PillarMappings => "pillar-mappings",
            Self::Schemes => "schemes",
            Self::Organisations => "organisations",
        }
    }

    /// Finds one by its word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Two organisations are one from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationMerge {
    /// The one that is no longer shown by itself.
    pub merged: OrgRef,
    /// The one that it is shown as; the same one again: it stands for itself.
    pub surviving: OrgRef,
    /// Why.
    pub reason: String,
}

/// A reference fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceEvent {
    /// A version of a table of exchange rates is published.
    RateTablePublished(RateTable),
    /// A version of a code list is published.
    CodelistPublished(Codelist),
    /// A version of a pillar mapping is published.
    PillarMappingPublished(PillarTable),
    /// A version of a scheme is published.
    SchemePublished(Scheme),
    /// An organisation has this id, name and type.
    OrganisationRegistered(OrgRef),
    /// An organisation is part of another.
    OrganisationMerged(OrganisationMerge),
    /// An organisation was assessed as a local actor or not.
    LocalActorAssessed(LocalActor),
}

impl ReferenceEvent {
    /// The event's kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::RateTablePublished(_) => "RateTablePublished",
            Self::CodelistPublished(_) => "CodelistPublished",
            Self::PillarMappingPublished(_) => "PillarMappingPublished",
            Self::SchemePublished(_) => "SchemePublished",
            Self::OrganisationRegistered(_) => "OrganisationRegistered",
            Self::OrganisationMerged(_) => "OrganisationMerged",
            Self::LocalActorAssessed(_) => "LocalActorAssessed",
        }
    }

    /// The stream that it belongs to.
    pub const fn of(&self) -> ReferenceKind {
        match self {
            Self::RateTablePublished(_) => ReferenceKind::Rates,
            Self::CodelistPublished(_) => ReferenceKind::Codelists,
            Self::PillarMappingPublished(_) => ReferenceKind::PillarMappings,
            Self::SchemePublished(_) => ReferenceKind::Schemes,
            Self::OrganisationRegistered(_)
            | Self::OrganisationMerged(_)
            | Self::LocalActorAssessed(_) => ReferenceKind::Organisations,
        }
    }
}
