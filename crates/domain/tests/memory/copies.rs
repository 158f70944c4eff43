//! What a submission of several commands on one list of the registry takes: it works on a copy, and a copy shares what
//! it does not change.

use perennial_domain::agreement::RateSource;
use perennial_domain::command::{Command, Submission};
use perennial_domain::exchange::{RateTable, TableRate};
use perennial_domain::log::Position;
use perennial_domain::party::OrgRef;
use perennial_domain::reference::ReferenceCommand;
use perennial_testkit::history::registry_words::ask_reference;
use perennial_testkit::history::words::{TODAY, currency, date, org};

use crate::life::Told;

fn tell_all(told: &mut Told, commands: Vec<Command>) {
    let decision = told
        .book
        .decide(&submission(commands), told.next, date(TODAY));
    told.book.apply(&decision.unwrap());
    told.next = Position(told.next.0 + 1);
}

fn submission(commands: Vec<Command>) -> Submission {
    Submission {
        commands,
        expected: Vec::new(),
    }
}

fn registered(number: u32) -> Command {
    let org = OrgRef {
        name: Some(format!("Organisation {number}").into()),
        ..org(&format!("XX-{number}"))
    };
    ask_reference(ReferenceCommand::RegisterOrganisation(org))
}

/// The rates of a month, one a day: of the euro in dollars.
fn rates_of(month: u32) -> Command {
    let year = 2000 + month / 12;
    let rates = (1..=28).map(|day| TableRate {
        base: currency("EUR"),
        quote: currency("USD"),
        value: "1.1".parse().unwrap(),
        rate_on: date(&format!("{year}-{:02}-{day:02}", month % 12 + 1)),
    });
    let table = RateTable {
        source: RateSource::Ecb,
        table_version: format!("{month}").into(),
        rates: rates.collect(),
        content_hash: [0; 32],
    };
    ask_reference(ReferenceCommand::PublishRateTable(table))
}

/// Bytes that the decision of two commands asks for, on lists of so many organisations and months of rates.
pub(crate) fn of_two_commands(
    mut told: Told,
    (organisations, months): (u32, u32),
    allocated: impl Fn(&mut dyn FnMut()) -> usize,
) -> [usize; 2] {
    let registrations: Vec<Command> = (0..organisations).map(registered).collect();
    for some in registrations.chunks(1_000) {
        tell_all(&mut told, some.to_vec());
    }
    for month in 0..months {
        tell_all(&mut told, vec![rates_of(month)]);
    }
    let two = [
        vec![registered(organisations), registered(organisations + 1)],
        vec![rates_of(months), rates_of(months + 1)],
    ];
    two.map(|commands| {
        let submission = submission(commands);
        allocated(&mut || {
            let decision = told.book.decide(&submission, told.next, date(TODAY));
            assert_eq!(decision.unwrap().events.len(), 2);
        })
    })
}
