//! Agreements as ledgers hold them: what the memory of the writer's state and the time of a decision are
//! measured on.

use perennial_domain::agreement::{AgreementCommand, Line, LineAmount, ReversalReason, YearBasis};
use perennial_domain::book::Book;
use perennial_domain::classification::{LineDims, Share, Split, Vocabulary};
use perennial_domain::command::{Command, Submission};
use perennial_domain::log::Position;
use perennial_testkit::history::words::*;

/// A book to which submissions are given one after the other.
pub(crate) struct Told {
    /// The state.
    pub(crate) book: Book,
    /// Where the next record will stand.
    pub(crate) next: Position,
}

impl Told {
    /// Decides one command and takes its events up.
    ///
    /// # Panics
    /// If it is refused.
    pub(crate) fn tell(&mut self, command: Command) {
        let submission = Submission {
            commands: vec![command],
            expected: Vec::new(),
        };
        let decision = self.book.decide(&submission, self.next, date(TODAY));
        self.book.apply(&decision.unwrap());
        self.next = Position(self.next.0 + 1);
    }
}

/// How an agreement of 20 entries begins, in stages: its signature, an increase and four tranches, twelve payments
/// with ids (four of them of a tranche), a refund and the reversal of a payment.
pub(crate) fn typical(agreement_id: &str, first: u64, stride: u64) -> [Vec<Command>; 4] {
    let of = |(on, command)| asked_of(agreement_id, on, command);
    let mut increase = increase("2024-03-01", eur(50_000));
    if let AgreementCommand::IncreaseCommitment { line_id, .. } = &mut increase.1 {
        *line_id = Some(the_line());
    }
    let mut middle = vec![of(increase)];
    for number in 1..=4_i128 {
        let due_on = format!("2024-{:02}-15", number * 3);
        let tranche_id = format!("tranche-{number}");
        middle.push(of(schedule(
            "2024-03-02",
            &tranche_id,
            eur(60_000),
            &due_on,
        )));
    }
    let mut payments = Vec::new();
    for number in 1..=12_i128 {
        let on = format!("2024-{:02}-{:02}", 3 + number / 2, 16 + number % 2);
        let (on, mut command) = disburse(&on, eur(10_000 + number));
        if let AgreementCommand::Disburse { cash, tranche_id } = &mut command {
            cash.payment_id = Some(payment(&format!("pv-2024-{first}-{number:04}")));
            cash.lines = vec![LineAmount {
                line_id: line(["line-1", "line-2"][usize::from(number % 2 == 0)]),
                amount: cash.amount,
            }];
            *tranche_id = (number % 3 == 0).then(|| tranche(&format!("tranche-{}", number / 3)));
        }
        payments.push(of((on, command)));
    }
    let mut refund = refund("2024-11-20", eur(500));
    if let AgreementCommand::Refund { cash, .. } = &mut refund.1 {
        cash.lines = vec![LineAmount {
            line_id: the_line(),
            amount: cash.amount,
        }];
    }
    let last_payment = event_of(first + 17 * stride);
    let reversal = reverse("2024-11-21", last_payment, ReversalReason::Error);
    [
        vec![of(sign(SIGNED_ON, two_lines(agreement_id)))],
        middle,
        payments,
        vec![of(refund), of(reversal)],
    ]
}

fn two_lines(agreement_id: &str) -> perennial_domain::agreement::Terms {
    let mut terms = terms_of(vec![
        classified("line-1", eur(300_000)),
        classified("line-2", eur(200_000)),
    ]);
    terms.recipient = org(&format!("XM-AGENCY-{agreement_id}"));
    terms
}

/// A line of three years, two purposes and one country.
fn classified(line_id: &str, amount: perennial_domain::money::Money) -> Line {
    let share_of = |vocabulary, code: &str, share_ppm| Share {
        vocabulary,
        code: code.into(),
        share_ppm,
    };
    let dims = LineDims {
        purposes: Split::exact(vec![
            share_of(Vocabulary::DacPurpose, "72010", 600_000),
            share_of(Vocabulary::DacPurpose, "15220", 400_000),
        ])
        .unwrap(),
        places: Split::exact(vec![share_of(Vocabulary::Country, "SS", 1_000_000)]).unwrap(),
        ..LineDims::default()
    };
    let year = |year: i128, percent: i128| {
        let period = period(&format!("{year}-01-01"), &format!("{year}-12-31"));
        let part = cents(amount.minor_units() / 100 * percent);
        share(period, part, YearBasis::Scheduled)
    };
    Line {
        dims,
        year_shares: vec![year(2024, 50), year(2025, 30), year(2026, 20)],
        ..line_of(line_id, amount)
    }
}

/// Signs an agreement of one line that much can be paid on.
pub(crate) fn signed_for_much(agreement_id: &str) -> Command {
    let (on, command) = sign(SIGNED_ON, terms(eur(1_000_000_000)));
    asked_of(agreement_id, on, command)
}

/// The payment of a day of the term: day 0 is the first of 2024.
pub(crate) fn paid_on_day(agreement_id: &str, day: u64) -> Command {
    let month = day / 28 % 24;
    let on = format!(
        "{}-{:02}-{:02}",
        2024 + month / 12,
        month % 12 + 1,
        day % 28 + 1
    );
    let (on, command) = disburse(&on, cents(1_234));
    asked_of(agreement_id, on, command)
}
