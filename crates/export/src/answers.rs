//! Documents of commands that are no report.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a submission recorded, or would record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubmissionDocument {
    /// The id it was sent under.
    pub request_id: String,
    /// Position of its record; `null` if nothing was to be recorded.
    pub position: Option<u64>,
    /// When it was recorded, UTC; `null` if nothing was to be recorded.
    pub recorded_at: Option<String>,
    /// Hash of its record in hexadecimal digits; `null` if nothing was to be recorded.
    pub record_hash: Option<String>,
    /// Its events, in order.
    pub events: Vec<EventDocument>,
    /// Rules that its events break and that the ledger records, in order.
    pub flags: Vec<FlagDocument>,
    /// Whether it had been recorded before.
    pub replayed: bool,
}

/// One recorded event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventDocument {
    /// `position-index`; empty if nothing was to be recorded.
    pub event_id: String,
    /// As in `DisbursementMade`.
    pub kind: String,
    /// As in `agreement/abcd`.
    pub stream: String,
    /// The stream's number of events, this one included.
    pub revision: u64,
}

/// One broken rule that the ledger records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlagDocument {
    /// Index of the event, from 0.
    pub event_index: u32,
    /// As in `R10`.
    pub rule: String,
    /// What breaks it.
    pub subject: String,
    /// The figures that show it, by name.
    pub figures: BTreeMap<String, String>,
    /// What let it be recorded where the ledger refuses it; `null` where the ledger only flags it.
    pub overridden_by: Option<OverrideDocument>,
}

/// What lets a command break one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OverrideDocument {
    /// Why the breach is right.
    pub reason: String,
    /// Who approved it; `null` where the ledger's policy asks for nobody.
    pub approver: Option<String>,
}

/// What became of published files. Counts are of transactions:
/// `transactions = booked + flagged + refused + unchanged`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportDocument {
    /// Activities read.
    pub activities: u64,
    /// Transactions read.
    pub transactions: u64,
    /// Booked without a flag.
    pub booked: u64,
    /// Booked with at least one flag.
    pub flagged: u64,
    /// Not booked.
    pub refused: u64,
    /// Already in the ledger.
    pub unchanged: u64,
    /// How many items each reason concerns: of refusal, or of standing out.
    pub reasons: BTreeMap<String, u64>,
    /// Files that were not read to their end, in order of reading.
    pub bad_files: Vec<BadFileDocument>,
    /// Position of the last record that the ledger held afterwards.
    pub position: Option<u64>,
}

/// A file that was not read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadFileDocument {
    /// As it was named or found.
    pub file: String,
    /// Where reading stopped, from 1; 0 if it never began.
    pub line: u64,
    /// What is wrong.
    pub problem: String,
    /// Activities of it that were read before, and booked.
    pub activities_booked: u64,
}

/// What a verification found in one ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerificationDocument {
    /// The ledger.
    pub ledger: String,
    /// How many records are sound, from position 0 on.
    pub records: u64,
    /// Hash of the last sound record in hexadecimal digits.
    pub head_hash: String,
    /// The first position that is not sound; left out if all are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bad_position: Option<u64>,
    /// What is wrong there; left out if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The file it is in; left out if nothing is wrong or the log is in no files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Bytes of a write that a crash interrupted, at the end: opening the ledger cuts them. Left out if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupted_bytes: Option<u64>,
}

/// A copy of one ledger's log, after everything in it was read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogCopyDocument {
    /// The ledger.
    pub ledger: String,
    /// Records that both logs hold.
    pub records: u64,
    /// Records, and claims of nodes, that were added to the copy this time.
    pub appended: u64,
    /// What counts for nobody in the log that was copied, and was left behind.
    pub left_behind: u64,
    /// Hash of the last record in hexadecimal digits: the same in both logs.
    pub head_hash: String,
}

/// An import of exchange rates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RatesImportDocument {
    /// Rows below the headings.
    pub rows: u64,
    /// Cells of these rows that hold something, beside the dates: `cells = rates + cells_left_out + cells_unread`.
    pub cells: u64,
    /// Rates that could be read.
    pub rates: u64,
    /// Cells of the base itself, and of columns that are no currency that can be booked.
    pub cells_left_out: u64,
    /// Cells that are no rate, and those of rows that are not believed: each is told by `troubles`.
    pub cells_unread: u64,
    /// Tables that they make.
    pub tables: u64,
    /// Tables that are new.
    pub published: u64,
    /// Tables that the ledger had, with the same rates.
    pub unchanged: u64,
    /// Tables that the ledger refused.
    pub refused: u64,
    /// Position of the last new one; `null` if none is new.
    pub position: Option<u64>,
    /// Headings that are no currency that can be booked.
    pub columns_left_out: Vec<String>,
    /// What could not be taken over, ascending by row.
    pub troubles: Vec<RateTroubleDocument>,
}

/// A place of a file of rates that could not be taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RateTroubleDocument {
    /// Row of the file, from 1: the headings.
    pub row: u64,
    /// The column's heading.
    pub column: String,
    /// What is wrong there.
    pub problem: String,
}

/// One ledger of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerDocument {
    /// Its id.
    pub ledger_id: String,
    /// `strict` or `mirror`.
    pub profile: String,
    /// ISO 4217 code of the currency the organisation keeps its books in; `null` if none is set.
    pub functional_currency: Option<String>,
    /// Position of its last record.
    pub head_position: u64,
    /// The current leadership.
    pub term: u64,
    /// Why it does not serve; `null` while it does.
    pub problem: Option<String>,
}

/// A new ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreatedLedgerDocument {
    /// Its id.
    pub ledger_id: String,
    /// `strict` or `mirror`.
    pub profile: String,
    /// Position of its first record: 0.
    pub position: u64,
    /// When it was made, UTC.
    pub recorded_at: String,
    /// Whether it had been made before by the same request.
    pub replayed: bool,
}

/// A ledger's policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyDocument {
    /// The ledger.
    pub ledger_id: String,
    /// `strict` or `mirror`.
    pub profile: String,
    /// How many events the stream `ledger` holds.
    pub revision: u64,
    /// ISO 4217 code of the currency the organisation keeps its books in; `null` if none is set.
    pub functional_currency: Option<String>,
    /// The month that fiscal years begin with.
    pub fiscal_calendar: String,
    /// What R10 tolerates, in minor units of an agreement's currency.
    pub tolerance_absolute_minor: u64,
    /// What R10 tolerates, in parts per million of the commitment.
    pub tolerance_relative_ppm: u32,
    /// From how many calendar months on an agreement is multi-year.
    pub multi_year_months: u32,
    /// The pillar mapping where a question names none.
    pub pillar_mapping: String,
    /// Whether refused submissions are kept as records.
    pub keep_refusals: bool,
    /// The rules that a command may override, ascending.
    pub overridable: Vec<OverridableDocument>,
    /// Whose published rates functional amounts are computed by; `null` if none is set.
    pub rate_source: Option<String>,
}

/// A rule that a command may override.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OverridableDocument {
    /// As in `R10`.
    pub rule: String,
    /// Whether another person has to approve.
    pub needs_approver: bool,
}

/// A changed policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedPolicyDocument {
    /// The ledger.
    pub ledger_id: String,
    /// Position of the change's record.
    pub position: u64,
    /// When it was recorded, UTC.
    pub recorded_at: String,
    /// Whether it had been recorded before by the same request.
    pub replayed: bool,
}

/// A replay compared with the live views.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplayDocument {
    /// The ledger.
    pub ledger: String,
    /// How many records were folded.
    pub records: u64,
    /// How many events were folded.
    pub events: u64,
    /// Position of the last one.
    pub position: u64,
    /// The digest that the replay computed, in hexadecimal digits.
    pub replayed_digest: String,
    /// The digest that the live views state, in hexadecimal digits.
    pub live_digest: String,
    /// Whether both are the same.
    pub equal: bool,
}

/// Whether the services are ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HealthDocument {
    /// Where.
    pub server: String,
    /// `serving`, `not_serving` or `unknown`.
    pub status: String,
    /// What the process says of itself; left out if one service was asked about, or if it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeDocument>,
}

/// What a process is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeDocument {
    /// Version of its software.
    pub version: String,
    /// `ledgerd`, `queryd` and `auditd`, as far as it runs them.
    pub services: Vec<String>,
    /// When it started, UTC.
    pub started_at: Option<String>,
    /// For how many whole seconds it has been running.
    pub uptime_s: u64,
    /// Subscriptions and followed streams that are open.
    pub subscribers: u64,
    /// Its ledgers, ascending by id.
    pub ledgers: Vec<LedgerHealthDocument>,
}

/// What a process does for one ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerHealthDocument {
    /// The ledger.
    pub ledger_id: String,
    /// `leader`, `follower` or `stopped`.
    pub role: String,
    /// The current leadership; 0 where nothing leads.
    pub term: u64,
    /// Position of the last record that the process knows; `null` if none.
    pub head_position: Option<u64>,
    /// The node that leads; left out while that is not known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader: Option<LeaderDocument>,
    /// Records of the log that count for nobody, since the process began to read.
    pub dead_records: u64,
    /// Claims to lead that came too late, since the process began to read.
    pub dead_claims: u64,
    /// What went wrong last with leading or following, which may be long over; left out if nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_problem: Option<String>,
    /// Each of its services.
    pub services: Vec<ServiceHealthDocument>,
}

/// The node that leads a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeaderDocument {
    /// Its name.
    pub node: String,
    /// Where it takes submissions; `null` if it told none.
    pub address: Option<String>,
}

/// What one service does for one ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceHealthDocument {
    /// `ledgerd`, `queryd` or `auditd`.
    pub service: String,
    /// `leader`, `follower` or `stopped`.
    pub role: String,
    /// Position of the last record that it appended, shows or has verified; `null` if none.
    pub position: Option<u64>,
    /// How many records that is behind the last one that the process knows; `null` where no record is known.
    pub lag_records: Option<u64>,
    /// Why it does not go on; left out while it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Documented reason of the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem_reason: Option<String>,
    /// The first position that is damaged or lost, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bad_position: Option<u64>,
}

/// One measurement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchDocument {
    /// `append`, `replay` or `project`.
    pub workload: String,
    /// How many clients called at once, each waiting for its answer.
    pub clients: u64,
    /// Calls, records or events that were answered or read per second.
    pub rps: f64,
    /// Half of the answers came within this many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    /// 99 of 100 answers came within this many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<f64>,
    /// Records made durable by one flush, on average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records_per_flush: Option<f64>,
    /// Flushes of 512 bytes that the disk itself did per second, in the same run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_flush_per_s: Option<f64>,
    /// Empty calls per second over the same connections with as many clients, in the same run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub null_rpc_per_s: Option<f64>,
    /// Processor seconds of the server for 1,000 calls, records or events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_s_per_1000: Option<f64>,
    /// Resident memory of the server afterwards, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_mb: Option<f64>,
    /// Further figures of this workload, by name.
    #[serde(flatten)]
    pub more: BTreeMap<String, serde_json::Value>,
}

/// The settings of a server, in the order of their file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingsDocument {
    /// Every setting, once.
    pub settings: Vec<SettingDocument>,
}

/// One setting in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingDocument {
    /// Its key: the flag's name without its dashes in front.
    pub key: String,
    /// Its value: text, number or boolean.
    pub value: serde_json::Value,
    /// Where it comes from: `flag`, `environment`, `file` or `default`.
    pub origin: String,
    /// The flag, the variable, or the file with the line; left out for a default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// An error that a service answered: the decoded `google.rpc.Status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorDocument {
    /// As in `FAILED_PRECONDITION`; empty if no service answered.
    pub code: String,
    /// Documented reason, as in `REQUEST_ID_REUSED`; empty if there is none.
    pub reason: String,
    /// For people.
    pub message: String,
    /// Exit code of the command.
    pub exit_code: u8,
    /// Figures that programs may rely on, by key.
    pub metadata: BTreeMap<String, String>,
    /// Violated fields, in order.
    pub field_violations: Vec<FieldViolationDocument>,
    /// Broken rules, in order.
    pub rule_violations: Vec<RuleViolationDocument>,
    /// What to try, for people; empty if there is nothing to say.
    pub hints: Vec<String>,
}

/// One violated field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldViolationDocument {
    /// Dotted path, as in `commands[2].disburse.amount`.
    pub path: String,
    /// Line of the input, from 1; left out if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column of the input in characters, from 1; left out if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// What is wrong.
    pub problem: String,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleViolationDocument {
    /// The rule's reason.
    pub reason: String,
    /// What breaks it.
    pub subject: String,
    /// The figures that show it, in words.
    pub description: String,
}
