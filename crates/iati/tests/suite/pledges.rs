//! Types 12 and 13: pledges in streams of their own, never in agreements.

use perennial_domain::agreement::Perspective;
use perennial_domain::command::Action;
use perennial_domain::ids::PledgeId;
use perennial_domain::pledge::PledgeCommand;

use crate::ledger::{Ledger, commands, money};
use crate::xml::{of, transaction};

fn pledges(ledger: &mut Ledger, body: &str) -> Vec<(PledgeId, PledgeCommand)> {
    let plan = ledger.import(&of(body)).plans.remove(0);
    commands(&plan)
        .into_iter()
        .map(|command| match command.action {
            Action::Pledge(id, action) => (id, action),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn each_published_pledge_is_a_stream_of_its_own() {
    let body = [
        transaction("12", "2020-05-01", "5"),
        transaction("13", "2020-05-01", "6"),
        transaction("12", "2020-05-01", "5"),
    ];
    let found = pledges(&mut Ledger::default(), &body.concat());
    assert_eq!(found.len(), 3);
    assert!(found[0].0 != found[1].0 && found[0].0 != found[2].0 && found[1].0 != found[2].0);
    let PledgeCommand::Announce(outgoing) = &found[0].1 else {
        panic!()
    };
    assert_eq!(outgoing.perspective, Perspective::Provider);
    assert_eq!(
        (outgoing.donor.key(), outgoing.recipient.is_none()),
        ("XM-TEST", true)
    );
    assert_eq!(
        outgoing.intended_period.unwrap().ends_on().to_string(),
        "2021-12-31"
    );
    let incoming = found.iter().find_map(|(_, command)| match command {
        PledgeCommand::Announce(announced) if announced.perspective == Perspective::Recipient => {
            Some(announced)
        }
        _ => None,
    });
    assert_eq!(incoming.unwrap().amount.to_string(), "6.00 EUR");
}

#[test]
fn a_negative_pledge_takes_back_from_the_last_one_that_has_enough() {
    let body = [
        transaction("12", "2020-05-01", "10"),
        transaction("12", "2020-06-01", "4"),
        transaction("12", "2020-07-01", "-5"),
        transaction("12", "2020-08-01", "-4"),
    ];
    let found = pledges(&mut Ledger::default(), &body.concat());
    assert_eq!(found[2].0, found[0].0);
    assert_eq!(found[3].0, found[1].0);
}

#[test]
fn a_withdrawal_that_no_pledge_covers_is_refused() {
    let of_values = |values: &[(&str, &str)]| {
        let body: String = values
            .iter()
            .map(|(on, value)| transaction("12", on, value))
            .collect();
        let import = Ledger::default().import(&of(&body));
        let refused: Vec<_> = import.plans[0]
            .refused
            .iter()
            .map(|item| item.reason.code())
            .collect();
        (money(&import.plans[0]).len(), refused)
    };
    assert_eq!(
        of_values(&[("2020-05-01", "10"), ("2020-06-01", "-10")]),
        (2, vec![])
    );
    assert_eq!(
        of_values(&[("2020-05-01", "10"), ("2020-06-01", "-10.01")]),
        (1, vec!["WITHDRAWAL_WITHOUT_PLEDGE"])
    );
    assert_eq!(
        of_values(&[("2020-07-01", "10"), ("2020-06-01", "-10")]),
        (1, vec!["WITHDRAWAL_WITHOUT_PLEDGE"])
    );
}

#[test]
fn a_later_file_withdraws_from_a_recorded_pledge_and_repeats_nothing() {
    let first = transaction("12", "2020-05-01", "10");
    let both = [first.clone(), transaction("12", "2020-06-01", "-3")].concat();
    let mut ledger = Ledger::default();
    let announced = pledges(&mut ledger, &first);
    let withdrawn = pledges(&mut ledger, &both);
    assert_eq!(withdrawn.len(), 1);
    assert_eq!(withdrawn[0].0, announced[0].0);
    assert_eq!(ledger.import(&of(&both)).submissions, 0);
    // Seven are left of it.
    let more = [both, transaction("12", "2020-07-01", "-8")].concat();
    let refused = ledger.import(&of(&more)).plans.remove(0).refused;
    assert_eq!(refused[0].reason.code(), "WITHDRAWAL_WITHOUT_PLEDGE");
}
