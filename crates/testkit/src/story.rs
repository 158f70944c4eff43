//! Random histories of whole ledgers, valid and invalid: a ledger and its oracle are asked the same, step by step.
//!
//! Four agreements in euros, yen, dinars and euros again, with one to three lines, and two pledges; a few days and few names, so
//! that entries meet. Most wishes can be fulfilled, some cannot.

mod books;
mod life;
mod moves;
mod pledges;
mod rates;
mod tags;
mod values;
mod wishes;

use perennial_domain::Date;
use perennial_domain::book::{Book, Decision};
use perennial_domain::command::{Action, Command, Expected, Submission};
use perennial_domain::event::{Event, Stream};
use perennial_domain::ids::AgreementId;
use perennial_domain::ledger::{LedgerPolicy, Tolerance};
use perennial_domain::log::{Position, Recorded, RecordedAt, Revision};
use perennial_domain::party::ExternalReference;
use perennial_domain::period::FiscalCalendar;
use perennial_domain::rejection::Refusal;
use perennial_domain::rule::{Profile, Rule};
use perennial_views::question::Filter;
use perennial_views::{AsOf, Cut, Dimension, Facts, PillarMapping, Question, RecordMeta, View};

use crate::history::words::{agreement, date, permitted};
use crate::history::{new_book, recorded};
use crate::oracle::{Foreseen, Oracle, Prediction};
use crate::random::Random;

/// Begins as many histories as `PERENNIAL_TEST_HISTORIES` says, else `usual`, strict and mirror ones. A failing one
/// prints the seed with which it comes first. Returns how many were told.
pub fn each_story(name: &str, usual: u64, mut tell: impl FnMut(Story)) -> u64 {
    let mut seeds = Random::for_test(name);
    let mut seed = seeds.seed();
    let count = histories(usual);
    for _ in 0..count {
        let told = Told(seed);
        let mut random = Random::seeded(seed);
        let profile = *random.pick(&[Profile::Strict, Profile::Mirror]);
        tell(Story::begin(random, profile));
        drop(told);
        seed = seeds.next_u64();
    }
    count
}

/// A history that is being told.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            #[expect(
                clippy::print_stdout,
                reason = "a failing test must say how to repeat it"
            )]
            {
                println!(
                    "this history: PERENNIAL_TEST_SEED={} PERENNIAL_TEST_HISTORIES=1",
                    self.0
                );
            }
        }
    }
}

/// How many histories a test tells.
fn histories(usual: u64) -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where tests take the number of histories from the environment"
    )]
    let given = std::env::var("PERENNIAL_TEST_HISTORIES").ok();
    given.map_or(usual, |text| {
        #[expect(
            clippy::expect_used,
            reason = "a number that is none is a typing error"
        )]
        text.parse()
            .expect("PERENNIAL_TEST_HISTORIES must be a whole number")
    })
}

/// A ledger, its oracle, and what both were asked.
#[derive(Clone, Debug)]
pub struct Story {
    /// What is drawn.
    pub random: Random,
    /// The ledger.
    pub book: Book,
    /// The second ledger.
    pub oracle: Oracle,
    /// Everything recorded after the ledger's creation.
    pub log: Vec<Recorded<Event>>,
    /// Where the next record will stand.
    pub next: Position,
    /// The UTC date of recording.
    pub today: Date,
    /// Amounts are from 1 to this many minor units.
    largest: u64,
    /// The policy with which it was created.
    first_policy: LedgerPolicy,
    /// Whether it keeps fiscal periods.
    keeps_periods: bool,
    /// Whether its money is tagged.
    tags_money: bool,
    /// Whether its policy changes.
    changes_policy: bool,
    /// One in how many wishes for an agreement goes on with a tranche that is paid in part.
    schedules_one_in: u64,
}

/// One submission, and what both made of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What was asked.
    pub submission: Submission,
    /// What the oracle expected.
    pub predicted: Prediction,
    /// What the ledger decided.
    pub decided: Result<Decision, Refusal>,
}

impl Step {
    /// The ledger's decision as the oracle says it.
    pub fn told(&self) -> Prediction {
        match &self.decided {
            Ok(decision) => {
                Prediction::Recorded(decision.events.iter().map(Foreseen::from).collect())
            }
            Err(refusal) => Prediction::Refused(
                refusal
                    .reasons()
                    .map(|reason| (reason.command_index, reason.rejection.reason().to_owned()))
                    .collect(),
            ),
        }
    }
}

impl Story {
    /// A new ledger of a profile, with a policy that is drawn.
    pub fn begin(mut random: Random, profile: Profile) -> Self {
        let policy = LedgerPolicy {
            fiscal_calendar: *random.pick(&FiscalCalendar::ALL),
            tolerance: if random.one_in(2) {
                Tolerance::default()
            } else {
                Tolerance {
                    absolute_minor: random.below(60),
                    relative_ppm: u32::try_from(random.below(50_000)).unwrap_or_default(),
                }
            },
            ..LedgerPolicy::default()
        };
        let largest = *random.pick(&[40, 700, 30_000, 30_000, 30_000, 400_000_000_000_000_000]);
        let keeps_periods = random.one_in(3);
        let changes_policy = random.one_in(3);
        let tags_money = random.one_in(3);
        Self {
            first_policy: policy.clone(),
            keeps_periods,
            changes_policy,
            tags_money,
            random,
            book: new_book(profile, policy.clone()),
            oracle: Oracle::new(profile, policy),
            log: Vec::new(),
            next: Position(1),
            today: date("2026-06-30"),
            largest,
            schedules_one_in: 12,
        }
    }

    /// The policy with which it was created.
    pub const fn first_policy(&self) -> &LedgerPolicy {
        &self.first_policy
    }

    /// The same ledger with amounts up to this many minor units.
    #[must_use]
    pub const fn with_amounts_up_to(mut self, largest: u64) -> Self {
        self.largest = largest;
        self
    }

    /// The same ledger, where every other wish for an agreement is about what is scheduled.
    #[must_use]
    pub const fn with_schedules(mut self) -> Self {
        self.schedules_one_in = 2;
        self
    }

    /// Tells some steps on, without looking at them.
    pub fn go_on(&mut self, steps: usize) {
        for _ in 0..steps {
            self.step();
        }
    }

    /// Submits one to three commands, and records what the ledger decided.
    pub fn step(&mut self) -> Step {
        let submission = self.submission();
        self.submit(submission)
    }

    fn submit(&mut self, submission: Submission) -> Step {
        let decided = self.book.decide(&submission, self.next, self.today);
        let predicted = self.oracle.predict(&submission, self.next, self.today);
        if let Ok(decision) = &decided {
            self.book.apply(decision);
            for (event_id, event) in decision.events() {
                let event = recorded(event_id.position, event_id.index, event.clone());
                self.log.push(event.clone());
                self.oracle.record([event]);
            }
            self.next = Position(self.next.0.saturating_add(1));
        }
        Step {
            submission,
            predicted,
            decided,
        }
    }

    fn submission(&mut self) -> Submission {
        let count = if self.random.one_in(4) {
            self.random.between(2, 3)
        } else {
            1
        };
        let commands: Vec<Command> = (0..count).map(|_| self.command()).collect();
        Submission {
            expected: self.expected(),
            commands,
        }
    }

    fn command(&mut self) -> Command {
        let aside = match self.rate_wish() {
            Some(wish) => Some(wish),
            None => self.book_wish(),
        };
        let aside = match aside {
            Some(wish) => Some(wish),
            None => self.list_wish(),
        };
        let mut command = match aside {
            Some(wish) => wish,
            None => self.wish(),
        };
        self.value(&mut command);
        if self.random.one_in(12) {
            let number = self.random.below(6);
            command.external_reference = Some(ExternalReference {
                system: "treasury".into(),
                reference: format!("T-{number}").into(),
            });
        }
        if self.random.one_in(4) {
            let rule = *self.random.pick(&[
                Rule::WithinCommitment,
                Rule::WithinCommitment,
                Rule::NotBeforeSignature,
                Rule::DisbursedNotNegative,
                Rule::ConditionsMet,
                Rule::ReallocationWithinPolicy,
                Rule::NotWhileSuspended,
                Rule::ClosedPeriod,
            ]);
            let approver = if self.random.one_in(3) {
                None
            } else {
                Some("a colleague")
            };
            command.overrides.push(permitted(rule, approver));
            if rule == Rule::WithinCommitment && self.random.one_in(2) {
                let id = self.agreement_id();
                if let Some(overpayment) = self.overpayment(&id) {
                    command.action = Action::Agreement(id, overpayment);
                }
            }
        }
        command
    }

    /// Mostly no belief, sometimes a right one, sometimes a wrong one.
    fn expected(&mut self) -> Vec<(Stream, Expected)> {
        if !self.random.one_in(14) {
            return Vec::new();
        }
        let stream = Stream::Agreement(self.agreement_id());
        let revision = self.book.revision(&stream);
        let wrong = self.random.one_in(2);
        let expected = match revision {
            None if wrong => Expected::Exactly(Revision(1)),
            None => Expected::NoStream,
            Some(Revision(held)) => {
                Expected::Exactly(Revision(held.saturating_add(u64::from(wrong))))
            }
        };
        vec![(stream, expected)]
    }

    fn agreement_id(&mut self) -> AgreementId {
        // Most of a history is about one agreement, so that its entries meet.
        let id = *self.random.pick(&[
            "agreement-1",
            "agreement-1",
            "agreement-1",
            "agreement-2",
            "agreement-2",
            "agreement-3",
            "agreement-4",
        ]);
        agreement(id)
    }

    /// The records of the ledger, its creation included, as a projector gets them.
    pub fn records(&self) -> Vec<(RecordMeta, Vec<Recorded<Event>>)> {
        let created = Book::ledger_created(
            self.book.ledger_id().clone(),
            self.book.profile(),
            self.first_policy.clone(),
            date("2015-01-01"),
        );
        let mut records = vec![(meta(Position(0)), vec![recorded(Position(0), 0, created)])];
        for event in &self.log {
            let position = event.event_id.position;
            match records.last_mut() {
                Some((last, events)) if last.position == position => events.push(event.clone()),
                _ => records.push((meta(position), vec![event.clone()])),
            }
        }
        records
    }

    /// What was recorded, an event a line.
    pub fn told(&self) -> String {
        let lines = self.log.iter().map(|recorded| {
            let event = &recorded.event;
            let flags: Vec<String> = event.flags.iter().map(ToString::to_string).collect();
            format!(
                "{} {} {} {:?} {:?} {flags:?}\n",
                recorded.event_id, event.effective_on, event.stream, event.fact, event.carrying
            )
        });
        lines.collect()
    }

    /// Everything that views are computed from.
    ///
    /// # Panics
    /// If a record does not follow the one before.
    pub fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        for (meta, events) in self.records() {
            if let Err(error) = facts.apply(meta, &events) {
                panic!("INV-9: {error}");
            }
        }
        facts
    }

    /// A question at a random position, effective date, calendar, mapping, filter and grouping.
    pub fn question(&mut self, view: View) -> Question {
        let at = match self.random.below(3) {
            0 => AsOf::Head,
            _ => AsOf::Position(Position(self.random.below(self.next.0))),
        };
        let effective = if self.random.one_in(3) {
            Cut::Open
        } else {
            Cut::On(self.day())
        };
        Question {
            at,
            effective,
            calendar: (*self.random.pick(&FiscalCalendar::ALL)).into(),
            restated: false,
            mapping: self.random.pick(&PillarMapping::ALL).clone().into(),
            multi_year_months: *self.random.pick(&[12, 18, 24]),
            filter: self.filter(view),
            group_by: self.random.one_in(2).then(|| self.grouping(view)),
            basis: perennial_views::CurrencyBasis::Transaction,
        }
    }

    fn grouping(&mut self, view: View) -> Vec<Dimension> {
        let keys = view.keys().iter().copied();
        keys.filter(|_| self.random.one_in(2)).collect()
    }

    /// Mostly none; else one or more of those that the view knows.
    fn filter(&mut self, view: View) -> Filter {
        let mut filter = Filter::default();
        if !self.random.one_in(3) {
            return filter;
        }
        for name in view.filters() {
            if !self.random.one_in(4) {
                continue;
            }
            let mut one_of = |words: &[&str]| Some((*self.random.pick(words)).to_owned());
            match *name {
                "agreement_id" => filter.agreements.push(self.agreement_id()),
                "direction" => {
                    let directions = perennial_views::posting::Direction::ALL;
                    filter.direction = Some(*self.random.pick(directions));
                }
                "currency" => filter.currency = Some(crate::history::words::currency("EUR")),
                "donor" => filter.donor = one_of(&["XM-DONOR", "XM-OTHER", "XM-THIRD"]),
                "recipient" => filter.recipient = one_of(&["XM-AGENCY", "XM-OTHER", "XM-THIRD"]),
                "country" => filter.country = one_of(&["SS", "UG", "unspecified"]),
                "pillar" => filter.pillar = one_of(&["peace", "humanitarian", "unallocable"]),
                "year" => filter.year = one_of(&["2024", "2025", "2024/25", "2025/26"]),
                "rule" => filter.rule = one_of(&["R10", "R12", "SCHEDULED_EXCEEDS_UNDISBURSED"]),
                "standing" => filter.standing = true,
                "open" => filter.open = true,
                "element" => filter.element = one_of(&["1", "1.1", "B"]),
                "plan_id" => filter.plan = one_of(&["plan-1", "plan-2"]),
                _ => {}
            }
        }
        filter
    }
}

/// What is known of a record: one a day.
fn meta(position: Position) -> RecordMeta {
    let mut record_hash = [0; 32];
    for (byte, of_position) in record_hash.iter_mut().zip(position.0.to_be_bytes()) {
        *byte = of_position;
    }
    RecordMeta {
        position,
        recorded_at: RecordedAt(i64::try_from(position.0).unwrap_or(i64::MAX)),
        record_hash,
    }
}
