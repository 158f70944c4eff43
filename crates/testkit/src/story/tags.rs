//! What is wished for of lists: schemes, the tags that name their elements, and what plans ask for.

use perennial_domain::agreement::{AgreementCommand, Perspective};
use perennial_domain::command::{Action, Command};
use perennial_domain::event::Stream;
use perennial_domain::ids::{AgreementId, PlanId};
use perennial_domain::reference::{ReferenceCommand, ReferenceKind};
use perennial_domain::requirement::{Ask, Requirement, RequirementCommand};
use perennial_domain::tag::{Tag, TagBasis, TagSet, TagSubject};

use super::Story;
use crate::history::registry_words::{list, markers, objectives, scheme};
use crate::history::words::tranche;

impl Story {
    /// A scheme or what a plan asks for, if the ledger tags money.
    pub(super) fn list_wish(&mut self) -> Option<Command> {
        if !self.tags_money {
            return None;
        }
        let on = self.effective_day();
        let untold = self
            .book
            .revision(&Stream::Reference(ReferenceKind::Schemes))
            .is_none();
        let action = match self.random.below(40) {
            0 => Action::Reference(self.scheme_wish()),
            1..=8 if untold => Action::Reference(self.scheme_wish()),
            1 => {
                let number = self.random.between(1, 2);
                let id = PlanId::parse(&format!("plan-{number}")).ok()?;
                Action::Requirement(id, self.plan_wish())
            }
            _ => return None,
        };
        Some(super::wishes::command(on, action))
    }

    fn scheme_wish(&mut self) -> ReferenceCommand {
        let other = scheme("objectives@2024", true, &[("1", ""), ("3", "")]);
        let newer = scheme(
            "objectives@2025",
            true,
            &[("1", ""), ("1.1", "1"), ("3", "")],
        );
        let schemes = [
            objectives(),
            objectives(),
            objectives(),
            markers(),
            markers(),
            newer,
            other,
        ];
        ReferenceCommand::PublishScheme(self.random.pick(&schemes).clone())
    }

    /// Tags of an agreement, a line or a tranche.
    pub(super) fn tagging(&mut self, id: &AgreementId) -> AgreementCommand {
        let subject = match self.random.below(8) {
            0..=3 => TagSubject::Line(self.line_id(id)),
            // What a tranche's own tags do to its payments is not told yet.
            4 => TagSubject::Tranche(tranche("tranche-9")),
            _ => TagSubject::Whole,
        };
        AgreementCommand::ReplaceTagSet(self.tag_set(subject))
    }

    pub(super) fn tag_set(&mut self, subject: TagSubject) -> TagSet {
        let partition: [&[(&str, u32)]; 7] = [
            &[("1.1", 333_333), ("2", 333_333)],
            &[("1", 1_000_000)],
            &[("2", 142_857), ("1.2", 857_143)],
            &[],
            &[("1", 500_000), ("1.1", 250_000)],
            &[("1.1", 700_000), ("2", 400_000)],
            &[("2", 250_000), ("9", 1)],
        ];
        let overlap: [&[(&str, u32)]; 4] = [
            &[("A1", 1_000_000), ("B", 1_000_000)],
            &[("B", 333_334)],
            &[("A", 1_000_000), ("A1", 1)],
            &[("B", 0)],
        ];
        let markers = self.random.one_in(3);
        let (name, tags) = if markers {
            ("markers@2016", *self.random.pick(&overlap))
        } else {
            ("objectives@2024", {
                let good = partition.len() - 3;
                let usual = partition.get(..good).unwrap_or_default();
                if self.random.one_in(5) {
                    *self.random.pick(&partition)
                } else {
                    *self.random.pick(usual)
                }
            })
        };
        let name = if self.random.one_in(12) {
            "objectives@2025"
        } else {
            name
        };
        let tags = tags.iter().map(|&(element, share_ppm)| Tag {
            element: element.into(),
            share_ppm,
            basis: *self.random.pick(&TagBasis::ALL),
        });
        TagSet {
            subject,
            tags: tags.collect(),
            list: list(name),
            reason: String::new(),
        }
    }

    fn plan_wish(&mut self) -> RequirementCommand {
        let code = *self.random.pick(&["EUR", "EUR", "JPY"]);
        let count = self.random.between(1, 3);
        let asks = (0..count)
            .map(|_| {
                let objective = *self
                    .random
                    .pick(&[Some("1"), Some("1.1"), Some("2"), None, None]);
                let unknown = self.random.one_in(30);
                Ask {
                    objective: if unknown { Some("9") } else { objective }.map(Into::into),
                    period: self.a_period(),
                    amount: self.money(code),
                }
            })
            .collect();
        let sets: [&[&str]; 3] = [&[], &["SS"], &["SS", "KE"]];
        let places = *self.random.pick(&sets);
        let version = self.random.between(1, 3);
        RequirementCommand::Publish(Requirement {
            version: version.to_string().into(),
            title: "The plan".to_owned(),
            perspective: *self
                .random
                .pick(&[Perspective::Provider, Perspective::Recipient]),
            list: list("objectives@2024"),
            places: places.iter().map(|place| (*place).into()).collect(),
            asks,
        })
    }
}
