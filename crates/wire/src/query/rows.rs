//! Answers outwards: rows and the read envelope.

use perennial_domain::Date;
use perennial_domain::agreement::{Conditionality, ReallocationPolicy, Status};
use perennial_domain::classification::Pillar;
use perennial_domain::money::Currency;
use perennial_views::posting::Direction;
use perennial_views::rows::{
    AgreementDetails, AgreementRow, ByYearRow, CashForecastRow, MaturityRow, MovementRow,
    MultiYear, MultiYearRow, NexusRow, Party, PledgeRow, ReallocationRow, RegisterRow, Row,
    TimelineRow,
};
use perennial_views::view::timeline::Running;
use perennial_views::{CurrencyBasis, ReadInfo};

use crate::date::{to_google, to_timestamp};
use crate::pb::google::r#type::Money;
use crate::pb::query as pb;

/// A total that `google.type.Money` cannot carry: beyond 2^63 whole units. It is never cut or rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{minor_units} minor units of {currency} are more than an amount of the API can carry")]
pub struct AmountOutOfRange {
    /// The total in minor units.
    pub minor_units: i128,
    /// Its currency.
    pub currency: Currency,
}

/// Turns minor units into the API's amount: whole units, and billionths of the same sign.
pub(super) fn amount(minor_units: i128, currency: Currency) -> Result<Money, AmountOutOfRange> {
    let out_of_range = AmountOutOfRange {
        minor_units,
        currency,
    };
    let digits = u32::from(currency.minor_digits());
    let scale = 10_i128.pow(digits);
    let nanos = minor_units % scale * 10_i128.pow(9_u32.saturating_sub(digits));
    Ok(Money {
        currency_code: currency.code().to_owned(),
        units: i64::try_from(minor_units / scale).map_err(|_| out_of_range)?,
        nanos: i32::try_from(nanos).map_err(|_| out_of_range)?,
    })
}

/// Makes a row's message: fields as they are, then amounts, which have the row's names and currency.
macro_rules! row {
    ($message:ident, $row:ident, [$($amount:ident),+], { $($field:ident: $value:expr,)* }) => {
        Ok(Self {
            currency_code: $row.currency.code().to_owned(),
            $($amount: Some(amount($row.$amount, $row.currency)?),)+
            $($field: $value,)*
        })
    };
}

pub(super) fn direction(direction: Direction) -> i32 {
    match direction {
        Direction::Incoming => pb::Direction::Incoming,
        Direction::Outgoing => pb::Direction::Outgoing,
    }
    .into()
}

pub(super) fn pillar(pillar: Pillar) -> i32 {
    match pillar {
        Pillar::Humanitarian => pb::Pillar::Humanitarian,
        Pillar::Development => pb::Pillar::Development,
        Pillar::Peace => pb::Pillar::Peace,
        Pillar::Unallocable => pb::Pillar::Unallocable,
    }
    .into()
}

/// Returns the basis of this word; a word that is none of them stays unspecified.
pub(super) fn year_basis(word: Option<&str>) -> i32 {
    match word {
        Some("scheduled") => pb::YearBasis::Scheduled,
        Some("budgeted") => pb::YearBasis::Budgeted,
        Some("prorated") => pb::YearBasis::Prorated,
        Some("signing_year") => pb::YearBasis::SigningYear,
        Some("actual") => pb::YearBasis::Actual,
        Some(_) | None => pb::YearBasis::Unspecified,
    }
    .into()
}

/// Returns the firmness of this word; a word that is none of them stays unspecified.
fn firmness(word: Option<&str>) -> i32 {
    match word {
        Some("firm") => pb::Firmness::Firm,
        Some("subject_to_appropriation") => pb::Firmness::SubjectToAppropriation,
        Some("indicative") => pb::Firmness::Indicative,
        Some(_) | None => pb::Firmness::Unspecified,
    }
    .into()
}

impl From<&Party> for pb::Party {
    fn from(party: &Party) -> Self {
        Self {
            id: party.id.clone(),
            name: party.name.clone(),
        }
    }
}

impl TryFrom<&NexusRow> for pb::NexusRow {
    type Error = AmountOutOfRange;

    fn try_from(row: &NexusRow) -> Result<Self, AmountOutOfRange> {
        row!(NexusRow, row, [committed, disbursed, received, expended], {
            direction: direction(row.direction),
            donor: row.donor.as_ref().map(Into::into),
            recipient: row.recipient.as_ref().map(Into::into),
            country: row.country.clone(),
            year: row.year.clone(),
            pillar: row.pillar.map(pillar).unwrap_or_default(),
            year_basis: year_basis(row.year_basis),
            prorated: row.prorated,
        })
    }
}

impl TryFrom<&ByYearRow> for pb::ByYearRow {
    type Error = AmountOutOfRange;

    fn try_from(row: &ByYearRow) -> Result<Self, AmountOutOfRange> {
        row!(ByYearRow, row, [
            committed, moved, disbursed, received, scheduled, forecast, paid_for, remaining, overdrawn,
            carried_in, carried_out
        ], {
            agreement_id: row.agreement_id.clone(),
            direction: direction(row.direction),
            year: row.year.clone(),
            year_basis: year_basis(row.year_basis),
            prorated: row.prorated,
            firmness: firmness(row.firmness),
        })
    }
}

impl TryFrom<&RegisterRow> for pb::RegisterRow {
    type Error = AmountOutOfRange;

    fn try_from(row: &RegisterRow) -> Result<Self, AmountOutOfRange> {
        row!(RegisterRow, row, [amount], {
            iati_type: row.iati_type.clone(),
            entries: row.entries,
        })
    }
}

impl TryFrom<&MultiYearRow> for pb::MultiYearRow {
    type Error = AmountOutOfRange;

    fn try_from(row: &MultiYearRow) -> Result<Self, AmountOutOfRange> {
        row!(MultiYearRow, row, [amount, multi_year_amount], {
            direction: direction(row.direction),
            agreements: row.agreements,
            multi_year_agreements: row.multi_year_agreements,
            unknown_agreements: row.unknown_agreements,
        })
    }
}

impl TryFrom<&MovementRow> for pb::MovementRow {
    type Error = AmountOutOfRange;

    fn try_from(row: &MovementRow) -> Result<Self, AmountOutOfRange> {
        row!(MovementRow, row, [
            opening, signed, increases, decreases, paid, refunds, closing, write_offs
        ], {
            direction: direction(row.direction),
            year: row.year.clone(),
        })
    }
}

impl TryFrom<&MaturityRow> for pb::MaturityRow {
    type Error = AmountOutOfRange;

    fn try_from(row: &MaturityRow) -> Result<Self, AmountOutOfRange> {
        row!(MaturityRow, row, [
            under_one_year, one_to_five_years, over_five_years, undisbursed, overdrawn
        ], {
            direction: direction(row.direction),
            firmness: firmness(row.firmness),
        })
    }
}

impl TryFrom<&PledgeRow> for pb::PledgeRow {
    type Error = AmountOutOfRange;

    fn try_from(row: &PledgeRow) -> Result<Self, AmountOutOfRange> {
        row!(PledgeRow, row, [pledged, converted, withdrawn, outstanding, disbursed], {
            pledge_id: row.pledge_id.clone(),
            direction: direction(row.direction),
            donor: Some((&row.donor).into()),
            recipient: Some((&row.recipient).into()),
            announced_on: Some(to_google(row.announced_on)),
            agreement_ids: row.agreement_ids.clone(),
            age_days: row.age_days,
        })
    }
}

impl TryFrom<&AgreementRow> for pb::AgreementRow {
    type Error = AmountOutOfRange;

    fn try_from(row: &AgreementRow) -> Result<Self, AmountOutOfRange> {
        let multi_year = match row.multi_year {
            MultiYear::Yes => pb::MultiYear::Yes,
            MultiYear::No => pb::MultiYear::No,
            MultiYear::Unknown => pb::MultiYear::Unknown,
        };
        let references = row.external_references.iter();
        let references = references.map(|reference| pb::ExternalReference {
            system: reference.system.as_ref().to_owned(),
            reference: reference.reference.as_ref().to_owned(),
        });
        let signed = row.signed.map(|signed| amount(signed, row.currency));
        let of_pillar = |&(of, minor_units): &(Pillar, i128)| {
            Ok(pb::PillarAmount {
                pillar: pillar(of),
                amount: Some(amount(minor_units, row.currency)?),
            })
        };
        let last = row.last_event.as_ref();
        let details = &row.details;
        let detail = |minor_units| amount(minor_units, row.currency).map(Some);
        row!(AgreementRow, row, [
            increases, decreases, committed, disbursed, refunded, received, undisbursed, overdrawn,
            scheduled, unscheduled, expended, unspent, written_off, recovered
        ], {
            agreement_id: row.agreement_id.clone(),
            external_references: references.collect(),
            title: row.title.clone(),
            direction: direction(row.direction),
            provider: Some((&row.provider).into()),
            recipient: Some((&row.recipient).into()),
            signed_on: row.signed_on.map(to_google),
            starts_on: row.starts_on.map(to_google),
            original_ends_on: row.original_ends_on.map(to_google),
            ends_on: row.ends_on.map(to_google),
            original_months: row.original_months,
            multi_year: multi_year.into(),
            signed: signed.transpose()?,
            pillars: row.pillars.iter().map(of_pillar).collect::<Result<_, AmountOutOfRange>>()?,
            nexus_aligned: row.nexus_aligned,
            nexus_by: row.nexus_by.clone(),
            hierarchy: row.hierarchy.map(u32::from),
            parent: row.parent.clone(),
            revision: row.revision.0,
            last_event_id: last.map(|(id, _)| id.to_string()).unwrap_or_default(),
            last_event_kind: last.map(|(_, kind)| kind.name().to_owned()).unwrap_or_default(),
            exceptions: row.exceptions,
            standing_exceptions: row.standing_exceptions,
            terms: Some(terms(details)),
            allocated: detail(details.allocated)?,
            parked: detail(details.parked)?,
            from_upstream: detail(details.from_upstream)?,
            onward: detail(details.onward)?,
            status: status(row.status).into(),
            status_since: row.status_since.map(to_google),
        })
    }
}

fn terms(row: &AgreementDetails) -> pb::AgreementTerms {
    let further = &row.further;
    let conditionality = match row.conditionality {
        Conditionality::None => "none",
        Conditionality::Restriction => "restriction",
        Conditionality::Condition => "condition",
    };
    let aid_types = further.aid_types.iter();
    let earmarking = further.earmarking;
    pb::AgreementTerms {
        conditionality: conditionality.to_owned(),
        earmarking_modality: earmarking.map(|modality| modality.name().to_owned()),
        earmarking_category: earmarking.map(|modality| modality.category().into()),
        finance_type: further.finance_type.map(u32::from),
        flow_type: further.flow_type.map(u32::from),
        aid_types: aid_types
            .map(|aid_type| format!("{}:{}", aid_type.vocabulary, aid_type.code))
            .collect(),
        reallocation_policy: further.reallocation_policy.as_ref().map(policy),
        disbursement_terms: further.disbursement_terms.clone(),
        flexibility_features: further
            .flexibility
            .iter()
            .map(|feature| feature.name().to_owned())
            .collect(),
        upstream_links: further
            .upstream
            .iter()
            .map(|link| link.agreement.as_ref().to_owned())
            .collect(),
        pledge_links: further
            .pledges
            .iter()
            .map(|link| link.pledge_id.to_string())
            .collect(),
        revisions: row.terms_revisions,
    }
}

fn policy(policy: &ReallocationPolicy) -> pb::ReallocationLimit {
    let forbidden = policy.forbidden.iter();
    pb::ReallocationLimit {
        limit_ppm: policy.limit_ppm,
        base: policy.base.name().to_owned(),
        cumulative: policy.cumulative,
        counted: policy.counted.name().to_owned(),
        scope: policy.scope.name().to_owned(),
        forbidden: forbidden
            .map(|dimension| dimension.name().to_owned())
            .collect(),
        new_heading: policy.new_heading.name().to_owned(),
    }
}

impl TryFrom<&CashForecastRow> for pb::CashForecastRow {
    type Error = AmountOutOfRange;

    fn try_from(row: &CashForecastRow) -> Result<Self, AmountOutOfRange> {
        let outstanding = row.outstanding.iter();
        let outstanding = outstanding.map(|(condition_id, text)| pb::OutstandingCondition {
            condition_id: condition_id.clone(),
            text: text.clone(),
        });
        row!(CashForecastRow, row, [scheduled, open], {
            agreement_id: row.agreement_id.clone(),
            direction: direction(row.direction),
            provider: Some((&row.provider).into()),
            recipient: Some((&row.recipient).into()),
            tranche_id: row.tranche_id.clone(),
            due_on: Some(to_google(row.due_on)),
            period_starts_on: Some(to_google(row.period.starts_on())),
            period_ends_on: Some(to_google(row.period.ends_on())),
            outstanding: outstanding.collect(),
            days_late: row.days_late,
        })
    }
}

impl TryFrom<&ReallocationRow> for pb::ReallocationRow {
    type Error = AmountOutOfRange;

    fn try_from(row: &ReallocationRow) -> Result<Self, AmountOutOfRange> {
        let limit = row.limit.map(|limit| amount(limit, row.currency));
        row!(ReallocationRow, row, [moved, counted, cumulative, base], {
            agreement_id: row.agreement_id.clone(),
            direction: direction(row.direction),
            heading: row.heading.clone(),
            event_id: row.event_id.to_string(),
            effective_on: Some(to_google(row.effective_on)),
            recorded_at: Some(to_timestamp(row.recorded_at)),
            limit: limit.transpose()?,
            used_ppm: row.used_ppm,
            legal_basis: row.legal_basis.clone(),
            amendment: row.amendment.clone(),
            reversed: row.reversed,
        })
    }
}

const fn status(status: Status) -> pb::AgreementStatus {
    match status {
        Status::Signed => pb::AgreementStatus::Signed,
        Status::Effective => pb::AgreementStatus::Effective,
        Status::Suspended => pb::AgreementStatus::Suspended,
        Status::OperationallyEnded => pb::AgreementStatus::OperationallyEnded,
        Status::Terminated => pb::AgreementStatus::Terminated,
        Status::Cancelled => pb::AgreementStatus::Cancelled,
        Status::FinanciallyClosed => pb::AgreementStatus::FinanciallyClosed,
    }
}

fn running(
    balances: &Running,
    currency: Currency,
) -> Result<Option<pb::RunningBalances>, AmountOutOfRange> {
    Ok(Some(pb::RunningBalances {
        committed: Some(amount(balances.committed, currency)?),
        disbursed: Some(amount(balances.disbursed, currency)?),
        received: Some(amount(balances.received, currency)?),
        undisbursed: Some(amount(balances.undisbursed, currency)?),
    }))
}

impl TryFrom<&TimelineRow> for pb::TimelineRow {
    type Error = AmountOutOfRange;

    fn try_from(row: &TimelineRow) -> Result<Self, AmountOutOfRange> {
        let note = &row.note;
        let reference = note.external_reference.as_ref();
        Ok(Self {
            agreement_id: row.agreement_id.clone(),
            event_id: row.event_id.to_string(),
            revision: row.revision.0,
            kind: row.kind.name().to_owned(),
            effective_on: Some(to_google(row.effective_on)),
            recorded_at: Some(to_timestamp(row.recorded_at)),
            currency_code: row.currency.code().to_owned(),
            change: running(&row.change, row.currency)?,
            effective_order: row.effective_order,
            effective_running: running(&row.effective_running, row.currency)?,
            recorded_order: row.recorded_order,
            recorded_running: running(&row.recorded_running, row.currency)?,
            external_reference: reference.map(|reference| pb::ExternalReference {
                system: reference.system.as_ref().to_owned(),
                reference: reference.reference.as_ref().to_owned(),
            }),
            reference: note.reference.clone(),
            reason: note.reason.clone(),
            target: note.target.map(|target| target.to_string()),
            documents: note.documents,
            counts_on: Some(to_google(row.counts_on)),
        })
    }
}

impl TryFrom<&Row> for pb::Row {
    type Error = AmountOutOfRange;

    fn try_from(row: &Row) -> Result<Self, AmountOutOfRange> {
        use pb::row::Row as Message;
        let message = match row {
            Row::Agreement(row) => Message::Agreement(row.try_into()?),
            Row::Timeline(row) => Message::Timeline(row.try_into()?),
            Row::Pledge(row) => Message::Pledge(row.try_into()?),
            Row::ByYear(row) => Message::ByYear(row.try_into()?),
            Row::Nexus(row) => Message::Nexus(row.try_into()?),
            Row::MultiYear(row) => Message::MultiYear(row.try_into()?),
            Row::Register(row) => Message::Register(row.try_into()?),
            Row::Movement(row) => Message::Movement(row.try_into()?),
            Row::Maturity(row) => Message::Maturity(row.try_into()?),
            Row::Exception(row) => Message::Exception(row.into()),
            Row::Override(row) => Message::Override(row.into()),
            Row::Reallocation(row) => Message::Reallocation(row.try_into()?),
            Row::CashForecast(row) => Message::CashForecast(row.try_into()?),
            Row::Scheme(row) => Message::Scheme(row.try_into()?),
            Row::Coverage(row) => Message::Coverage(row.try_into()?),
            Row::FiscalPeriod(row) => Message::FiscalPeriod(row.into()),
            Row::Published(row) => row.into(),
        };
        Ok(Self { row: Some(message) })
    }
}

/// What a reader knows of an answer beside what the views say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Counts rebuilds of the views, from 1.
    pub generation: u64,
    /// As asked.
    pub published_as_of: Option<Date>,
    /// Whether access rules hid rows.
    pub partial: bool,
}

/// Returns the message that says from what an answer was computed.
pub fn read_info(info: &ReadInfo, envelope: Envelope) -> pb::ReadInfo {
    pb::ReadInfo {
        position: info.position.0,
        head_position: info.head_position.0,
        recorded_at: Some(to_timestamp(info.recorded_at)),
        record_hash: info.record_hash.to_vec(),
        view: info.view.name().to_owned(),
        view_schema: info.view_schema.to_owned(),
        generation: envelope.generation,
        digest: info.digest.0.to_vec(),
        effective_as_of: info.effective_as_of.map(to_google),
        published_as_of: envelope.published_as_of.map(to_google),
        currency_basis: match info.currency_basis {
            CurrencyBasis::Transaction => pb::CurrencyBasis::Transaction,
            CurrencyBasis::Functional => pb::CurrencyBasis::Functional,
        }
        .into(),
        fiscal_calendar: info.fiscal_calendar.clone(),
        pillar_mapping: Some(pb::PillarMapping {
            name: info.mapping_name.clone(),
            content_hash: info.mapping_hash.clone(),
        }),
        partial: envelope.partial,
        notes: info.notes.clone(),
        restated: info.restated,
    }
}
