//! How much a request may hold. The proto files document the defaults.

use perennial_domain::exchange::TABLE_RATES_MAX;

/// Limits of one request; lengths of texts in characters, after normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Commands of a submission.
    pub commands_max: usize,
    /// Expected revisions of a submission.
    pub expected_revisions_max: usize,
    /// Lines of an agreement, of a payment, and moves of an extension.
    pub lines_max: usize,
    /// Shares of one line or change.
    pub year_shares_max: usize,
    /// Shares of a split.
    pub split_shares_max: usize,
    /// The organisation's own codes on a line.
    pub own_codes_max: usize,
    /// Entries of a forecast.
    pub forecast_entries_max: usize,
    /// Conditions of a tranche.
    pub conditions_max: usize,
    /// Legs of a reallocation.
    pub legs_max: usize,
    /// Documents that support one command.
    pub evidence_max: usize,
    /// Overrides of one command, and rules of a policy.
    pub overrides_max: usize,
    /// Participating organisations of a description, and its documents.
    pub described_max: usize,
    /// Identifiers of a description.
    pub identifiers_max: usize,
    /// Aid types of an agreement.
    pub aid_types_max: usize,
    /// Notes of a published entry.
    pub notes_max: usize,
    /// Reasons of a completed import.
    pub import_reasons_max: usize,
    /// Entries of a published list.
    pub list_entries_max: usize,
    /// Rates of a published table.
    pub table_rates_max: usize,
    /// Codes, systems, schemes, catalogued reasons.
    pub code_chars_max: usize,
    /// Amendments, own codes, headings, published texts of values and dates.
    pub short_chars_max: usize,
    /// Names, titles, references, identifiers, locators.
    pub name_chars_max: usize,
    /// URIs.
    pub uri_chars_max: usize,
    /// Reasons and legal bases in words.
    pub reason_chars_max: usize,
    /// Descriptions.
    pub description_chars_max: usize,
    /// Violations that are described; further ones are only counted.
    pub violations_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            commands_max: 1_000,
            expected_revisions_max: 256,
            lines_max: 1_000,
            year_shares_max: 200,
            split_shares_max: 500,
            own_codes_max: 8,
            forecast_entries_max: 1_000,
            conditions_max: 50,
            legs_max: 200,
            evidence_max: 50,
            overrides_max: 32,
            described_max: 500,
            identifiers_max: 100,
            aid_types_max: 20,
            notes_max: 20,
            import_reasons_max: 200,
            list_entries_max: 5_000,
            table_rates_max: TABLE_RATES_MAX,
            code_chars_max: 64,
            short_chars_max: 200,
            name_chars_max: 1_000,
            uri_chars_max: 2_000,
            reason_chars_max: 4_000,
            description_chars_max: 20_000,
            violations_max: 1_000,
        }
    }
}
