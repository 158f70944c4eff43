//! Allocations, transfers and onward grants, and what they show.

use perennial_domain::agreement::{
    AgreementEvent, Allocation, AllocationDims, AllocationRelease, OnwardGrant, Perspective,
    ReversalReason, Transfer, TransferDirection, YearBasis,
};
use perennial_domain::classification::{Code, Vocabulary};
use perennial_domain::event::Fact;
use perennial_domain::ids::{AgreementId, AllocationId, TransferId};
use perennial_domain::rule::{Breach, Rule};
use perennial_views::rows::{AgreementRow, Row};
use perennial_views::{Cut, Dimension, Filter, Question, View};

use crate::given::{
    Log, agreement, date, event_id, line, line_id, org, received, share, signed, terms, usd,
};

fn rows<R>(log: &Log, view: View, question: &Question, of: impl Fn(Row) -> Option<R>) -> Vec<R> {
    let answer = view.evaluate(&log.facts(), question).unwrap();
    answer.rows.into_iter().filter_map(of).collect()
}

fn statement(log: &Log, id: &str) -> AgreementRow {
    let of = |row| match row {
        Row::Agreement(row) => Some(row),
        _ => None,
    };
    let rows = rows(log, View::Agreement, &Question::default(), of);
    rows.into_iter().find(|row| row.agreement_id == id).unwrap()
}

fn standing(log: &Log) -> Vec<Option<bool>> {
    rows(
        log,
        View::Exceptions,
        &Question::default(),
        |row| match row {
            Row::Exception(row) => Some(row.standing),
            _ => None,
        },
    )
}

fn sign(log: &mut Log, id: &str, perspective: Perspective, minor_units: i128) {
    let shares = vec![share(
        "2020-01-01",
        "2020-12-31",
        minor_units,
        YearBasis::Scheduled,
    )];
    let lines = vec![line("line-1", usd(minor_units), shares)];
    log.record(&[(
        agreement(id),
        "2020-01-15",
        signed(terms(perspective, lines)),
    )]);
}

fn allocation(minor_units: i128) -> Allocation {
    Allocation {
        allocation_id: AllocationId::parse("allocation-1").unwrap(),
        line_id: line_id("line-1"),
        amount: usd(minor_units),
        dims: AllocationDims {
            purpose: Some(Code {
                vocabulary: Vocabulary::DacPurpose,
                code: "15220".into(),
            }),
            country: Some(Code {
                vocabulary: Vocabulary::Country,
                code: "UG".into(),
            }),
            receiver: Some(org("R-2", "Recipient Two")),
            ..AllocationDims::default()
        },
        shares: vec![share(
            "2020-01-01",
            "2020-12-31",
            minor_units,
            YearBasis::Scheduled,
        )],
    }
}

fn allocated(minor_units: i128) -> Fact {
    Fact::Agreement(AgreementEvent::AllocationMade(Box::new(allocation(
        minor_units,
    ))))
}

#[test]
fn allocated_money_is_for_its_own_purpose_place_and_receiver() {
    let mut log = Log::new();
    sign(&mut log, "agreement-1", Perspective::Provider, 100);
    log.record(&[(agreement("agreement-1"), "2020-03-01", allocated(70))]);
    log.record(&[(
        agreement("agreement-1"),
        "2020-04-01",
        Fact::Agreement(AgreementEvent::AllocationReleased(Box::new(
            AllocationRelease {
                allocation: allocation(20),
                reason: "not needed".to_owned(),
            },
        ))),
    )]);
    let row = statement(&log, "agreement-1");
    assert_eq!(
        (row.committed, row.details.allocated, row.details.parked),
        (100, 50, 50)
    );
    let words = |dimension| -> Vec<String> {
        let question = Question {
            group_by: Some(vec![dimension]),
            ..Question::default()
        };
        rows(&log, View::Nexus, &question, |row| match row {
            Row::Nexus(row) => Some(row),
            _ => None,
        })
        .into_iter()
        .map(|row| {
            let pillar = row.pillar.map(|pillar| pillar.name().to_owned());
            let recipient = row.recipient.map(|recipient| recipient.id);
            let key = row.country.or(pillar).or(recipient).unwrap_or_default();
            format!("{key} {}", row.committed)
        })
        .collect()
    };
    assert_eq!(words(Dimension::Pillar), ["humanitarian 50", "peace 50"]);
    assert_eq!(words(Dimension::Country), ["SS 50", "UG 50"]);
    assert_eq!(words(Dimension::Recipient), ["R-1 50", "R-2 50"]);
}

#[test]
fn an_allocation_beyond_what_is_parked_stands_until_it_is_taken_back() {
    let mut log = Log::new();
    sign(&mut log, "agreement-1", Perspective::Provider, 100);
    let breach = Breach::new(
        Rule::AllocationWithinParked,
        "agreement/agreement-1/line-1",
        &[],
    );
    let wish = (agreement("agreement-1"), "2020-03-01", allocated(101));
    let position = log.record_flagged(&[wish], &[breach]);
    assert_eq!(standing(&log), [Some(true)]);
    log.record(&[(
        agreement("agreement-1"),
        "2020-03-01",
        Fact::Agreement(AgreementEvent::EntryReversed {
            target: event_id(position, 0),
            reason: ReversalReason::Error,
        }),
    )]);
    assert_eq!(standing(&log), [Some(false)]);
    assert_eq!(statement(&log, "agreement-1").details.parked, 100);
}

fn half(direction: TransferDirection, other: &str, minor_units: i128) -> Fact {
    let year_shares = vec![share(
        "2020-01-01",
        "2020-12-31",
        minor_units,
        YearBasis::Scheduled,
    )];
    Fact::Agreement(AgreementEvent::FundsTransferred(Box::new(Transfer {
        transfer_id: TransferId::parse("transfer-1").unwrap(),
        direction,
        other_agreement_id: AgreementId::parse(other).unwrap(),
        line_id: line_id("line-1"),
        amount: usd(minor_units),
        year_shares,
        conversion: None,
        consent: "letter".to_owned(),
        reason: String::new(),
    })))
}

#[test]
fn a_transfer_is_a_decrease_of_one_agreement_and_an_increase_of_the_other() {
    let mut log = Log::new();
    sign(&mut log, "agreement-1", Perspective::Provider, 100);
    sign(&mut log, "agreement-2", Perspective::Provider, 50);
    log.record(&[
        (
            agreement("agreement-1"),
            "2020-06-01",
            half(TransferDirection::Out, "agreement-2", 30),
        ),
        (
            agreement("agreement-2"),
            "2020-06-01",
            half(TransferDirection::In, "agreement-1", 30),
        ),
    ]);
    let gives = statement(&log, "agreement-1");
    assert_eq!(
        (gives.committed, gives.decreases, gives.increases),
        (70, 30, 0)
    );
    let receives = statement(&log, "agreement-2");
    assert_eq!(
        (receives.committed, receives.decreases, receives.increases),
        (80, 0, 30)
    );
    let movements = rows(
        &log,
        View::Movements,
        &Question::default(),
        |row| match row {
            Row::Movement(row) => Some((row.signed, row.increases, row.decreases, row.closing)),
            _ => None,
        },
    );
    assert_eq!(movements, [(150, 30, 30, 150)]);
}

fn linked(upstream: &str, minor_units: i128) -> Fact {
    Fact::Agreement(AgreementEvent::OnwardGrantLinked(Box::new(OnwardGrant {
        upstream_agreement_id: AgreementId::parse(upstream).unwrap(),
        amount: usd(minor_units),
        level: 1,
        conversion: None,
    })))
}

#[test]
fn a_link_shows_in_both_agreements_and_its_breach_stands_until_enough_arrives() {
    let mut log = Log::new();
    sign(&mut log, "donor-grant", Perspective::Recipient, 100);
    sign(&mut log, "sub-grant", Perspective::Provider, 50);
    log.record(&[(agreement("donor-grant"), "2020-03-01", received(30))]);
    let breach = Breach::new(Rule::OnwardWithinReceived, "agreement/donor-grant", &[]);
    let wish = (
        agreement("sub-grant"),
        "2020-04-01",
        linked("donor-grant", 40),
    );
    let position = log.record_flagged(&[wish], &[breach]);
    assert_eq!(statement(&log, "donor-grant").details.onward, 40);
    assert_eq!(statement(&log, "donor-grant").details.from_upstream, 0);
    assert_eq!(statement(&log, "sub-grant").details.from_upstream, 40);
    assert_eq!(statement(&log, "sub-grant").committed, 50);
    assert_eq!(standing(&log), [Some(true)]);
    log.record(&[(agreement("donor-grant"), "2020-05-01", received(10))]);
    assert_eq!(standing(&log), [Some(false)]);
    log.record(&[(
        agreement("sub-grant"),
        "2020-04-01",
        Fact::Agreement(AgreementEvent::EntryReversed {
            target: event_id(position, 0),
            reason: ReversalReason::Error,
        }),
    )]);
    assert_eq!(statement(&log, "donor-grant").details.onward, 0);
    assert_eq!(statement(&log, "sub-grant").details.from_upstream, 0);
}

#[test]
fn r22_stands_without_any_flag_from_the_first_cent_onward_above_what_arrived() {
    let mut log = Log::new();
    sign(&mut log, "donor-grant", Perspective::Recipient, 100);
    sign(&mut log, "sub-grant", Perspective::Provider, 50);
    sign(&mut log, "sub-grant-2", Perspective::Provider, 50);
    log.record(&[(agreement("donor-grant"), "2020-03-01", received(30))]);
    let link = |id: &str, on, cents| (agreement(id), on, linked("donor-grant", cents));
    log.record(&[link("sub-grant", "2020-04-01", 30)]);
    let found = |log: &Log, on: &str, agreements: &[&str]| {
        let ids = agreements.iter().map(|id| AgreementId::parse(id).unwrap());
        let question = Question {
            effective: Cut::On(date(on)),
            filter: Filter {
                standing: true,
                rule: Some("R22".to_owned()),
                agreements: ids.collect(),
                ..Filter::default()
            },
            ..Question::default()
        };
        rows(log, View::Exceptions, &question, |row| match row {
            Row::Exception(row) => Some((row.subject, row.values)),
            _ => None,
        })
    };
    assert_eq!(found(&log, "2020-12-31", &[]), []);
    log.record(&[link("sub-grant-2", "2020-05-01", 1)]);
    let figure = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let breach = (
        "agreement/donor-grant".to_owned(),
        vec![figure("received", "0.30 USD"), figure("onward", "0.31 USD")],
    );
    assert_eq!(found(&log, "2020-04-30", &[]), []);
    let breaches = [breach];
    assert_eq!(found(&log, "2020-05-01", &[]), breaches);
    // It is the breach of the grant that the money was made out of, not of those that it went to.
    assert_eq!(found(&log, "2020-05-01", &["donor-grant"]), breaches);
    assert_eq!(found(&log, "2020-05-01", &["sub-grant-2"]), []);
    log.record(&[(agreement("donor-grant"), "2020-06-01", received(1))]);
    assert_eq!(found(&log, "2020-06-01", &[]), []);
}
