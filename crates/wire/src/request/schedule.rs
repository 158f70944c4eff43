//! `agreement.proto`: the term, tranches, the published plan and reallocations.

use perennial_domain::agreement::{
    AgreementCommand, CarryOver, ExtensionKind, ForecastEntry, Leg, LegPlace, Reallocation,
    ShareMove, Tranche, YearShare,
};
use perennial_domain::ids::{LineId, TrancheId};

use super::cash::Asked;
use super::check::Check;
use super::path::Path;
use super::violation::Reason;
use crate::money;
use crate::pb::ledger as pb;

impl Check<'_> {
    pub(super) fn extend_period(
        &mut self,
        path: Path<'_>,
        message: pb::ExtendPeriod,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let at = path.field("new_ends_on");
        let new_ends_on = self.required(at, message.new_ends_on, Self::date);
        let kind = self.enumeration_or::<pb::ExtensionKind>(
            path.field("kind"),
            message.kind,
            ExtensionKind::Unknown,
        );
        let (at, max) = (path.field("moves"), self.limits.lines_max);
        let moves = self.list(at, message.moves, max, Self::share_move);
        let amendment = self.amendment(path, message.amendment);
        let command = AgreementCommand::ExtendPeriod {
            new_ends_on: new_ends_on?,
            kind: kind?,
            moves: moves?,
            amendment: amendment?,
        };
        Some((agreement_id?, command))
    }

    fn share_move(&mut self, path: Path<'_>, message: pb::ShareMove) -> Option<ShareMove> {
        let line_id = self.id(path.field("line_id"), &message.line_id, LineId::parse);
        let period = self.days(path, message.starts_on, message.ends_on);
        let at = path.field("minor_units");
        let minor_units = match money::from_minor(message.minor_units) {
            Some(0) => self.refuse(at, Reason::ZeroAmount, "is 0: leave the entry out"),
            Some(minor_units) => Some(minor_units),
            None => self.invalid(at, "is not below 10^18 minor units"),
        };
        let basis = self.year_basis(path, message.basis);
        let firmness = self.firmness(path, message.firmness);
        Some(ShareMove {
            line_id: line_id?,
            share: YearShare {
                period: period?,
                minor_units: minor_units?,
                basis: basis?,
                firmness: firmness?,
            },
        })
    }

    pub(super) fn shorten_period(
        &mut self,
        path: Path<'_>,
        message: pb::ShortenPeriod,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let at = path.field("new_ends_on");
        let new_ends_on = self.required(at, message.new_ends_on, Self::date);
        let reason = self.reason(path, message.reason);
        let command = AgreementCommand::ShortenPeriod {
            new_ends_on: new_ends_on?,
            reason: reason?,
        };
        Some((agreement_id?, command))
    }

    pub(super) fn tranche_id(&mut self, path: Path<'_>, text: &str) -> Option<TrancheId> {
        self.id(path.field("tranche_id"), text, TrancheId::parse)
    }

    pub(super) fn schedule_tranche(
        &mut self,
        path: Path<'_>,
        message: pb::ScheduleTranche,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let tranche_id = self.tranche_id(path, &message.tranche_id);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        let due_on = self.optional(path.field("due_on"), message.due_on, Self::date);
        let period = self.optional(path.field("period"), message.period, Self::period);
        let (at, max) = (path.field("conditions"), self.limits.conditions_max);
        let conditions = self.list(at, message.conditions, max, Self::condition);
        let (due_on, period) = (due_on?, period?);
        if due_on.is_none() && period.is_none() {
            return self.invalid(path.field("due_on"), "is required where there is no period");
        }
        let tranche = Tranche {
            tranche_id: tranche_id?,
            amount: amount?,
            due_on,
            period,
            conditions: conditions?,
        };
        Some((agreement_id?, AgreementCommand::ScheduleTranche(tranche)))
    }

    pub(super) fn reschedule_tranche(
        &mut self,
        path: Path<'_>,
        message: pb::RescheduleTranche,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let tranche_id = self.tranche_id(path, &message.tranche_id);
        let at = path.field("new_due_on");
        let new_due_on = self.required(at, message.new_due_on, Self::date);
        let reason = self.reason(path, message.reason);
        let command = AgreementCommand::RescheduleTranche {
            tranche_id: tranche_id?,
            new_due_on: new_due_on?,
            reason: reason?,
        };
        Some((agreement_id?, command))
    }

    pub(super) fn cancel_tranche(
        &mut self,
        path: Path<'_>,
        message: pb::CancelTranche,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let tranche_id = self.tranche_id(path, &message.tranche_id);
        let reason = self.reason(path, message.reason);
        let command = AgreementCommand::CancelTranche {
            tranche_id: tranche_id?,
            reason: reason?,
        };
        Some((agreement_id?, command))
    }

    pub(super) fn replace_forecast(
        &mut self,
        path: Path<'_>,
        message: pb::ReplaceForecast,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let (at, max) = (path.field("entries"), self.limits.forecast_entries_max);
        let entries = self.list(at, message.entries, max, Self::forecast_entry);
        Some((agreement_id?, AgreementCommand::ReplaceForecast(entries?)))
    }

    fn forecast_entry(
        &mut self,
        path: Path<'_>,
        message: pb::ForecastEntry,
    ) -> Option<ForecastEntry> {
        let period = self.required(path.field("period"), message.period, Self::period);
        let amount = self.required(path.field("amount"), message.amount, Self::amount);
        let receiver = self.optional(path.field("receiver"), message.receiver, Self::organisation);
        Some(ForecastEntry {
            period: period?,
            amount: amount?,
            receiver: receiver?,
        })
    }

    pub(super) fn reallocate_funds(
        &mut self,
        path: Path<'_>,
        message: pb::ReallocateFunds,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let (at, max) = (path.field("legs"), self.limits.legs_max);
        let legs = self.list(at, message.legs, max, Self::leg);
        let legs = self.at_least(at, 2, legs);
        let (at, max) = (path.field("legal_basis"), self.limits.reason_chars_max);
        let legal_basis = self.text_or_empty(at, message.legal_basis, max);
        let amendment = self.amendment(path, message.amendment);
        let reallocation = Reallocation {
            legs: legs?,
            legal_basis: legal_basis?,
            amendment: amendment?,
        };
        Some((
            agreement_id?,
            AgreementCommand::ReallocateFunds(reallocation),
        ))
    }

    fn leg(&mut self, path: Path<'_>, message: pb::Leg) -> Option<Leg> {
        let at = path.field("direction");
        let direction = self.enumeration::<pb::LegDirection>(at, message.direction);
        let line_id = self.id(path.field("line_id"), &message.line_id, LineId::parse);
        let period = self.optional(path.field("period"), message.period, Self::period);
        let pillar = self.enumeration_opt::<pb::Pillar>(path.field("pillar"), message.pillar);
        let at = path.field("basis");
        let basis = self.enumeration_opt::<pb::YearBasis>(at, message.basis.unwrap_or_default());
        let at = path.field("firmness");
        let firmness = self.enumeration_opt::<pb::Firmness>(at, message.firmness);
        let purpose = self.optional(path.field("purpose"), message.purpose, Self::purpose);
        let country = self.optional(path.field("country"), message.country, Self::place);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        Some(Leg {
            direction: direction?,
            place: LegPlace {
                line_id: line_id?,
                period: period?,
                basis: basis?,
                firmness: firmness?,
                pillar: pillar?,
                purpose: purpose?,
                country: country?,
            },
            amount: amount?,
        })
    }

    pub(super) fn carry_over_funds(
        &mut self,
        path: Path<'_>,
        message: pb::CarryOverFunds,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let line_id = self.id_opt(path.field("line_id"), &message.line_id, LineId::parse);
        let at = path.field("from_period");
        let from_period = self.required(at, message.from_period, Self::period);
        let to_period = self.required(path.field("to_period"), message.to_period, Self::period);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        let reason = self.reason(path, message.reason);
        let carry_over = CarryOver {
            line_id: line_id?,
            from_period: from_period?,
            to_period: to_period?,
            amount: amount?,
            reason: reason?,
        };
        Some((agreement_id?, AgreementCommand::CarryOverFunds(carry_over)))
    }
}
