//! One import: knows the ledger, sends plans, counts answers.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use perennial_client::{Answered, BulkSubmission, ClientError, History, HistoryItem, RetryPolicy};
use perennial_domain::Date;
use perennial_domain::command::Submission;
use perennial_domain::import::ImportSource;
use perennial_domain::log::{EventId, Recorded, RecordedAt};
use perennial_export::answers::{BadFileDocument, ImportDocument};
use perennial_iati::plan::PlanLimits;
use perennial_iati::read::ReadError;
use perennial_iati::{Known, PlannedSubmission, Planner, Tally};
use perennial_observe::error_chain;
use perennial_wire::pb::admin::{GetLedgerRequest, Profile};
use perennial_wire::pb::audit::{ReadEventsRequest, Record};
use perennial_wire::pb::ledger::SubmitRequest;
use perennial_wire::request::canonical_submission;
use perennial_wire::stored::event_from_message;
use sha2::{Digest as _, Sha256};

use super::files::{self, Source};
use super::plan;
use crate::commands::hex;
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::session::Session;
use crate::submission::ledger_request_id;
use crate::time::today;

/// Submissions on their way at once.
const WINDOW: NonZeroUsize = NonZeroUsize::MIN.saturating_add(127);

/// An import of several files into one ledger.
pub(super) struct Import<'s> {
    session: &'s Session,
    ledger_id: String,
    published_on: Option<Date>,
    known: Arc<Known>,
    /// The position after the last record that `known` holds.
    known_records: u64,
    bulk: BulkSubmission,
    document: ImportDocument,
    stop: Arc<AtomicBool>,
}

/// How an import ended.
pub(super) struct Ended {
    pub(super) document: ImportDocument,
    pub(super) interrupted: bool,
}

/// One file on its way.
struct FileRun {
    tally: Tally,
    /// Sent and not answered, in order.
    sent: VecDeque<PlannedSubmission>,
    import_id: String,
    /// Whether the ledger took the submission that begins the run; not known before it is answered.
    started: Option<bool>,
}

impl<'s> Import<'s> {
    /// Looks at the ledger and reads what it holds. Once `stop` is true, nothing more is sent.
    ///
    /// # Errors
    /// A ledger that is no mirror; as the service answers.
    pub(super) async fn begin(
        session: &'s Session,
        ledger_id: String,
        published_on: Option<Date>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, Failure> {
        let request = GetLedgerRequest {
            ledger_id: ledger_id.clone(),
        };
        let answer = session
            .read("look at the ledger", || {
                let (mut client, request) = (session.connection.ledger_admin(), request.clone());
                async move { client.get_ledger(request).await }
            })
            .await?;
        if answer
            .ledger
            .is_none_or(|ledger| ledger.profile() != Profile::Mirror)
        {
            return Err(Failure::new(Exit::Refused, format!("ledger \"{ledger_id}\" is strict"))
                .because("published data breaks rules that a strict ledger refuses; a mirror books it and shows each breach")
                .hint("perennial ledger create ID --profile mirror, then import with --ledger ID"));
        }
        let bulk = BulkSubmission::new(session.connection.clone(), RetryPolicy::WRITE, WINDOW);
        let mut import = Self {
            session,
            ledger_id,
            published_on,
            known: Arc::default(),
            known_records: 0,
            bulk,
            document: ImportDocument::default(),
            stop,
        };
        import.learn().await?;
        if let (Some(asked), Some(latest)) = (published_on, import.known.published_on())
            && asked < latest
        {
            let text = format!(
                "--published-on {asked} is before {latest}, which this ledger has imported"
            );
            return Err(Failure::new(Exit::Refused, text)
                .because("publication dates of one ledger never decrease"));
        }
        Ok(import)
    }

    /// Imports the files one after the other.
    ///
    /// # Errors
    /// If the service cannot be reached any more; what was answered is recorded.
    pub(super) async fn all(mut self, files: Vec<Source>) -> Result<Ended, Failure> {
        let mut progress = Progress::begin(&self.session.console, "activities", 0);
        let mut result = Ok(());
        for file in files {
            if self.is_stopped() {
                break;
            }
            result = self.file(&file, &mut progress).await;
            if result.is_err() {
                break;
            }
        }
        progress.end();
        result?;
        let interrupted = self.is_stopped();
        Ok(Ended {
            document: self.document,
            interrupted,
        })
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    async fn file(&mut self, file: &Source, progress: &mut Progress) -> Result<(), Failure> {
        let opened = files::open(&file.path);
        let activities = match opened {
            Ok(activities) => activities,
            Err(error) => {
                self.bad_file(file, &error, 0);
                return Ok(());
            }
        };
        let file_sha256 = files::sha256(&file.path).map_err(|error| {
            Failure::caused(
                Exit::Other,
                format!("read {}", files::name(&file.path)),
                &error,
            )
        })?;
        let published_on = self.published_on(file);
        let source = ImportSource {
            dataset: file.dataset.clone(),
            file_sha256,
            published_on,
        };
        let planner = Planner::new(source, &self.known, PlanLimits::default());
        let mut run = FileRun {
            tally: Tally::default(),
            sent: VecDeque::new(),
            import_id: planner.import_id().as_str().to_owned(),
            started: None,
        };
        let known = Arc::clone(&self.known);
        let mut planning = plan::begin(activities, planner, known, Arc::clone(&self.stop));
        while let Some(step) = planning.steps.recv().await {
            run.tally.planned(&step.plan);
            progress.add(1);
            for planned in step.plan.submissions {
                self.send(&mut run, planned, &step.plan.identifier).await?;
            }
            if let Some(started) = step.started {
                self.drain(&mut run).await?;
                // The planner waits for exactly this answer; it is gone only if its thread has ended.
                if started.send(run.started.unwrap_or(false)).is_err() {
                    break;
                }
            }
        }
        self.drain(&mut run).await?;
        let ended = planning.end.await;
        let (planner, error) =
            ended.map_err(|error| Failure::caused(Exit::Other, "plan the import", &error))?;
        if let Some(error) = &error {
            self.bad_file(file, error, run.tally.counts().activities);
        }
        self.complete(&mut run, &planner).await
    }

    /// The day it counts as published on: as asked, else as the file says, but never before what was imported.
    fn published_on(&self, file: &Source) -> Date {
        let latest = self.known.published_on();
        if let Some(asked) = self.published_on {
            return asked;
        }
        let said = file.generated_on.unwrap_or_else(today);
        match latest {
            Some(latest) if said < latest => {
                let name = files::name(&file.path);
                self.session.console.say(&format!(
                    "{name} was made on {said}, before {latest}, which this ledger has imported: it counts as published on {latest}"
                ));
                latest
            }
            _ => said,
        }
    }

    fn bad_file(&mut self, file: &Source, error: &ReadError, activities_booked: u64) {
        self.document.bad_files.push(BadFileDocument {
            file: files::name(&file.path),
            line: error.line(),
            problem: error_chain(error).to_string(),
            activities_booked,
        });
    }

    async fn send(
        &mut self,
        run: &mut FileRun,
        planned: PlannedSubmission,
        identifier: &str,
    ) -> Result<(), Failure> {
        if self.session.shared.dry_run {
            run.tally.recorded(&planned, |_| false);
            run.started = Some(true);
            return Ok(());
        }
        let request = self.request(&run.import_id, identifier, &planned.submission);
        run.sent.push_back(planned);
        let answered = self
            .bulk
            .push(request)
            .await
            .map_err(|error| broken(run, &error))?;
        if let Some(answered) = answered {
            self.take(run, answered);
        }
        Ok(())
    }

    /// The request id depends on the run, the activity and the commands alone: sending it again is harmless.
    fn request(&self, import_id: &str, identifier: &str, submission: &Submission) -> SubmitRequest {
        let digest = hex(&Sha256::digest(canonical_submission(submission)));
        SubmitRequest {
            ledger_id: self.ledger_id.clone(),
            request_id: ledger_request_id(
                "import",
                &self.ledger_id,
                &[import_id, identifier, &digest],
            ),
            ..SubmitRequest::from(submission)
        }
    }

    /// Waits for every answer.
    async fn drain(&mut self, run: &mut FileRun) -> Result<(), Failure> {
        loop {
            match self.bulk.next().await {
                Ok(Some(answered)) => self.take(run, answered),
                Ok(None) => return Ok(()),
                Err(error) => return Err(broken(run, &error)),
            }
        }
    }

    fn take(&mut self, run: &mut FileRun, answered: Answered) {
        let Some(planned) = run.sent.pop_front() else {
            return;
        };
        match answered.outcome {
            Ok(response) => {
                if planned.starts_import {
                    run.started = Some(true);
                }
                self.document.position = self.document.position.max(response.position);
                // One command of an import makes one event, so both have the same index.
                let flagged = |command: usize| {
                    let of =
                        |index: u32| usize::try_from(index).is_ok_and(|index| index == command);
                    response.flags.iter().any(|flag| of(flag.event_index))
                };
                run.tally.recorded(&planned, flagged);
            }
            Err(refused) => {
                if planned.starts_import {
                    run.started = Some(false);
                }
                let rule = refused.rules.first().map(|rule| rule.reason.as_str());
                run.tally.refused(&planned, rule.unwrap_or(&refused.reason));
                tracing::warn!(locator = planned.locator, answer = %refused, "the ledger refused a submission");
            }
        }
    }

    /// Ends the run in the ledger if it changed something, and learns what it changed for the next file.
    async fn complete(&mut self, run: &mut FileRun, planner: &Planner) -> Result<(), Failure> {
        let complete = planner.complete(&run.tally).filter(|_| !self.is_stopped());
        if let Some(submission) = complete.filter(|_| !self.session.shared.dry_run) {
            let request = self.request(&run.import_id, "complete", &submission);
            let client = self.session.ledger_client(RetryPolicy::WRITE);
            let answer = client.submit(&request).await;
            let answer = answer.map_err(|error| broken(run, &error))?;
            self.document.position = self.document.position.max(answer.position);
        }
        let changed = run.started.is_some();
        self.sum(&run.tally);
        if changed && !self.session.shared.dry_run && !self.is_stopped() {
            self.learn().await?;
        }
        Ok(())
    }

    /// Adds a file's counts to the whole.
    fn sum(&mut self, tally: &Tally) {
        let (document, counts) = (&mut self.document, tally.counts());
        let add = |sum: &mut u64, count: u64| *sum = sum.saturating_add(count);
        add(&mut document.activities, counts.activities);
        add(&mut document.transactions, counts.transactions);
        add(&mut document.booked, counts.booked);
        add(&mut document.flagged, counts.flagged);
        add(&mut document.refused, counts.refused);
        add(&mut document.unchanged, counts.unchanged);
        for reason in tally.reasons() {
            add(
                document.reasons.entry(reason.reason).or_default(),
                reason.count,
            );
        }
    }

    /// Reads what was recorded since the last time.
    async fn learn(&mut self) -> Result<(), Failure> {
        let head = self.session.head_position(&self.ledger_id).await?;
        self.document.position = self.document.position.max(Some(head));
        let request = ReadEventsRequest {
            ledger_id: self.ledger_id.clone(),
            from_position: Some(self.known_records),
            to_position: Some(head),
            ..ReadEventsRequest::default()
        };
        let connection = self.session.connection.clone();
        let mut history = History::new(connection, RetryPolicy::WRITE, request);
        let known = Arc::make_mut(&mut self.known);
        let total = head.saturating_add(1).saturating_sub(self.known_records);
        let mut progress = Progress::begin(&self.session.console, "records read back", total);
        // What is not read does not matter any more where nothing more is sent.
        while !self.stop.load(Ordering::Relaxed) {
            let item = history.next().await;
            let item = item.map_err(|error| Failure::from_client("read the ledger", &error))?;
            let Some(item) = item else { break };
            let HistoryItem::Records(records) = item else {
                continue;
            };
            for record in records {
                self.known_records = record.position.saturating_add(1);
                learn_record(known, record)?;
                progress.add(1);
            }
        }
        progress.end();
        Ok(())
    }
}

fn broken(run: &FileRun, error: &ClientError) -> Failure {
    let counts = run.tally.counts();
    let booked = counts.booked.saturating_add(counts.flagged);
    Failure::from_client("send the import", error)
        .because(format!(
            "{booked} transactions of this file are booked and stay"
        ))
        .hint("the same command again goes on: what is booked is not booked twice")
}

fn learn_record(known: &mut Known, record: Record) -> Result<(), Failure> {
    let recorded_at = record.recorded_at.map_or(0, |at| {
        at.seconds
            .saturating_mul(1_000_000)
            .saturating_add(i64::from(at.nanos) / 1_000)
    });
    for event in record.events {
        let damaged = |error: &(dyn std::error::Error + 'static)| {
            Failure::caused(Exit::Other, format!("read event {}", event.event_id), error)
        };
        let event_id = EventId::parse(&event.event_id).map_err(|error| damaged(&error))?;
        let Some(stored) = event.event else { continue };
        let event = event_from_message(stored).map_err(|error| damaged(&error))?;
        known.apply(&Recorded {
            event_id,
            recorded_at: RecordedAt(recorded_at),
            event,
        });
    }
    Ok(())
}
