//! However little of a ledger stays in memory, its answers and digests are the same.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use perennial_domain::agreement::{AgreementEvent, ReversalReason};
use perennial_domain::event::Fact;
use perennial_domain::log::{Position, RecordedAt};
use perennial_views::pages::{PageError, PagePlace, PageStore};
use perennial_views::{
    Applied, ApplyError, AsOf, Cut, Delta, Facts, Filter, PageMemory, Question, QuestionError, View,
};

use crate::given::{DAY_MICROS, Log, date, event_id};
use crate::random_ledger::{Random, random_log};

/// A page store in memory that counts, and that breaks when it is told to.
#[derive(Debug, Default)]
struct Kept {
    bytes: Mutex<Vec<u8>>,
    reads: AtomicUsize,
    broken: AtomicBool,
}

impl PageStore for Kept {
    fn keep(&self, page: &[u8]) -> Result<PagePlace, PageError> {
        let mut bytes = self.bytes.lock().unwrap();
        let offset = u64::try_from(bytes.len()).unwrap();
        bytes.extend_from_slice(page);
        Ok(PagePlace {
            offset,
            length: page.len(),
        })
    }

    fn read_back(&self, place: PagePlace) -> Result<Vec<u8>, PageError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if self.broken.load(Ordering::Relaxed) {
            return Err(PageError {
                doing: "read back",
                problem: "the disk is gone".into(),
            });
        }
        let from = usize::try_from(place.offset).unwrap();
        Ok(self.bytes.lock().unwrap()[from..from + place.length].to_vec())
    }
}

/// The facts of a log, with at most `limit` bytes of pages in memory.
fn paged(log: &Log, limit: u64) -> (Facts, Arc<Kept>, Arc<PageMemory>) {
    let (memory, store) = (PageMemory::new(limit), Arc::new(Kept::default()));
    let mut facts = Facts::paged(Arc::clone(&memory), Arc::<Kept>::clone(&store));
    for (meta, events) in &log.records {
        facts.apply(*meta, events).unwrap();
    }
    (facts, store, memory)
}

/// Long enough for several pages of postings and of records.
fn long_log() -> Log {
    random_log(&mut Random::seeded(), 6_500)
}

fn questions() -> Vec<Question> {
    let mut questions = Vec::new();
    for at in [
        AsOf::Head,
        AsOf::Position(Position(0)),
        AsOf::Position(Position(1_023)),
        AsOf::Position(Position(1_024)),
        AsOf::Position(Position(4_011)),
        AsOf::RecordedAt(RecordedAt(5_200 * DAY_MICROS)),
    ] {
        for effective in [Cut::Open, Cut::On(date("2020-04-15"))] {
            questions.push(Question {
                at,
                effective,
                ..Question::default()
            });
        }
    }
    questions.push(Question {
        filter: Filter {
            currency: Some(perennial_domain::money::Currency::parse("USD").unwrap()),
            ..Filter::default()
        },
        ..Question::default()
    });
    questions
}

/// Views that read pages one after the other, whatever is asked.
const IN_ORDER: [View; 4] = [
    View::Nexus,
    View::MultiYear,
    View::Registers,
    View::Movements,
];

fn assert_same_answers(whole: &Facts, paged: &Facts, views: &[View], questions: &[Question]) {
    for question in questions {
        for view in views {
            assert_eq!(
                view.evaluate(whole, question),
                view.evaluate(paged, question),
                "{} of {question:?}",
                view.name()
            );
        }
    }
}

/// Every view of a few agreements, then and now.
fn assert_same_statements(whole: &Facts, paged: &Facts) {
    for (view, at) in [
        (View::Agreement, AsOf::Head),
        (View::Timeline, AsOf::Position(Position(4_011))),
        (View::ByYear, AsOf::Head),
        (View::Nexus, AsOf::Position(Position(2_100))),
    ] {
        let agreements = ["agreement-0", "agreement-1", "agreement-2"];
        let question = Question {
            at,
            effective: Cut::On(date("2021-01-31")),
            filter: Filter {
                agreements: agreements
                    .map(|id| perennial_domain::ids::AgreementId::parse(id).unwrap())
                    .into(),
                ..Filter::default()
            },
            ..Question::default()
        };
        let answer = view.evaluate(whole, &question).unwrap();
        assert!(!answer.rows.is_empty(), "{}", view.name());
        assert_eq!(Ok(answer), view.evaluate(paged, &question));
    }
}

#[test]
fn answers_and_digests_are_the_same_whatever_stays_in_memory() {
    let log = long_log();
    let whole = log.facts();
    let pages = whole.columns().kept_rollups()[0].1;
    assert!(1 < pages, "{pages} pages of postings");
    for limit in [0, 200_000] {
        let (facts, store, memory) = paged(&log, limit);
        let limit = usize::try_from(limit).unwrap();
        assert!(memory.bytes() <= limit, "{} bytes", memory.bytes());
        for position in (0..whole.next().0).step_by(197) {
            let at = Position(position);
            assert_eq!(facts.digest(at), whole.digest(at));
            assert_eq!(facts.record(at), whole.record(at));
            let event = event_id(position, 0);
            assert_eq!(facts.postings_of(event), whole.postings_of(event));
            assert_eq!(facts.note(event), whole.note(event));
        }
        assert_same_answers(&whole, &facts, &IN_ORDER, &questions());
        assert_same_statements(&whole, &facts);
        assert!(100 < store.reads.load(Ordering::Relaxed));
        assert!(memory.bytes() <= limit, "{} bytes", memory.bytes());
        assert_eq!((facts.unkept_page(), facts.lost_page()), (None, None));
    }
}

#[test]
fn with_room_for_all_pages_none_is_read_back() {
    let log = long_log();
    let (facts, store, memory) = paged(&log, u64::MAX);
    let often = [Question::default()];
    assert_same_answers(&log.facts(), &facts, &View::ALL, &often);
    assert_eq!(store.reads.load(Ordering::Relaxed), 0);
    assert!(0 < memory.bytes());
    drop(facts);
}

#[test]
fn ledgers_share_the_room() {
    let log = long_log();
    let (memory, store) = (PageMemory::new(300_000), Arc::new(Kept::default()));
    let facts: Vec<Facts> = (0..2)
        .map(|_| {
            let mut facts = Facts::paged(Arc::clone(&memory), Arc::<Kept>::clone(&store));
            for (meta, events) in &log.records {
                facts.apply(*meta, events).unwrap();
            }
            facts
        })
        .collect();
    assert!(memory.bytes() <= 300_000);
    let whole = log.facts();
    for facts in &facts {
        assert_eq!(facts.digest(Position(17)), whole.digest(Position(17)));
    }
}

#[test]
fn a_restored_ledger_needs_no_more_memory_and_answers_alike() {
    let log = long_log();
    let mut whole = Facts::default();
    let mut deltas: Vec<Delta> = Vec::new();
    for (meta, events) in &log.records {
        let Applied::Now(delta) = whole.apply(*meta, events).unwrap() else {
            panic!("each record is new");
        };
        deltas.push(*delta);
    }
    let memory = PageMemory::new(0);
    let mut restored = Facts::paged(Arc::clone(&memory), Arc::new(Kept::default()));
    for delta in &deltas {
        assert!(restored.restore(delta).unwrap());
    }
    assert_eq!(memory.bytes(), 0);
    for view in IN_ORDER {
        let question = Question {
            at: AsOf::Position(Position(4_000)),
            effective: Cut::On(date("2021-01-31")),
            ..Question::default()
        };
        assert_eq!(
            view.evaluate(&whole, &question),
            view.evaluate(&restored, &question)
        );
    }
}

#[test]
fn nothing_is_answered_or_added_once_a_page_is_lost() {
    let log = long_log();
    let (mut facts, store, _memory) = paged(&log, 0);
    store.broken.store(true, Ordering::Relaxed);
    let (meta, mut events) = log.records[100].clone();
    let meta = perennial_views::RecordMeta {
        position: facts.next(),
        ..meta
    };
    // A reversal of an event whose postings are on a page.
    let (_, first) = &log.records[1];
    events.truncate(1);
    events[0].event_id = event_id(meta.position.0, 0);
    events[0].event.stream = first[0].event.stream.clone();
    events[0].event.fact = Fact::Agreement(AgreementEvent::EntryReversed {
        target: event_id(1, 0),
        reason: ReversalReason::Error,
    });
    let next = facts.next();
    let lost = PageError {
        doing: "read back",
        problem: "the disk is gone".into(),
    };
    assert_eq!(
        facts.apply(meta, &events),
        Err(ApplyError::Page(lost.clone()))
    );
    assert_eq!(facts.next(), next);
    assert_eq!(facts.lost_page(), Some(&lost));
    // Nor a question that no page is needed for: what it read may be of before.
    let question = Question::default();
    assert_eq!(
        View::Registers.evaluate(&facts, &question),
        Err(QuestionError::LostPage(lost))
    );
}
