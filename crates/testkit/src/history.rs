//! Given a history, when a command comes, then these facts or these reasons: the boundary at which the domain
//! is tested. The words for histories and commands are in [`words`].
//!
//! Each fact given is one record, at positions 1, 2, 3 …, after the ledger's creation at position 0; so the
//! first fact given is the event `1-0`.

pub mod periods;
pub mod registry_words;
pub mod words;

use perennial_domain::Date;
use perennial_domain::agreement::{Agreement, AgreementCommand};
use perennial_domain::book::{Book, Decision};
use perennial_domain::command::{Command, Submission};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::LedgerId;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt, Revision};
use perennial_domain::rejection::{Refusal, Refused, Rejection};
use perennial_domain::rule::{Breach, Profile, Rule};

use crate::must::must;
use words::{THE_AGREEMENT, TODAY, date, the_agreement};

/// A fact and the day it is true on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// Whose it is.
    pub stream: Stream,
    /// When it is true.
    pub effective_on: Date,
    /// What happened.
    pub fact: Fact,
}

impl From<&Event> for Happened {
    fn from(event: &Event) -> Self {
        Self {
            stream: event.stream.clone(),
            effective_on: event.effective_on,
            fact: event.fact.clone(),
        }
    }
}

/// A ledger with a history, and the day on which it is asked.
#[derive(Clone, Debug)]
pub struct Given {
    /// The state.
    pub book: Book,
    /// Where the next record will stand.
    pub next: Position,
    /// The UTC date of recording.
    pub today: Date,
}

/// A ledger of this profile, with the default policy, in which this has happened.
#[track_caller]
pub fn given(profile: Profile, history: impl IntoIterator<Item = Happened>) -> Given {
    given_with(profile, LedgerPolicy::default(), history)
}

/// A ledger of this profile and policy in which this has happened.
///
/// # Panics
/// If the history is impossible.
#[track_caller]
pub fn given_with(
    profile: Profile,
    policy: LedgerPolicy,
    history: impl IntoIterator<Item = Happened>,
) -> Given {
    let mut given = Given {
        book: new_book(profile, policy),
        next: Position(1),
        today: date(TODAY),
    };
    for happened in history {
        given.record(happened);
    }
    given
}

/// An empty book of a ledger named `test-ledger`.
///
/// # Panics
/// Never, as long as a ledger can be created.
#[track_caller]
pub fn new_book(profile: Profile, policy: LedgerPolicy) -> Book {
    let ledger_id = must(LedgerId::parse("test-ledger"));
    let event = Book::ledger_created(ledger_id, profile, policy, date("2015-01-01"));
    must(Book::created(&recorded(Position(0), 0, event)))
}

/// An event as a record carries it.
pub fn recorded(position: Position, index: u32, event: Event) -> Recorded<Event> {
    Recorded {
        event_id: EventId { position, index },
        recorded_at: RecordedAt(0),
        event,
    }
}

impl Given {
    /// Records one more fact, as the next record.
    ///
    /// # Panics
    /// If it cannot follow the history.
    #[track_caller]
    pub fn record(&mut self, happened: Happened) {
        let before = self.book.revision(&happened.stream).unwrap_or_default();
        let event = Event {
            stream: happened.stream,
            revision: Revision(before.0.saturating_add(1)),
            effective_on: happened.effective_on,
            external_reference: None,
            evidence: Vec::new(),
            flags: Vec::new(),
            overrides: Vec::new(),
            concerns: None,
            carrying: Vec::new(),
            fact: happened.fact,
        };
        must(self.book.evolve(&recorded(self.next, 0, event)));
        self.next = Position(self.next.0.saturating_add(1));
    }

    /// The same history, asked on another day.
    #[must_use]
    pub fn on(mut self, today: &str) -> Self {
        self.today = date(today);
        self
    }

    /// Asks the agreement that the words speak of.
    #[track_caller]
    pub fn when(self, (effective_on, command): (Date, AgreementCommand)) -> Outcome {
        self.when_asked(words::asked(effective_on, command))
    }

    /// Asks anything.
    #[track_caller]
    pub fn when_asked(self, command: Command) -> Outcome {
        self.when_submitted(&Submission {
            commands: vec![command],
            expected: Vec::new(),
        })
    }

    /// Asks several things at once.
    #[track_caller]
    pub fn when_submitted(self, submission: &Submission) -> Outcome {
        let result = self.book.decide(submission, self.next, self.today);
        Outcome {
            given: self,
            result,
        }
    }

    /// The agreement that the words speak of.
    ///
    /// # Panics
    /// If it is not signed.
    #[track_caller]
    pub fn agreement(&self) -> &Agreement {
        match self.book.agreement(&the_agreement()) {
            Some(agreement) => agreement,
            None => panic!("there is no agreement \"{THE_AGREEMENT}\""),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    given: Given,
    result: Result<Decision, Refusal>,
}

impl Outcome {
    /// Exactly these facts are recorded, without any flag. Returns the ledger with them, to ask further.
    #[track_caller]
    pub fn then(self, facts: impl IntoIterator<Item = Happened>) -> Given {
        self.then_flagged(facts, [])
    }

    /// Exactly these facts are recorded, and together they carry flags of exactly these rules, in order.
    ///
    /// # Panics
    /// Otherwise.
    #[track_caller]
    pub fn then_flagged(
        self,
        facts: impl IntoIterator<Item = Happened>,
        rules: impl IntoIterator<Item = Rule>,
    ) -> Given {
        let decision = self.decision();
        let happened: Vec<Happened> = decision.events.iter().map(Happened::from).collect();
        assert_eq!(happened, facts.into_iter().collect::<Vec<_>>());
        let flags: Vec<Rule> = flags(decision).map(|flag| flag.rule).collect();
        assert_eq!(flags, rules.into_iter().collect::<Vec<_>>());
        self.accepted()
    }

    /// It is recorded, whatever the facts are, with exactly these flags in order.
    ///
    /// # Panics
    /// Otherwise.
    #[track_caller]
    pub fn then_only_flagged(self, expected: impl IntoIterator<Item = Breach>) -> Given {
        let flags: Vec<Breach> = flags(self.decision()).cloned().collect();
        assert_eq!(flags, expected.into_iter().collect::<Vec<_>>());
        self.accepted()
    }

    /// It is refused for exactly this one reason.
    #[track_caller]
    pub fn then_rejected(self, rejection: Rejection) -> Given {
        self.then_refused([(Some(0), rejection)])
    }

    /// It is refused because exactly this rule is broken.
    #[track_caller]
    pub fn then_breaks(self, breach: Breach) -> Given {
        self.then_rejected(Rejection::Breach(breach))
    }

    /// It is refused for exactly these reasons in order. Returns the unchanged ledger.
    ///
    /// # Panics
    /// Otherwise.
    #[track_caller]
    pub fn then_refused(
        self,
        reasons: impl IntoIterator<Item = (Option<usize>, Rejection)>,
    ) -> Given {
        let expected: Vec<Refused> = reasons
            .into_iter()
            .map(|(command_index, rejection)| Refused {
                command_index,
                rejection,
            })
            .collect();
        assert_eq!(self.reasons(), expected);
        self.given
    }

    /// The reasons against it, each with the index of its command.
    ///
    /// # Panics
    /// If it was accepted.
    #[track_caller]
    pub fn reasons(&self) -> Vec<Refused> {
        match &self.result {
            Ok(decision) => panic!("accepted: {:#?}", decision.events),
            Err(refusal) => refusal.reasons().cloned().collect(),
        }
    }

    /// What was decided.
    ///
    /// # Panics
    /// If it was refused.
    #[track_caller]
    pub fn decision(&self) -> &Decision {
        match &self.result {
            Ok(decision) => decision,
            Err(refusal) => panic!(
                "refused: {:#?}",
                refusal
                    .reasons()
                    .map(|reason| reason.rejection.to_string())
                    .collect::<Vec<_>>()
            ),
        }
    }

    /// The ledger with what was decided.
    ///
    /// # Panics
    /// If it was refused.
    #[track_caller]
    pub fn accepted(self) -> Given {
        self.decision();
        let mut given = self.given;
        if let Ok(decision) = self.result {
            given.book.apply(&decision);
            given.next = Position(given.next.0.saturating_add(1));
        }
        given
    }
}

fn flags(decision: &Decision) -> impl Iterator<Item = &Breach> {
    decision.events.iter().flat_map(|event| &event.flags)
}
