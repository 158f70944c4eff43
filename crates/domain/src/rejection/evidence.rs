//! What a rejection is about and the figures that show it, for programs: the message is for people.

use crate::ids::AgreementId;
use crate::log::EventId;
use crate::money::{Currency, sum_text};
use crate::rule::Figure;

use super::Rejection;
use super::words::{actual_text, expected_text};

/// The most figures of one reason (`log.v1`).
const FIGURES_MAX: usize = 32;

impl Rejection {
    /// What is at fault: a stream, a line or tranche of it, or an id that is not there; empty where the field or
    /// the figures say it.
    pub fn subject(&self) -> String {
        match self {
            Self::Malformed { .. }
            | Self::ZeroAmount { .. }
            | Self::CurrencyMismatch { .. }
            | Self::CountsUnreconciled { .. }
            | Self::PublishedBeforeNewest { .. }
            | Self::PolicyChangedLater { .. }
            | Self::EndNotLater { .. }
            | Self::EndNotEarlier { .. } => String::new(),
            Self::SelfApproval { approver } => approver.clone(),
            Self::Exchange(rejection) => rejection.subject(),
            Self::LineRequired { agreement_id, .. }
            | Self::CarryOverExceedsUndisbursed { agreement_id, .. }
            | Self::OnwardCycle { agreement_id, .. }
            | Self::UnknownAgreement(agreement_id)
            | Self::AgreementExists(agreement_id) => format!("agreement/{agreement_id}"),
            Self::UnknownPledge(id) | Self::PledgeExists(id) => format!("pledge/{id}"),
            Self::UnknownImport(id) | Self::ImportExists(id) | Self::ImportCompleted(id) => {
                format!("import/{id}")
            }
            Self::UnknownLine {
                agreement_id,
                line_id,
            }
            | Self::LineExists {
                agreement_id,
                line_id,
            } => format!("agreement/{agreement_id}/{line_id}"),
            Self::UnknownTranche { .. }
            | Self::TrancheExists { .. }
            | Self::TrancheNotOpen { .. }
            | Self::PaymentExists { .. }
            | Self::UnknownAllocation { .. }
            | Self::AllocationExists { .. }
            | Self::TransferExists { .. } => self.part().unwrap_or_default(),
            Self::ReleaseExceedsAllocated { allocation_id, .. } => allocation_id.to_string(),
            Self::TotalOutOfRange { stream } | Self::RevisionConflict { stream, .. } => {
                stream.to_string()
            }
            Self::UnknownEvent { event_id, .. }
            | Self::EntryHasDependents {
                target: event_id, ..
            } => event_id.to_string(),
            Self::UnknownException(exception) | Self::ExceptionResolved(exception) => {
                exception.to_string()
            }
            Self::Life(life) => life.subject(),
            Self::AlreadyPublished { stream, what }
            | Self::PublishedDifferently { stream, what, .. } => format!("{stream}/{what}"),
            Self::UnknownScheme(list) | Self::TagsExceedWhole { list, .. } => {
                format!("reference/schemes/{list}")
            }
            Self::UnknownElement { list, element } | Self::AncestorTagged { list, element, .. } => {
                format!("reference/schemes/{list}/{element}")
            }
            Self::MergeCycle { merged, .. } => format!("reference/organisations/{merged}"),
            Self::ReferenceExists {
                external_reference: of,
                ..
            } => format!("{}/{}", of.system, of.reference),
            Self::LegExceedsUndisbursed { line_id: line, .. }
            | Self::PillarNotDeclared { line_id: line, .. }
            | Self::CodeNotOnLine { line_id: line, .. } => line.to_string(),
            Self::Period(rejection) => rejection.subject(),
            Self::Breach(breach) | Self::NotOverridden { breach, .. } => breach.subject.clone(),
        }
    }

    /// The figures that show it, in a fixed order; empty where the message says it all.
    pub fn figures(&self) -> Vec<Figure> {
        if let Self::Breach(breach) = self {
            return breach.figures.clone();
        }
        if let Self::Period(rejection) = self {
            return rejection.figures();
        }
        if let Self::NotOverridden { breach, why } = self {
            let mut figures = breach.figures.clone();
            figures.push(Figure {
                name: "override".to_owned(),
                value: why.word().to_owned(),
            });
            return figures;
        }
        if let Self::Life(life) = self {
            return life.figures().into_iter().map(named).collect();
        }
        if let Self::EntryHasDependents { dependents, .. } = self {
            let named = |event_id: &EventId| named(("dependent", event_id.to_string()));
            return dependents.iter().take(FIGURES_MAX).map(named).collect();
        }
        let pair = self.pair().into_iter().flatten();
        pair.map(named).collect()
    }

    /// The two figures of the reasons that compare one with another.
    fn pair(&self) -> Option<[(&'static str, String); 2]> {
        if let Self::RevisionConflict {
            expected, actual, ..
        } = self
        {
            return Some([
                ("expected", expected_text(*expected)),
                ("actual", actual_text(*actual)),
            ]);
        }
        if let Self::CurrencyMismatch {
            expected, actual, ..
        } = self
        {
            return Some([
                ("expected", expected.to_string()),
                ("actual", actual.to_string()),
            ]);
        }
        if let Some((name, available, requested, currency)) = self.shortage() {
            let text = |minor_units| sum_text(minor_units, currency);
            return Some([(name, text(available)), ("requested", text(requested))]);
        }
        if let Self::EndNotLater {
            ends_on,
            new_ends_on,
        }
        | Self::EndNotEarlier {
            ends_on,
            new_ends_on,
        } = self
        {
            return Some([
                ("ends_on", ends_on.to_string()),
                ("new_ends_on", new_ends_on.to_string()),
            ]);
        }
        if let Self::PolicyChangedLater {
            changed_on,
            effective_on,
        } = self
        {
            return Some([
                ("changed_on", changed_on.to_string()),
                ("effective_on", effective_on.to_string()),
            ]);
        }
        if let Self::PublishedBeforeNewest {
            newest,
            published_on,
        } = self
        {
            return Some([
                ("newest", newest.to_string()),
                ("published_on", published_on.to_string()),
            ]);
        }
        if let Self::Exchange(rejection) = self {
            return Some(rejection.pair());
        }
        self.registry_pair()
    }

    /// The same, of what is published and tagged.
    fn registry_pair(&self) -> Option<[(&'static str, String); 2]> {
        if let Self::TagsExceedWhole { sum_ppm, .. } = self {
            return Some([
                ("limit", crate::classification::WHOLE_PPM.to_string()),
                ("attempted", sum_ppm.to_string()),
            ]);
        }
        if let Self::PublishedDifferently {
            hashes: Some([published, attempted]),
            ..
        } = self
        {
            return Some([
                ("published", hexadecimal(published)),
                ("attempted", hexadecimal(attempted)),
            ]);
        }
        None
    }

    /// The tranche, payment, allocation or transfer of an agreement that it is about.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`subject` names every rejection and sends only these here"
    )]
    fn part(&self) -> Option<String> {
        let (agreement_id, part): (&AgreementId, &str) = match self {
            Self::UnknownTranche {
                agreement_id,
                tranche_id,
            }
            | Self::TrancheExists {
                agreement_id,
                tranche_id,
            }
            | Self::TrancheNotOpen {
                agreement_id,
                tranche_id,
            } => (agreement_id, tranche_id.as_str()),
            Self::PaymentExists {
                agreement_id,
                payment_id,
            } => (agreement_id, payment_id.as_str()),
            Self::UnknownAllocation {
                agreement_id,
                allocation_id,
            }
            | Self::AllocationExists {
                agreement_id,
                allocation_id,
            } => (agreement_id, allocation_id.as_str()),
            Self::TransferExists {
                agreement_id,
                transfer_id,
            } => (agreement_id, transfer_id.as_str()),
            _ => return None,
        };
        Some(format!("agreement/{agreement_id}/{part}"))
    }

    /// What there is, what was asked for, and their currency, where it is about that; and what it is called.
    const fn shortage(&self) -> Option<(&'static str, i128, i128, Currency)> {
        if let Self::LegExceedsUndisbursed {
            undisbursed,
            requested,
            currency,
            ..
        }
        | Self::CarryOverExceedsUndisbursed {
            undisbursed,
            requested,
            currency,
            ..
        } = self
        {
            return Some(("undisbursed", *undisbursed, *requested, *currency));
        }
        if let Self::ReleaseExceedsAllocated {
            allocated,
            requested,
            currency,
            ..
        } = self
        {
            return Some(("allocated", *allocated, *requested, *currency));
        }
        None
    }
}

fn named((name, value): (&'static str, String)) -> Figure {
    Figure {
        name: name.to_owned(),
        value,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
