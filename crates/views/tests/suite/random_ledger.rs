//! Ledgers made from a seed.

use perennial_domain::agreement::{AgreementEvent, Line, Perspective, Terms, YearBasis};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::log::EventId;
use perennial_domain::tag::TagSubject;

use crate::given::{
    Log, agreement, cash, dims, event_id, line, line_id, markers, merged, objectives, org, period,
    plan, published_scheme, reclassified, requirement, share, signed, tag_set, tagged, terms, usd,
};

/// A small generator with a seed that a failure prints: `PERENNIAL_TEST_SEED` gives it back.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    #[expect(
        clippy::disallowed_methods,
        reason = "a failed run is repeated with the seed that it printed"
    )]
    pub(crate) fn seeded() -> Self {
        let seed = match std::env::var("PERENNIAL_TEST_SEED") {
            Ok(seed) => seed.parse().unwrap(),
            Err(_) => 20_260_101,
        };
        println!("PERENNIAL_TEST_SEED={seed}");
        Self(seed)
    }

    /// The next number of `SplitMix64`.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let at = self.below(u64::try_from(items.len()).unwrap());
        &items[usize::try_from(at).unwrap()]
    }

    pub(crate) fn day(&mut self) -> String {
        format!(
            "{}-{:02}-{:02}",
            2018 + self.below(6),
            1 + self.below(12),
            1 + self.below(28)
        )
    }
}

/// A random ledger of `records` records over a few agreements, with payments, changes, moves and reversals of
/// every reason; two lines an agreement, mixed splits, periods across years.
pub(crate) fn random_log(random: &mut Random, records: u64) -> Log {
    let mut log = Log::new();
    let mut open: Vec<Stream> = Vec::new();
    let mut reversible: Vec<(Stream, EventId)> = Vec::new();
    for number in 0..records {
        if number == 3 {
            log.record(&[published_scheme(objectives()), published_scheme(markers())]);
            continue;
        }
        let opens = open.len() < 3 || random.below(12) == 0;
        if opens {
            let stream = agreement(&format!("agreement-{number}"));
            let day = random.day();
            log.record(&[(stream.clone(), &day, random_signature(random))]);
            open.push(stream);
            continue;
        }
        let stream = random.of(&open).clone();
        let day = random.day();
        if random.below(5) == 0 {
            let (stream, fact) = random_registry_fact(random, stream, number);
            log.record(&[(stream, &day, fact)]);
            continue;
        }
        if random.below(6) == 0 && !reversible.is_empty() {
            let at = usize::try_from(random.below(reversible.len() as u64)).unwrap();
            let (stream, target) = reversible.swap_remove(at);
            log.record(&[(stream, &day, random_reversal(random, target))]);
            continue;
        }
        let fact = random_fact(random);
        let position = log.record(&[(stream.clone(), &day, fact)]);
        reversible.push((stream, event_id(position, 0)));
    }
    log
}

fn random_signature(random: &mut Random) -> Fact {
    let amount = i128::from(random.below(1_000_000_007)) + 1;
    let first = amount / 3;
    let purposes: [&[(&str, u32)]; 3] = [
        &[("72010", 333_333), ("15220", 333_333), ("31120", 333_334)],
        &[("72010", 1_000_000)],
        &[],
    ];
    let line = |id: &str, amount: i128, random: &mut Random| Line {
        dims: dims(
            random.of::<&[(&str, u32)]>(&purposes),
            &[("SS", 142_857), ("UG", 857_143)],
        ),
        ..line(
            id,
            usd(amount),
            vec![
                share("2019-07-01", "2021-06-30", amount / 2, YearBasis::Prorated),
                share(
                    "2020-01-01",
                    "2020-12-31",
                    amount - amount / 2,
                    YearBasis::Scheduled,
                ),
            ],
        )
    };
    let lines = vec![
        line("line-1", first, random),
        line("line-2", amount - first, random),
    ];
    let perspective = *random.of(&[Perspective::Provider, Perspective::Recipient]);
    signed(Terms {
        provider: org(&format!("D-{}", random.below(3)), "A donor"),
        ..terms(perspective, lines)
    })
}

fn random_fact(random: &mut Random) -> Fact {
    let amount = i128::from(random.below(9_999_999)) + 1;
    let half = amount / 2;
    let parts = [("line-1", half), ("line-2", amount - half)];
    let entry = cash(usd(amount), &parts);
    Fact::Agreement(match random.below(6) {
        0 => AgreementEvent::DisbursementMade {
            cash: entry,
            draws: Vec::new(),
        },
        1 => AgreementEvent::ReceiptConfirmed {
            cash: entry,
            draws: Vec::new(),
            disbursement_id: None,
        },
        2 => AgreementEvent::ExpenditureReported {
            cash: entry,
            period: period("2019-10-01", "2020-03-31"),
            evidence_level: perennial_domain::agreement::EvidenceLevel::Claimed,
        },
        3 => AgreementEvent::RefundMade {
            cash: entry,
            reason: "unused".to_owned(),
        },
        4 => AgreementEvent::CommitmentDecreased {
            line_id: line_id("line-2"),
            amount: usd(amount),
            year_shares: vec![share(
                "2020-05-01",
                "2022-04-30",
                amount,
                YearBasis::Prorated,
            )],
            reason: perennial_domain::agreement::DecreaseReason::Unknown,
            published: None,
            functional: None,
        },
        _ => AgreementEvent::CommitmentIncreased {
            line_id: line_id("line-1"),
            amount: usd(amount),
            year_shares: vec![share(
                "2021-01-01",
                "2021-12-31",
                amount,
                YearBasis::Budgeted,
            )],
            amendment: None,
            published: None,
            functional: None,
        },
    })
}

fn random_reversal(random: &mut Random, target: EventId) -> Fact {
    use perennial_domain::agreement::ReversalReason;
    let reason = *random.of(&[
        ReversalReason::Error,
        ReversalReason::Withdrawn,
        ReversalReason::Returned,
    ]);
    Fact::Agreement(AgreementEvent::EntryReversed { target, reason })
}

/// A reclassification, tags, a merger of donors, or a plan.
fn random_registry_fact(random: &mut Random, stream: Stream, number: u64) -> (Stream, Fact) {
    let subject = random
        .of(&[
            TagSubject::Whole,
            TagSubject::Line(line_id("line-1")),
            TagSubject::Line(line_id("line-2")),
        ])
        .clone();
    let fact = match random.below(6) {
        0 | 1 => {
            let peace = u32::try_from(random.below(1_000_000)).unwrap() + 1;
            let purposes = [("15220", peace), ("72010", 1_000_000 - peace)];
            let purposes = if peace == 1_000_000 {
                &purposes[..1]
            } else {
                &purposes
            };
            let line = *random.of(&["line-1", "line-2"]);
            reclassified(line, purposes, &[("KE", 400_000), ("UG", 600_000)])
        }
        2 => {
            let share = u32::try_from(random.below(666_667)).unwrap() + 1;
            tagged(tag_set(
                subject,
                "objectives@2024",
                &[("1.1", 333_333), ("2", share)],
            ))
        }
        3 => tagged(tag_set(
            subject,
            "nwow@2016",
            &[("CO", 1_000_000), ("MY", 500_000)],
        )),
        4 => {
            let merger = merged(
                &format!("D-{}", random.below(3)),
                &format!("D-{}", random.below(3)),
            );
            return (Stream::Reference(merger.of()), Fact::Reference(merger));
        }
        _ => {
            let amount = i128::from(random.below(1_000_000_007)) + 1;
            let asks = [
                (Some("1"), "2019-03-01", "2021-08-31", amount),
                (Some("1.1"), "2020-01-01", "2020-12-31", amount),
                (None, "2020-01-01", "2021-12-31", 2 * amount),
            ];
            return (plan(), requirement(&number.to_string(), &asks));
        }
    };
    (stream, fact)
}
