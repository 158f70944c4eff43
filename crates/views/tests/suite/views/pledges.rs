//! `pledges`.

use perennial_domain::agreement::{Perspective, ReversalReason, YearBasis};
use perennial_domain::classification::Split;
use perennial_domain::event::Fact;
use perennial_domain::ids::AgreementId;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeEvent};
use perennial_views::rows::{PledgeRow, Row};
use perennial_views::{Cut, Question, View};

use crate::given::{
    Log, agreement, date, event_id, line, org, pledge, received, share, signed, terms, usd,
};

fn pledges(log: &Log, question: &Question) -> Vec<PledgeRow> {
    let rows = View::Pledges.evaluate(&log.facts(), question).unwrap().rows;
    rows.into_iter()
        .filter_map(|row| match row {
            Row::Pledge(row) => Some(row),
            _ => None,
        })
        .collect()
}

fn announced(amount: i128) -> Fact {
    Fact::Pledge(PledgeEvent::PledgeAnnounced(PledgeAnnouncement {
        perspective: Perspective::Recipient,
        donor: org("D-1", "Donor One"),
        recipient: Some(org("R-1", "Recipient One")),
        amount: usd(amount),
        forum: Some("Conference".to_owned()),
        intended_period: None,
        purposes: Split::default(),
        places: Split::default(),
        published: None,
        functional: None,
    }))
}

fn converted(amount: i128) -> Fact {
    Fact::Pledge(PledgeEvent::PledgeConverted {
        agreement_id: AgreementId::parse("agreement-1").unwrap(),
        amount: usd(amount),
    })
}

fn example() -> Log {
    let mut log = Log::new();
    let shares = vec![share("2020-01-01", "2020-12-31", 700, YearBasis::Scheduled)];
    log.record(&[(pledge("pledge-1"), "2020-01-01", announced(1_000))]);
    log.record(&[(pledge("pledge-2"), "2020-01-02", announced(300))]);
    log.record(&[(
        agreement("agreement-1"),
        "2020-02-01",
        signed(terms(
            Perspective::Recipient,
            vec![line("line-1", usd(700), shares)],
        )),
    )]);
    log.record(&[(pledge("pledge-1"), "2020-02-01", converted(600))]);
    log.record(&[(pledge("pledge-2"), "2020-02-01", converted(100))]);
    log.record(&[(
        pledge("pledge-1"),
        "2020-03-01",
        Fact::Pledge(PledgeEvent::PledgeWithdrawn {
            amount: usd(150),
            reason: "cut".to_owned(),
            published: None,
        }),
    )]);
    log.record(&[(
        pledge("pledge-1"),
        "2020-03-02",
        Fact::Pledge(PledgeEvent::PledgeRevised {
            new_amount: usd(1_100),
            previous_amount: usd(1_000),
            reason: "more".to_owned(),
        }),
    )]);
    log
}

#[test]
fn a_pledge_stands_beside_what_became_of_it() {
    let mut log = example();
    log.record(&[(agreement("agreement-1"), "2020-05-01", received(650))]);
    let on = Question {
        effective: Cut::On(date("2020-12-31")),
        ..Question::default()
    };
    let rows = pledges(&log, &on);
    let row = &rows[0];
    assert_eq!(row.pledge_id, "pledge-1");
    assert_eq!(row.direction.name(), "incoming");
    assert_eq!(
        [row.pledged, row.converted, row.withdrawn, row.outstanding],
        [1_100, 600, 150, 350]
    );
    assert_eq!(row.agreement_ids, ["agreement-1"]);
    assert_eq!(row.age_days, Some(365));
    // 650 were received: the first conversion takes its 600, the second what is left.
    assert_eq!(row.disbursed, 600);
    assert_eq!(rows[1].disbursed, 50);
    let registers = View::Registers.evaluate(&log.facts(), &on).unwrap().rows;
    let pledged = registers.iter().find_map(|row| match row {
        Row::Register(row) if row.iati_type == "13" => Some((row.entries, row.amount)),
        _ => None,
    });
    assert_eq!(pledged, Some((4, 1_000 + 300 - 150 + 100)));
}

#[test]
fn a_reversed_conversion_is_outstanding_again() {
    let mut log = example();
    log.record(&[(
        pledge("pledge-1"),
        "2020-06-01",
        Fact::Pledge(PledgeEvent::EntryReversed {
            target: event_id(4, 0),
            reason: ReversalReason::Error,
        }),
    )]);
    let row = &pledges(&log, &Question::default())[0];
    assert_eq!(row.converted, 0);
    assert_eq!(row.outstanding, 950);
    assert_eq!(row.agreement_ids, [""; 0]);
    assert_eq!(row.age_days, None);
}

#[test]
fn pledges_are_in_no_other_total() {
    let mut log = Log::new();
    log.record(&[(pledge("pledge-1"), "2020-01-01", announced(1_000))]);
    for view in [
        View::Agreement,
        View::ByYear,
        View::Nexus,
        View::MultiYear,
        View::Movements,
    ] {
        let rows = view
            .evaluate(&log.facts(), &Question::default())
            .unwrap()
            .rows;
        assert_eq!(rows, [], "{}", view.name());
    }
}
