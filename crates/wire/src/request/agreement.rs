//! `agreement.proto`: terms, words, lines and what is committed.

use std::sync::Arc;

use perennial_domain::agreement::{
    AgreementCommand, Conditionality, DecreaseReason, Description, FurtherTerms, Line,
    ParticipatingOrg, Terms, YearBasis, YearShare,
};
use perennial_domain::classification::{LineDims, OwnCode};
use perennial_domain::ids::LineId;
use perennial_domain::money::Currency;

use super::cash::Asked;
use super::check::Check;
use super::path::Path;
use super::terms::further_fields;
use super::value::SplitOf;
use super::violation::Reason;
use crate::pb::ledger as pb;

impl Check<'_> {
    pub(super) fn sign_agreement(
        &mut self,
        path: Path<'_>,
        message: pb::SignAgreement,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let at = path.field("perspective");
        let perspective = self.enumeration::<pb::Perspective>(at, message.perspective);
        let provider = self.required(path.field("provider"), message.provider, Self::organisation);
        let at = path.field("recipient");
        let recipient = self.required(at, message.recipient, Self::organisation);
        let signed_on = self.optional(path.field("signed_on"), message.signed_on, Self::date);
        let starts_on = self.optional(path.field("starts_on"), message.starts_on, Self::date);
        let ends_on = self.optional(path.field("ends_on"), message.ends_on, Self::date);
        let currency = self.currency(path.field("currency_code"), &message.currency_code);
        let conditionality = self.enumeration_or::<pb::Conditionality>(
            path.field("conditionality"),
            message.conditionality,
            Conditionality::None,
        );
        let (at, max) = (path.field("lines"), self.limits.lines_max);
        let lines = self.list(at, message.lines, max, Self::line);
        let lines = self.at_least(at, 1, lines);
        let further = self.further_terms(path, further_fields!(message))?;
        let terms = Terms {
            perspective: perspective?,
            provider: provider?,
            recipient: recipient?,
            signed_on: signed_on?,
            starts_on: starts_on?,
            ends_on: ends_on?,
            currency: currency?,
            conditionality: conditionality?,
            lines: lines?,
            further: (further != FurtherTerms::default()).then(|| Box::new(further)),
        };
        Some((agreement_id?, AgreementCommand::Sign(terms)))
    }

    fn line(&mut self, path: Path<'_>, message: pb::Line) -> Option<Line> {
        let line_id = self.id(path.field("line_id"), &message.line_id, LineId::parse);
        let amount = self.required(path.field("amount"), message.amount, Self::amount_or_zero);
        let at = path.field("counterparty");
        let counterparty = self.optional(at, message.counterparty, Self::organisation);
        let purposes = self.split(path.field("purposes"), message.purposes, SplitOf::Purposes);
        let places = self.split(path.field("places"), message.places, SplitOf::Places);
        let pillar = self.enumeration_opt::<pb::Pillar>(path.field("pillar"), message.pillar);
        let (at, max) = (path.field("budget_heading"), self.limits.short_chars_max);
        let budget_heading = self.text_opt(at, message.budget_heading, max);
        let (at, max) = (path.field("own_codes"), self.limits.own_codes_max);
        let own_codes = self.list(at, message.own_codes, max, Self::own_code);
        let currency = amount.map(perennial_domain::money::Money::currency);
        let year_shares = self.year_shares(path, message.year_shares, currency);
        let at = path.field("functional");
        let functional = self.optional(at, message.functional, Self::functional);
        Some(Line {
            line_id: line_id?,
            amount: amount?,
            counterparty: counterparty?,
            dims: LineDims {
                purposes: purposes?,
                places: places?,
                pillar: pillar?,
                humanitarian: message.humanitarian,
                budget_heading: budget_heading?.map(Arc::from),
                own_codes: own_codes?,
            },
            year_shares: year_shares?,
            functional: functional?,
        })
    }

    fn own_code(&mut self, path: Path<'_>, message: pb::OwnCode) -> Option<OwnCode> {
        let (code_max, short_max) = (self.limits.code_chars_max, self.limits.short_chars_max);
        let scheme = self.text(path.field("scheme"), message.scheme, code_max);
        let code = self.text(path.field("code"), message.code, short_max);
        Some(OwnCode {
            scheme: scheme?.into(),
            code: code?.into(),
        })
    }

    /// Shares of an amount in `currency`; `None` if that amount is malformed, which is noted already.
    pub(super) fn year_shares(
        &mut self,
        path: Path<'_>,
        messages: Vec<pb::YearShare>,
        currency: Option<Currency>,
    ) -> Option<Vec<YearShare>> {
        self.shares_of(path.field("year_shares"), messages, currency)
    }

    /// The same, in a field of another name.
    pub(super) fn shares_of(
        &mut self,
        at: Path<'_>,
        messages: Vec<pb::YearShare>,
        currency: Option<Currency>,
    ) -> Option<Vec<YearShare>> {
        let max = self.limits.year_shares_max;
        self.list(at, messages, max, |check, path, message| {
            check.year_share(path, message, currency)
        })
    }

    fn year_share(
        &mut self,
        path: Path<'_>,
        message: pb::YearShare,
        currency: Option<Currency>,
    ) -> Option<YearShare> {
        let period = self.days(path, message.starts_on, message.ends_on);
        let at = path.field("amount");
        let amount = self.required(at, message.amount, Self::positive);
        let basis = self.year_basis(path, message.basis);
        let firmness = self.firmness(path, message.firmness);
        let amount = amount?;
        if let Some(whole) = currency.filter(|&whole| whole != amount.currency()) {
            let problem = format!("is in {} instead of {whole}", amount.currency());
            return self.refuse(at, Reason::CurrencyMismatch, problem);
        }
        Some(YearShare {
            period: period?,
            minor_units: amount.minor_units(),
            basis: basis?,
            firmness: firmness?,
        })
    }

    pub(super) fn year_basis(&mut self, path: Path<'_>, number: i32) -> Option<YearBasis> {
        let at = path.field("basis");
        self.enumeration_or::<pb::YearBasis>(at, number, YearBasis::Scheduled)
    }

    pub(super) fn describe_agreement(
        &mut self,
        path: Path<'_>,
        message: pb::DescribeAgreement,
    ) -> Option<Asked> {
        let limits = *self.limits;
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let title = self.text_opt(path.field("title"), message.title, limits.name_chars_max);
        let (at, max) = (path.field("description"), limits.description_chars_max);
        let description = self.lines_opt(at, message.description, max);
        let (at, max) = (path.field("identifiers"), limits.identifiers_max);
        let identifiers = self.list(at, message.identifiers, max, Self::external_reference);
        let (at, max) = (path.field("participating"), limits.described_max);
        let participating = self.list(at, message.participating, max, Self::participating);
        let at = path.field("reporting_org");
        let reporting_org = self.optional(at, message.reporting_org, Self::organisation);
        let at = path.field("published_status");
        let published_status = self.optional(at, message.published_status, Self::narrow);
        let hierarchy = self.optional(path.field("hierarchy"), message.hierarchy, Self::narrow);
        let parent = self.text_opt(path.field("parent"), message.parent, limits.name_chars_max);
        let (at, max) = (path.field("documents"), limits.described_max);
        let documents = self.list(at, message.documents, max, Self::document);
        let description = Description {
            title: title?,
            description: description?,
            identifiers: identifiers?,
            participating: participating?,
            reporting_org: reporting_org?,
            published_status: published_status?,
            hierarchy: hierarchy?,
            parent: parent?,
            documents: documents?,
        };
        Some((agreement_id?, AgreementCommand::Describe(description)))
    }

    fn participating(
        &mut self,
        path: Path<'_>,
        message: pb::ParticipatingOrganisation,
    ) -> Option<ParticipatingOrg> {
        let at = path.field("organisation");
        let org = self.required(at, message.organisation, Self::organisation);
        let role_code = self.narrow(path.field("role_code"), message.role_code);
        Some(ParticipatingOrg {
            org: org?,
            role_code: role_code?,
        })
    }

    pub(super) fn open_line(&mut self, path: Path<'_>, message: pb::OpenLine) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let at = path.field("line");
        let line = self.required(at, message.line, Self::line);
        let (agreement_id, line) = (agreement_id?, line?);
        if !line.amount.is_zero() || !line.year_shares.is_empty() {
            return self.invalid(at, "has an amount or shares: commit them with an increase");
        }
        Some((agreement_id, AgreementCommand::OpenLine(line)))
    }

    pub(super) fn increase_commitment(
        &mut self,
        path: Path<'_>,
        message: pb::IncreaseCommitment,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let line_id = self.id_opt(path.field("line_id"), &message.line_id, LineId::parse);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        let currency = amount.map(perennial_domain::money::Money::currency);
        let year_shares = self.year_shares(path, message.year_shares, currency);
        let amendment = self.amendment(path, message.amendment);
        let published = self.optional(path.field("published"), message.published, Self::published);
        let at = path.field("functional");
        let functional = self.optional(at, message.functional, Self::functional);
        let command = AgreementCommand::IncreaseCommitment {
            line_id: line_id?,
            amount: amount?,
            year_shares: year_shares?,
            amendment: amendment?,
            published: published?,
            functional: functional?,
        };
        Some((agreement_id?, command))
    }

    pub(super) fn amendment(&mut self, path: Path<'_>, text: String) -> Option<Option<String>> {
        self.text_opt(path.field("amendment"), text, self.limits.short_chars_max)
    }

    pub(super) fn decrease_commitment(
        &mut self,
        path: Path<'_>,
        message: pb::DecreaseCommitment,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let line_id = self.id_opt(path.field("line_id"), &message.line_id, LineId::parse);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        let currency = amount.map(perennial_domain::money::Money::currency);
        let year_shares = self.year_shares(path, message.year_shares, currency);
        let reason = self.enumeration_or::<pb::DecreaseReason>(
            path.field("reason"),
            message.reason,
            DecreaseReason::Unknown,
        );
        let published = self.optional(path.field("published"), message.published, Self::published);
        let at = path.field("functional");
        let functional = self.optional(at, message.functional, Self::functional);
        let command = AgreementCommand::DecreaseCommitment {
            line_id: line_id?,
            amount: amount?,
            year_shares: year_shares?,
            reason: reason?,
            published: published?,
            functional: functional?,
        };
        Some((agreement_id?, command))
    }
}
