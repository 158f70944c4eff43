//! The product's rows, written as the oracle writes its own.

use perennial_domain::classification::Pillar;
use perennial_views::rows::{
    AgreementRow, ByYearRow, CoverageRow, ExceptionRow, MovementRow, NexusRow, Party, PledgeRow,
    ReallocationRow, Row, SchemeRow, TimelineRow,
};
use perennial_views::view::timeline::Running;

/// Rows of a view as lines of text, ascending.
pub fn told(rows: &[Row]) -> Vec<String> {
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.sort();
    lines
}

fn id(party: Option<&Party>) -> Option<&str> {
    party.map(|party| party.id.as_str())
}

fn line(row: &Row) -> String {
    match row {
        Row::Nexus(row) => nexus(row),
        Row::ByYear(row) => by_year(row),
        Row::Agreement(row) => statement(row),
        Row::Timeline(row) => timeline(row),
        Row::Pledge(row) => pledge(row),
        Row::Register(row) => {
            let (entries, amount) = (row.entries, row.amount);
            format!(
                "{} {}: {entries} entries {amount}",
                row.iati_type, row.currency
            )
        }
        Row::Movement(row) => movement(row),
        Row::Maturity(row) => format!(
            "{} {} {:?}: {} + {} + {} = {}, over {}",
            row.direction.name(),
            row.currency,
            row.firmness,
            row.under_one_year,
            row.one_to_five_years,
            row.over_five_years,
            row.undisbursed,
            row.overdrawn
        ),
        Row::MultiYear(row) => format!(
            "{} {}: {} agreements {}, multi-year {} {}, unknown {}",
            row.direction.name(),
            row.currency,
            row.agreements,
            row.amount,
            row.multi_year_agreements,
            row.multi_year_amount,
            row.unknown_agreements
        ),
        Row::Exception(row) => exception(row),
        Row::Override(row) => format!(
            "{} {} {} on {} {:?} {:?}",
            row.event_id, row.rule, row.subject, row.effective_on, row.reason, row.approver
        ),
        Row::CashForecast(row) => format!(
            "{} {} {:?} {:?} {} due {} for {} to {}: {} of {} late {:?} outstanding {:?}",
            row.agreement_id,
            row.direction.name(),
            row.provider.id,
            row.recipient.id,
            row.tranche_id,
            row.due_on,
            row.period.starts_on(),
            row.period.ends_on(),
            row.open,
            row.scheduled,
            row.days_late,
            row.outstanding
        ),
        Row::Reallocation(row) => reallocation(row),
        Row::Scheme(row) => scheme(row),
        Row::Coverage(row) => coverage(row),
        Row::FiscalPeriod(_) | Row::Published(_) => String::new(),
    }
}

fn exception(row: &ExceptionRow) -> String {
    let disposed = row.disposed.as_ref();
    let disposed = disposed.map(|it| (it.disposition.name(), it.text.clone()));
    format!(
        "{} {} {:?} {:?} standing {:?} count {} {disposed:?}",
        row.rule.unwrap_or(&row.reason),
        row.subject,
        row.event_id,
        row.effective_on,
        row.standing,
        row.count
    )
}

fn scheme(row: &SchemeRow) -> String {
    let figure = |amount: i128, multi_year: i128, said: [i128; 3]| {
        format!("{amount} ({multi_year} {said:?})")
    };
    format!(
        "{} {} {} {:?} {:?} {:?} {} {:?} {:?} {} {:?} prorated {}: {} paid {}",
        row.scheme,
        row.partition,
        row.direction.name(),
        row.agreement_id,
        id(row.donor.as_ref()),
        id(row.recipient.as_ref()),
        row.part.name(),
        row.element,
        row.year,
        row.currency,
        row.year_basis,
        row.prorated,
        figure(
            row.committed,
            row.committed_multi_year,
            row.committed_by_basis
        ),
        figure(
            row.disbursed,
            row.disbursed_multi_year,
            row.disbursed_by_basis
        ),
    )
}

fn coverage(row: &CoverageRow) -> String {
    format!(
        "{} {} {} {:?} {} {} {} prorated {}: {:?} committed {} \
             paid {} gap {:?} over {:?} {:?}",
        row.plan_id,
        row.version,
        row.scheme,
        row.objective,
        row.year,
        row.direction.name(),
        row.currency,
        row.prorated,
        row.required,
        row.committed,
        row.disbursed,
        row.gap,
        row.over,
        row.covered_ppm,
    )
}

fn movement(row: &MovementRow) -> String {
    format!(
        "{} {} {}: {} + {} + {} - {} - {} + {} - {} = {}",
        row.direction.name(),
        row.currency,
        row.year,
        row.opening,
        row.signed,
        row.increases,
        row.decreases,
        row.paid,
        row.refunds,
        row.write_offs,
        row.closing
    )
}

fn reallocation(row: &ReallocationRow) -> String {
    format!(
        "{} {} {} {} on {} {}: moved {} counted {} cumulative {} of {} limit {:?} used {:?} {:?} {:?} \
         reversed {}",
        row.agreement_id,
        row.direction.name(),
        row.heading,
        row.event_id,
        row.effective_on,
        row.currency,
        row.moved,
        row.counted,
        row.cumulative,
        row.base,
        row.limit,
        row.used_ppm,
        row.legal_basis,
        row.amendment,
        row.reversed
    )
}

fn nexus(row: &NexusRow) -> String {
    format!(
        "{} {:?} {:?} {:?} {:?} {:?} {} {:?} prorated {}: committed {} disbursed {} received {} \
         expended {}",
        row.direction.name(),
        id(row.donor.as_ref()),
        id(row.recipient.as_ref()),
        row.country,
        row.year,
        row.pillar.map(Pillar::name),
        row.currency,
        row.year_basis,
        row.prorated,
        row.committed,
        row.disbursed,
        row.received,
        row.expended
    )
}

fn by_year(row: &ByYearRow) -> String {
    format!(
        "{:?} {} {:?} {} {:?} {:?} prorated {}: committed {} moved {} carried in {} out {} \
         disbursed {} received {} scheduled {} forecast {} paid for {} remaining {} overdrawn {}",
        row.agreement_id,
        row.direction.name(),
        row.year,
        row.currency,
        row.year_basis,
        row.firmness,
        row.prorated,
        row.committed,
        row.moved,
        row.carried_in,
        row.carried_out,
        row.disbursed,
        row.received,
        row.scheduled,
        row.forecast,
        row.paid_for,
        row.remaining,
        row.overdrawn
    )
}

fn statement(row: &AgreementRow) -> String {
    format!(
        "{} {} {:?} {:?} {} signed on {:?} from {:?} to {:?} now {:?} months {:?} multi-year {} {} since {:?}: \
         signed {:?} + {} - {} = {} disbursed {} refunded {} received {} undisbursed {} \
         overdrawn {} scheduled {} unscheduled {} expended {} unspent {} written off {} recovered {} {:?} aligned {} \
         revision {} last {:?} exceptions {} standing {} \
         allocated {} parked {} from upstream {} onward {} {:?} {:?} {:?} {:?} revised {}",
        row.agreement_id,
        row.direction.name(),
        row.provider.id,
        row.recipient.id,
        row.currency,
        row.signed_on,
        row.starts_on,
        row.original_ends_on,
        row.ends_on,
        row.original_months,
        row.multi_year.name(),
        row.status.name(),
        row.status_since,
        row.signed,
        row.increases,
        row.decreases,
        row.committed,
        row.disbursed,
        row.refunded,
        row.received,
        row.undisbursed,
        row.overdrawn,
        row.scheduled,
        row.unscheduled,
        row.expended,
        row.unspent,
        row.written_off,
        row.recovered,
        row.pillars,
        row.nexus_aligned,
        row.revision.0,
        row.last_event.map(|(event_id, _)| event_id),
        row.exceptions,
        row.standing_exceptions,
        row.details.allocated,
        row.details.parked,
        row.details.from_upstream,
        row.details.onward,
        row.details.conditionality,
        row.details.further.reallocation_policy,
        row.details.further.earmarking,
        row.details.further.flexibility,
        row.details.terms_revisions
    )
}

fn timeline(row: &TimelineRow) -> String {
    let running = |running: &Running| {
        [
            running.committed,
            running.disbursed,
            running.received,
            running.undisbursed,
        ]
    };
    format!(
        "{} {} {} on {} counts on {}: {:?}, {} in effect {:?}, {} recorded {:?}",
        row.agreement_id,
        row.revision.0,
        row.event_id,
        row.effective_on,
        row.counts_on,
        running(&row.change),
        row.effective_order,
        running(&row.effective_running),
        row.recorded_order,
        running(&row.recorded_running)
    )
}

fn pledge(row: &PledgeRow) -> String {
    format!(
        "{} {} {:?} {:?} {} announced {}: pledged {} converted {} withdrawn {} outstanding {} \
         disbursed {} {:?} age {:?}",
        row.pledge_id,
        row.direction.name(),
        row.donor.id,
        row.recipient.id,
        row.currency,
        row.announced_on,
        row.pledged,
        row.converted,
        row.withdrawn,
        row.outstanding,
        row.disbursed,
        row.agreement_ids,
        row.age_days
    )
}
