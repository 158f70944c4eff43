//! What each kind of event is worth, posting by posting. A change here is a new schema.

use perennial_domain::agreement::{
    AgreementEvent, CashEntry, DecreaseReason, Description, EvidenceLevel, ExtensionKind,
    ForecastEntry, OtherFlow, OtherFlowKind, Perspective, Published, Rescheduling, ReversalReason,
    ShareMove, TrancheDraw, YearBasis,
};
use perennial_domain::classification::Split;
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::{AgreementId, CalendarId, ImportId, PlanId, TrancheId};
use perennial_domain::import::{ImportCounts, ImportEvent, ImportSource};
use perennial_domain::log::{Recorded, RecordedAt, Revision};
use perennial_domain::money::Currency;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeEvent};
use perennial_views::expand::{Beside, expand};
use perennial_views::history::Kind;
use perennial_views::posting::Posting;

use crate::given::{
    agreement, cash, date, event_id, line, line_id, org, period, pledge, share, signed, terms, usd,
};

fn recorded(stream: Stream, effective_on: &str, fact: Fact) -> Recorded<Event> {
    Recorded {
        event_id: event_id(7, 0),
        recorded_at: RecordedAt(0),
        event: Event {
            stream,
            revision: Revision(1),
            effective_on: date(effective_on),
            external_reference: None,
            evidence: Vec::new(),
            flags: Vec::new(),
            overrides: Vec::new(),
            concerns: None,
            carrying: Vec::new(),
            fact,
        },
    }
}

fn words(posting: &Posting) -> String {
    let mut words = vec![
        posting
            .line_id
            .as_ref()
            .map_or("-".to_owned(), ToString::to_string),
        posting.measure.name().to_owned(),
        posting.minor_units.to_string(),
        posting.effective_on.to_string(),
    ];
    if let Some(period) = posting.period {
        words.push(format!("{}..{}", period.starts_on(), period.ends_on()));
    }
    words.extend(posting.basis.map(|basis| basis.name().to_owned()));
    words.extend(posting.pillar.map(|pillar| pillar.name().to_owned()));
    words.extend(
        posting
            .provider
            .as_ref()
            .map(|org| format!("from {}", org.key())),
    );
    words.extend(
        posting
            .receiver
            .as_ref()
            .map(|org| format!("to {}", org.key())),
    );
    if posting.entries != 0 {
        words.push(format!("{:+} {}", posting.entries, posting.register.name()));
    }
    words.join(" ")
}

fn check_beside(fact: Fact, named: &[Posting], expected: &[&str]) -> Vec<Posting> {
    let stream = match &fact {
        Fact::Pledge(_) => pledge("pledge-1"),
        Fact::Agreement(_) => agreement("agreement-1"),
        Fact::Import(_) => Stream::Import(ImportId::parse("import-1").unwrap()),
        Fact::Calendar(_) => Stream::Calendar(CalendarId::parse("calendar-1").unwrap()),
        Fact::Ledger(_) => Stream::Ledger,
        Fact::Reference(event) => Stream::Reference(event.of()),
        Fact::Requirement(_) => Stream::Requirement(PlanId::parse("plan-1").unwrap()),
    };
    let beside = Beside {
        named,
        currency: Currency::parse("USD").ok(),
    };
    let postings = expand(&recorded(stream, "2020-03-10", fact), beside);
    let found: Vec<String> = postings.iter().map(words).collect();
    assert_eq!(found, expected);
    postings
}

pub(crate) fn check(event: AgreementEvent, expected: &[&str]) -> Vec<Posting> {
    check_beside(Fact::Agreement(event), &[], expected)
}

fn check_pledge(event: PledgeEvent, expected: &[&str]) -> Vec<Posting> {
    check_beside(Fact::Pledge(event), &[], expected)
}

fn tranche(text: &str) -> TrancheId {
    TrancheId::parse(text).unwrap()
}

fn payment() -> CashEntry {
    cash(usd(100), &[("line-1", 60), ("line-2", 40)])
}

fn published(type_code: &str) -> Published {
    Published {
        type_code: type_code.to_owned(),
        value_text: "-1".to_owned(),
        date_text: None,
        occurrence_key: [0; 16],
        occurrence: 1,
        notes: Vec::new(),
    }
}

#[test]
fn a_signature_posts_each_share_of_each_line_and_counts_one_entry() {
    let lines = vec![
        line(
            "line-1",
            usd(100),
            vec![
                share("2020-01-01", "2020-12-31", 60, YearBasis::Scheduled),
                share("2021-01-01", "2021-12-31", 40, YearBasis::Scheduled),
            ],
        ),
        line(
            "line-2",
            usd(50),
            vec![share(
                "2020-03-10",
                "2020-03-10",
                50,
                YearBasis::SigningYear,
            )],
        ),
    ];
    check_beside(
        signed(terms(Perspective::Provider, lines)),
        &[],
        &[
            "line-1 signed 60 2020-03-10 2020-01-01..2020-12-31 scheduled +1 commitment",
            "line-1 signed 40 2020-03-10 2021-01-01..2021-12-31 scheduled",
            "line-2 signed 50 2020-03-10 2020-03-10..2020-03-10 signing_year",
        ],
    );
}

#[test]
fn a_mirror_opens_an_agreement_without_amounts() {
    let lines = vec![line("line-1", usd(0), Vec::new())];
    check_beside(signed(terms(Perspective::Recipient, lines)), &[], &[]);
}

#[test]
fn what_no_share_claims_is_posted_for_the_signing_year() {
    let shares = vec![share("2021-01-01", "2021-12-31", 40, YearBasis::Budgeted)];
    check(
        AgreementEvent::CommitmentIncreased {
            line_id: line_id("line-1"),
            amount: usd(41),
            year_shares: shares,
            amendment: None,
            published: None,
            functional: None,
        },
        &[
            "line-1 increased 40 2020-03-10 2021-01-01..2021-12-31 budgeted +1 commitment",
            "line-1 increased 1 2020-03-10 2020-03-10..2020-03-10 signing_year",
        ],
    );
}

#[test]
fn a_decrease_posts_its_shares_below_zero() {
    check(
        AgreementEvent::CommitmentDecreased {
            line_id: line_id("line-1"),
            amount: usd(41),
            year_shares: vec![share("2020-06-15", "2021-06-14", 41, YearBasis::Prorated)],
            reason: DecreaseReason::Savings,
            published: None,
            functional: None,
        },
        &["line-1 decreased -41 2020-03-10 2020-06-15..2021-06-14 prorated +1 commitment"],
    );
}

#[test]
fn words_lines_and_shortenings_are_worth_nothing() {
    check(
        AgreementEvent::AgreementDescribed(Description::default()),
        &[],
    );
    check(
        AgreementEvent::LineOpened {
            line: line("line-2", usd(0), Vec::new()),
        },
        &[],
    );
    check(
        AgreementEvent::PeriodShortened {
            previous_ends_on: None,
            new_ends_on: date("2021-01-31"),
            reason: "less to do".to_owned(),
        },
        &[],
    );
}

#[test]
fn an_extension_moves_the_shares_that_it_names() {
    let moved = |from, to, minor_units| ShareMove {
        line_id: line_id("line-1"),
        share: share(from, to, minor_units, YearBasis::Prorated),
    };
    check(
        AgreementEvent::PeriodExtended {
            previous_ends_on: Some(date("2021-12-31")),
            new_ends_on: date("2022-06-30"),
            kind: ExtensionKind::NoCost,
            moves: vec![
                moved("2020-03-10", "2021-12-31", -70),
                moved("2020-03-10", "2022-06-30", 70),
            ],
            amendment: None,
        },
        &[
            "line-1 moved -70 2020-03-10 2020-03-10..2021-12-31 prorated",
            "line-1 moved 70 2020-03-10 2020-03-10..2022-06-30 prorated",
        ],
    );
}

#[test]
fn a_tranche_is_scheduled_by_its_due_date_moved_and_cancelled() {
    check(
        AgreementEvent::TrancheScheduled {
            tranche_id: tranche("tranche-1"),
            amount: usd(100),
            due_on: date("2020-09-30"),
            period: period("2020-07-01", "2021-06-30"),
            conditions: Vec::new(),
        },
        &["- scheduled 100 2020-03-10 2020-09-30..2020-09-30"],
    );
    check(
        AgreementEvent::TrancheRescheduled(Rescheduling {
            tranche_id: tranche("tranche-1"),
            open: usd(60),
            previous_due_on: date("2020-09-30"),
            new_due_on: date("2021-01-15"),
            period: period("2020-07-01", "2021-06-30"),
            reason: "late".to_owned(),
        }),
        &[
            "- scheduled -60 2020-03-10 2020-09-30..2020-09-30",
            "- scheduled 60 2020-03-10 2021-01-15..2021-01-15",
        ],
    );
    check(
        AgreementEvent::TrancheCancelled {
            tranche_id: tranche("tranche-1"),
            open: usd(60),
            due_on: date("2021-01-15"),
            reason: "no need".to_owned(),
        },
        &["- scheduled -60 2020-03-10 2021-01-15..2021-01-15"],
    );
}

#[test]
fn a_new_plan_takes_the_old_one_out() {
    let entry = |from, to, minor_units| ForecastEntry {
        period: period(from, to),
        amount: usd(minor_units),
        receiver: Some(org("R-2", "Second")),
    };
    check(
        AgreementEvent::ForecastReplaced {
            previous: vec![entry("2020-01-01", "2020-12-31", 10)],
            entries: vec![entry("2021-07-01", "2022-06-30", 12)],
        },
        &[
            "- forecast -10 2020-03-10 2020-01-01..2020-01-01 to R-2",
            "- forecast 12 2020-03-10 2021-07-01..2021-07-01 to R-2",
        ],
    );
}

#[test]
fn a_disbursement_pays_lines_and_draws_tranches() {
    let draw = |from, to, minor_units| TrancheDraw {
        tranche_id: tranche("tranche-1"),
        period: period(from, to),
        minor_units,
        due_on: None,
    };
    check(
        AgreementEvent::DisbursementMade {
            cash: CashEntry {
                provider: Some(org("D-2", "Second donor")),
                receiver: Some(org("R-2", "Second")),
                ..payment()
            },
            draws: vec![
                draw("2020-03-01", "2020-03-31", 30),
                draw("2019-01-01", "2019-12-31", 50),
            ],
        },
        &[
            "line-1 disbursed 60 2020-03-10 from D-2 to R-2 +1 disbursement",
            "line-2 disbursed 40 2020-03-10 from D-2 to R-2",
            "- drawn -30 2020-03-10 2020-03-01..2020-03-31",
            "- paid_for -30 2020-03-10",
            "- paid_for 30 2020-03-10 2020-03-01..2020-03-31",
            "- drawn -50 2020-03-10 2019-01-01..2019-12-31",
            "- paid_for -50 2020-03-10",
            "- paid_for 50 2020-03-10 2019-01-01..2019-12-31",
        ],
    );
}

#[test]
fn what_no_line_claims_of_a_payment_is_posted_without_a_line() {
    check(
        AgreementEvent::ReimbursementMade {
            cash: cash(usd(100), &[("line-1", 99)]),
        },
        &[
            "line-1 reimbursed 99 2020-03-10 +1 reimbursement",
            "- reimbursed 1 2020-03-10",
        ],
    );
}

#[test]
fn refunds_are_below_zero_in_the_register_that_they_were_published_in() {
    let refund = |published| AgreementEvent::RefundMade {
        cash: CashEntry {
            published,
            ..cash(usd(5), &[("line-1", 5)])
        },
        reason: "unused".to_owned(),
    };
    check(
        refund(None),
        &["line-1 refunded -5 2020-03-10 +1 disbursement"],
    );
    check(
        refund(Some(published("3"))),
        &["line-1 refunded -5 2020-03-10 +1 disbursement"],
    );
    check(
        refund(Some(published("7"))),
        &["line-1 refunded -5 2020-03-10 +1 reimbursement"],
    );
    check(
        AgreementEvent::RefundReceived {
            cash: cash(usd(5), &[("line-1", 5)]),
            reason: "unused".to_owned(),
        },
        &["line-1 returned -5 2020-03-10 +1 incoming_funds"],
    );
}

#[test]
fn a_receipt_is_incoming_funds() {
    check(
        AgreementEvent::ReceiptConfirmed {
            cash: payment(),
            draws: Vec::new(),
            disbursement_id: None,
        },
        &[
            "line-1 received 60 2020-03-10 +1 incoming_funds",
            "line-2 received 40 2020-03-10",
        ],
    );
}

#[test]
fn expenditure_is_for_the_reported_period() {
    check(
        AgreementEvent::ExpenditureReported {
            cash: payment(),
            period: period("2019-10-01", "2020-03-31"),
            evidence_level: EvidenceLevel::Verified,
        },
        &[
            "line-1 expended 60 2020-03-10 2019-10-01..2020-03-31 +1 expenditure",
            "line-2 expended 40 2020-03-10 2019-10-01..2020-03-31",
        ],
    );
    check(
        AgreementEvent::ExpenditureReduced {
            cash: cash(usd(5), &[("line-1", 5)]),
            period: period("2020-02-03", "2020-02-04"),
            reason: "wrong".to_owned(),
        },
        &["line-1 expended -5 2020-03-10 2020-02-03..2020-02-04 +1 expenditure"],
    );
}

#[test]
fn other_flows_keep_their_sign_and_have_registers_of_their_own() {
    for (kind, register) in [
        (OtherFlowKind::InterestPayment, "interest_payment"),
        (OtherFlowKind::LoanRepayment, "loan_repayment"),
        (OtherFlowKind::EquityPurchase, "equity_purchase"),
        (OtherFlowKind::EquitySale, "equity_sale"),
        (OtherFlowKind::CreditGuarantee, "credit_guarantee"),
    ] {
        for (negative, amount) in [(false, "5"), (true, "-5")] {
            let expected = format!("line-1 other_flow {amount} 2020-03-10 +1 {register}");
            check(
                AgreementEvent::OtherFlowRecorded(OtherFlow {
                    kind,
                    negative,
                    cash: cash(usd(5), &[("line-1", 5)]),
                }),
                &[&expected],
            );
        }
    }
}

#[test]
fn a_reversal_negates_at_the_date_that_its_reason_says() {
    let target = expand(
        &Recorded {
            event_id: event_id(3, 0),
            ..recorded(
                agreement("agreement-1"),
                "2019-12-31",
                Fact::Agreement(AgreementEvent::DisbursementMade {
                    cash: payment(),
                    draws: Vec::new(),
                }),
            )
        },
        Beside::default(),
    );
    for reason in [
        ReversalReason::Error,
        ReversalReason::Replaced,
        ReversalReason::Withdrawn,
    ] {
        let postings = check_beside(
            Fact::Agreement(AgreementEvent::EntryReversed {
                target: event_id(3, 0),
                reason,
            }),
            &target,
            &[
                "line-1 disbursed -60 2019-12-31 -1 disbursement",
                "line-2 disbursed -40 2019-12-31",
            ],
        );
        assert!(
            postings
                .iter()
                .all(|posting| posting.event_id == event_id(7, 0))
        );
    }
    check_beside(
        Fact::Agreement(AgreementEvent::EntryReversed {
            target: event_id(3, 0),
            reason: ReversalReason::Returned,
        }),
        &target,
        &[
            "line-1 disbursed -60 2020-03-10 -1 disbursement",
            "line-2 disbursed -40 2020-03-10",
        ],
    );
    check_beside(
        Fact::Agreement(AgreementEvent::EntryReplaced {
            target: event_id(3, 0),
        }),
        &target,
        &[
            "line-1 disbursed -60 2019-12-31 -1 disbursement",
            "line-2 disbursed -40 2019-12-31",
        ],
    );
}

#[test]
fn a_pledge_is_announced_revised_converted_and_withdrawn() {
    let announced = check_pledge(
        PledgeEvent::PledgeAnnounced(PledgeAnnouncement {
            perspective: Perspective::Recipient,
            donor: org("D-1", "Donor One"),
            recipient: None,
            amount: usd(1_000),
            forum: None,
            intended_period: None,
            purposes: Split::default(),
            places: Split::default(),
            published: None,
            functional: None,
        }),
        &["- pledged 1000 2020-03-10 +1 pledge"],
    );
    check_pledge(
        PledgeEvent::PledgeRevised {
            new_amount: usd(900),
            previous_amount: usd(1_000),
            reason: "less".to_owned(),
        },
        &["- pledged -100 2020-03-10 +1 pledge"],
    );
    check_pledge(
        PledgeEvent::PledgeConverted {
            agreement_id: AgreementId::parse("agreement-1").unwrap(),
            amount: usd(400),
        },
        &["- converted 400 2020-03-10"],
    );
    check_pledge(
        PledgeEvent::PledgeWithdrawn {
            amount: usd(50),
            reason: "cut".to_owned(),
            published: None,
        },
        &["- withdrawn -50 2020-03-10 +1 pledge"],
    );
    check_beside(
        Fact::Pledge(PledgeEvent::EntryReversed {
            target: event_id(3, 0),
            reason: ReversalReason::Error,
        }),
        &announced,
        &["- pledged -1000 2020-03-10 -1 pledge"],
    );
}

#[test]
fn imports_are_worth_nothing() {
    check_beside(
        Fact::Import(ImportEvent::ImportStarted(ImportSource {
            dataset: "a".to_owned(),
            file_sha256: [0; 32],
            published_on: date("2020-01-01"),
        })),
        &[],
        &[],
    );
    check_beside(
        Fact::Import(ImportEvent::ImportCompleted {
            counts: ImportCounts::default(),
            reasons: Vec::new(),
        }),
        &[],
        &[],
    );
}

#[test]
fn lists_splits_tags_and_requirements_are_worth_nothing() {
    for fact in crate::given::registry_facts() {
        check_beside(fact, &[], &[]);
    }
}

#[test]
fn a_kind_has_the_name_of_its_event() {
    let facts = [
        disbursement(),
        Fact::Agreement(AgreementEvent::AgreementDescribed(Description::default())),
        Fact::Agreement(AgreementEvent::EntryReplaced {
            target: event_id(3, 0),
        }),
        Fact::Pledge(PledgeEvent::EntryReversed {
            target: event_id(3, 0),
            reason: ReversalReason::Error,
        }),
    ];
    for fact in facts {
        assert_eq!(Kind::of(&fact).name(), fact.kind());
    }
}

fn disbursement() -> Fact {
    Fact::Agreement(AgreementEvent::DisbursementMade {
        cash: payment(),
        draws: Vec::new(),
    })
}
