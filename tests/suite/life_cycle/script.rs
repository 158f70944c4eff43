//! The files of the script in their order, and what each leads to.

/// What a file of the script leads to.
pub(super) enum Outcome {
    /// Recorded at this position.
    Recorded(u64),
    Refused(Refusal),
}

pub(super) struct Refusal {
    pub(super) reason: &'static str,
    /// The numbered rule; none where it is no rule of a number.
    pub(super) rule: Option<&'static str>,
    /// Every figure that the answer has beside the rule.
    pub(super) figures: &'static [(&'static str, &'static str)],
    /// How the first hint begins.
    pub(super) hint: &'static str,
}

pub(super) const AGREEMENT: &str = "agreement/grant-2022-001";

fn refused(
    reason: &'static str,
    rule: Option<&'static str>,
    figures: &'static [(&'static str, &'static str)],
    hint: &'static str,
) -> Outcome {
    Outcome::Refused(Refusal {
        reason,
        rule,
        figures,
        hint,
    })
}

/// The files in their order until what was agreed is paid.
pub(super) fn signed_and_paid() -> Vec<(&'static str, Outcome)> {
    use Outcome::Recorded;
    vec![
        ("01-pledge", Recorded(1)),
        ("02-agreement", Recorded(2)),
        ("03-tranches", Recorded(3)),
        ("04-first-payment", Recorded(4)),
        (
            "05-payment-before-its-conditions-refused",
            refused(
                "TRANCHE_CONDITION_UNMET",
                Some("R20"),
                &[
                    ("attempted", "150000.00 USD"),
                    ("effective_on", "2023-04-02"),
                    ("subject", "agreement/grant-2022-001/tranche-2"),
                    ("unmet", "report-2022 audit-2022"),
                ],
                "Record that they are met",
            ),
        ),
        ("06-conditions-met-and-waived", Recorded(5)),
        ("07-drawn-in-parts", Recorded(6)),
        ("08-suspension", Recorded(7)),
        (
            "09-payment-while-suspended-refused",
            refused(
                "AGREEMENT_SUSPENDED",
                Some("R19"),
                &[
                    ("effective_on", "2023-07-10"),
                    ("subject", AGREEMENT),
                    ("suspended_on", "2023-07-01"),
                ],
                "Resume the agreement first",
            ),
        ),
        ("10-resumption", Recorded(8)),
        ("11-last-part", Recorded(9)),
        ("12-condition-met", Recorded(10)),
    ]
}

/// The files that pay the agreement beyond its commitment.
pub(super) fn overpaid() -> Vec<(&'static str, Outcome)> {
    use Outcome::Recorded;
    vec![
        (
            "13-over-disbursement-refused",
            refused(
                "DISBURSEMENT_EXCEEDS_COMMITMENT",
                Some("R10"),
                &[
                    ("attempted", "1050000.00 USD"),
                    ("committed", "1000000.00 USD"),
                    ("limit", "1000000.00 USD"),
                    ("on", "2024-02-01"),
                    ("subject", AGREEMENT),
                ],
                "Correct the `amount`",
            ),
        ),
        (
            "14-override-without-an-approver-refused",
            refused(
                "DISBURSEMENT_EXCEEDS_COMMITMENT",
                Some("R10"),
                &[
                    ("attempted", "1050000.00 USD"),
                    ("committed", "1000000.00 USD"),
                    ("limit", "1000000.00 USD"),
                    ("on", "2024-02-01"),
                    ("override", "approver missing"),
                    ("subject", AGREEMENT),
                ],
                "Correct the `amount`",
            ),
        ),
        ("15-over-disbursement-overridden", Recorded(11)),
    ]
}

/// The files from the amendment to the carry-over.
pub(super) fn amended() -> Vec<(&'static str, Outcome)> {
    use Outcome::Recorded;
    vec![
        ("16-amendment", Recorded(12)),
        ("17-reallocation", Recorded(13)),
        (
            "18-reallocation-beyond-its-limit-refused",
            refused(
                "REALLOCATION_EXCEEDS_POLICY",
                Some("R18"),
                &[
                    ("asked", "40000.00 USD"),
                    ("heading", "water"),
                    ("limit", "120000.00 USD"),
                    ("room", "20000.00 USD"),
                    ("subject", AGREEMENT),
                    ("used", "100000.00 USD"),
                ],
                "Move no more than `room`",
            ),
        ),
        ("19-reallocation-up-to-its-limit", Recorded(14)),
        ("20-extension", Recorded(15)),
        (
            "21-carry-over-beyond-what-is-left-refused",
            refused(
                "CARRY_OVER_EXCEEDS_UNDISBURSED",
                None,
                &[
                    ("requested", "150000.00 USD"),
                    ("subject", AGREEMENT),
                    ("undisbursed", "80000.00 USD"),
                ],
                "`perennial report by-year` shows what remains",
            ),
        ),
        ("22-carry-over", Recorded(16)),
    ]
}

/// The files from the refund to the closing.
pub(super) fn settled_and_closed() -> Vec<(&'static str, Outcome)> {
    use Outcome::Recorded;
    vec![
        ("23-refund", Recorded(17)),
        (
            "24-reversal-of-what-others-stand-on-refused",
            refused(
                "ENTRY_HAS_DEPENDENTS",
                None,
                &[("dependent", "9-0"), ("subject", "3-1")],
                "Reverse those first, the last one first",
            ),
        ),
        (
            "25-closing-before-it-is-settled-refused",
            refused(
                "AGREEMENT_NOT_SETTLED",
                None,
                &[
                    ("open_tranche", "tranche-4"),
                    ("recoverable", "0.00 USD"),
                    ("subject", AGREEMENT),
                    ("undisbursed", "230000.00 USD"),
                    ("written_off", "0.00 USD"),
                ],
                "Give up what will not be paid",
            ),
        ),
        ("26-termination", Recorded(18)),
        (
            "27-payment-after-termination-refused",
            refused(
                "STATUS_FORBIDS",
                None,
                &[
                    ("asked", "disburse"),
                    ("by", "18-1"),
                    ("on", "2025-05-10"),
                    ("since", "2025-04-30"),
                    ("status", "terminated"),
                    ("subject", AGREEMENT),
                ],
                "Look at the agreement's life",
            ),
        ),
        ("28-closing", Recorded(19)),
    ]
}
