//! What the engine costs: adding records, and questions at the head and in the past.
//!
//! `cargo bench -p perennial-views --bench engine -- 10000000` measures with that many events (default 1,000,000); with
//! a second number, with at most so many MiB of pages in memory and the others in a temporary file.
//! Half the events are payments of agreements that go on for years, in order of agreement, not of date: the order in
//! which imports arrive, and the worst for cut-offs. Prints one JSON object a line.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::float_arithmetic,
    reason = "a benchmark prints times"
)]

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementEvent, CashEntry, Conditionality, Line, LinePart, Perspective, Terms, YearBasis,
    YearShare,
};
use perennial_domain::classification::{LineDims, Share, Split, Vocabulary};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::{AgreementId, LineId};
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt, Revision};
use perennial_domain::money::{Currency, Money};
use perennial_domain::party::OrgRef;
use perennial_domain::period::Period;
use perennial_views::pages::{PageError, PagePlace, PageStore};
use perennial_views::{
    AsOf, Cut, Dimension, Facts, Filter, PageMemory, Question, RecordMeta, View,
};

/// Events of one agreement: its signature, increases, then payments.
const EVENTS_PER_AGREEMENT: u64 = 100;

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let events = numbers.next().unwrap_or(1_000_000);
    let facts = match numbers.next() {
        None => Facts::default(),
        Some(mib) => {
            let memory = PageMemory::new(mib * 1024 * 1024);
            Facts::paged(memory, Arc::new(TemporaryFile::create()))
        }
    };
    let facts = applied(facts, events);
    for (name, question) in questions(events) {
        ask(&facts, View::Registers, name, &question);
        ask(&facts, View::MultiYear, name, &question);
        ask(&facts, View::Movements, name, &question);
        let by = |keys: &[Dimension]| Question {
            group_by: Some(keys.to_vec()),
            ..question.clone()
        };
        ask(
            &facts,
            View::Nexus,
            name,
            &by(&[Dimension::Pillar, Dimension::Year]),
        );
        ask(&facts, View::ByYear, name, &by(&[Dimension::Year]));
    }
    ask(&facts, View::Nexus, "all keys, head", &Question::default());
    ask(&facts, View::Agreement, "all, head", &Question::default());
    ask(&facts, View::ByYear, "all keys, head", &Question::default());
    let question = Question {
        filter: Filter {
            agreements: vec![AgreementId::parse("agreement-77").expect("an id")],
            ..Filter::default()
        },
        ..Question::default()
    };
    for view in [View::Agreement, View::Timeline, View::ByYear] {
        ask(&facts, view, "one agreement, head", &question);
    }
}

/// Pages in a file that is gone with the process.
#[derive(Debug)]
struct TemporaryFile(File, Mutex<u64>);

impl TemporaryFile {
    fn create() -> Self {
        let path = std::env::temp_dir().join(format!("engine-{}", std::process::id()));
        let file = File::create_new(&path)
            .and_then(|_| File::options().read(true).write(true).open(&path));
        std::fs::remove_file(&path).expect("a file of its own");
        Self(file.expect("a temporary file"), Mutex::new(0))
    }
}

impl PageStore for TemporaryFile {
    fn keep(&self, page: &[u8]) -> Result<PagePlace, PageError> {
        let mut end = self.1.lock().expect("no panic");
        let offset = *end;
        self.0.write_all_at(page, offset).expect("space");
        *end += u64::try_from(page.len()).expect("small");
        Ok(PagePlace {
            offset,
            length: page.len(),
        })
    }

    fn read_back(&self, place: PagePlace) -> Result<Vec<u8>, PageError> {
        let mut page = vec![0; place.length];
        self.0.read_exact_at(&mut page, place.offset).expect("kept");
        Ok(page)
    }
}

fn ask(facts: &Facts, view: View, name: &str, question: &Question) {
    let started = Instant::now();
    let answer = view.evaluate(facts, question).expect("an answer");
    println!(
        "{{\"question\":\"{name}\",\"view\":\"{}\",\"rows\":{},\"ms\":{:.1}}}",
        view.name(),
        answer.rows.len(),
        started.elapsed().as_secs_f64() * 1_000.0
    );
}

/// Adds all events, one a record, and says how fast.
fn applied(mut facts: Facts, events: u64) -> Facts {
    let mut spent = std::time::Duration::ZERO;
    for position in 0..events {
        let recorded = [event(position)];
        let meta = RecordMeta {
            position: Position(position),
            recorded_at: RecordedAt(i64::try_from(position).expect("small")),
            record_hash: [0; 32],
        };
        let started = Instant::now();
        facts.apply(meta, &recorded).expect("no gap");
        spent += started.elapsed();
    }
    println!(
        "{{\"events\":{events},\"apply_per_s\":{:.0},\"rows\":{},\"facets\":{},\"kinds\":{},\"cells\":{},\"columns_mb\":{},\"kept_rollups\":\"{:?}\",\"rss_mb\":{}}}",
        f64::from(u32::try_from(events).expect("small")) / spent.as_secs_f64(),
        facts.columns().len(),
        facts.dictionary().facets.len(),
        facts.dictionary().kinds.len(),
        facts.cube().cells().len(),
        facts.columns().bytes() / 1_000_000,
        facts.columns().kept_rollups(),
        rss_mb(),
    );
    facts
}

fn questions(events: u64) -> [(&'static str, Question); 4] {
    let cut = Cut::On(Date::new(2019, 3, 15).expect("a date"));
    let at = AsOf::Position(Position(events / 2 + 17));
    let base = Question::default();
    [
        ("head, open", base.clone()),
        (
            "head, on a date",
            Question {
                effective: cut,
                ..base.clone()
            },
        ),
        ("half, open", Question { at, ..base.clone() }),
        (
            "half, on a date",
            Question {
                at,
                effective: cut,
                ..base
            },
        ),
    ]
}

fn rss_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or_default() * 4_096 / 1_000_000
}

fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ (mixed >> 27)
}

fn usd(minor_units: u64) -> Money {
    let usd = Currency::parse("USD").expect("a currency");
    Money::from_minor(i128::from(minor_units), usd).expect("in range")
}

fn event(number: u64) -> Recorded<Event> {
    let agreement = number / EVENTS_PER_AGREEMENT;
    let place = number % EVENTS_PER_AGREEMENT;
    let day = mixed(number);
    let year = 2015 + i16::try_from(day % 8).expect("small");
    let month = 1 + i8::try_from(day / 8 % 12).expect("small");
    let effective_on = Date::new(year, month, 1 + i8::try_from(day / 96 % 28).expect("small"));
    let line_id = LineId::parse("line-1").expect("an id");
    let amount = usd(1 + day % 1_000_000);
    let fact = match place {
        0 => AgreementEvent::AgreementSigned(terms(agreement)),
        1..=9 => AgreementEvent::CommitmentIncreased {
            line_id,
            amount,
            year_shares: vec![YearShare {
                period: years(2015 + i16::try_from(place % 4).expect("small"), 3),
                minor_units: amount.minor_units(),
                basis: YearBasis::Prorated,
                firmness: perennial_domain::agreement::Firmness::Firm,
            }],
            amendment: None,
            published: None,
            functional: None,
        },
        _ => AgreementEvent::ReceiptConfirmed {
            cash: CashEntry {
                amount,
                parts: vec![LinePart {
                    line_id,
                    minor_units: amount.minor_units(),
                }],
                payment_id: None,
                provider: None,
                receiver: None,
                value_on: None,
                conversion: None,
                reference: None,
                published: None,
                functional: None,
                modality: None,
            },
            draws: Vec::new(),
            disbursement_id: None,
        },
    };
    let id = AgreementId::parse(&format!("agreement-{agreement}")).expect("an id");
    Recorded {
        event_id: EventId {
            position: Position(number),
            index: 0,
        },
        recorded_at: RecordedAt(0),
        event: Event {
            stream: Stream::Agreement(id),
            revision: Revision(place + 1),
            effective_on: effective_on.expect("a date"),
            external_reference: None,
            evidence: Vec::new(),
            flags: Vec::new(),
            overrides: Vec::new(),
            concerns: None,
            carrying: Vec::new(),
            fact: Fact::Agreement(fact),
        },
    }
}

fn years(from: i16, count: i16) -> Period {
    let first = Date::new(from, 4, 1).expect("a date");
    Period::new(first, Date::new(from + count, 3, 31).expect("a date")).expect("ordered")
}

fn terms(agreement: u64) -> Terms {
    let org = |kind: &str, number: u64| OrgRef {
        id: Some(format!("{kind}-{number}").into()),
        name: Some(format!("{kind} {number}").into()),
        type_code: None,
        derived: false,
    };
    let split = |vocabulary, codes: &[(&str, u32)]| {
        let shares = codes.iter().map(|&(code, share_ppm)| Share {
            vocabulary,
            code: code.into(),
            share_ppm,
        });
        Split::exact(shares.collect()).expect("exact")
    };
    let purposes: &[(&str, u32)] = if agreement.is_multiple_of(3) {
        &[("15220", 400_000), ("72010", 600_000)]
    } else {
        &[("31120", 1_000_000)]
    };
    Terms {
        perspective: Perspective::Recipient,
        provider: org("D", agreement % 200),
        recipient: org("R", 1),
        signed_on: None,
        starts_on: Date::new(2015, 1, 1).ok(),
        ends_on: Date::new(2018, 12, 31).ok(),
        currency: usd(1).currency(),
        conditionality: Conditionality::None,
        further: None,
        lines: vec![Line {
            line_id: LineId::parse("line-1").expect("an id"),
            amount: usd(1_000_000),
            counterparty: None,
            dims: LineDims {
                purposes: split(Vocabulary::DacPurpose, purposes),
                places: split(Vocabulary::Country, &[("SS", 500_000), ("UG", 500_000)]),
                ..LineDims::default()
            },
            year_shares: vec![YearShare {
                period: years(2016, 1),
                minor_units: 1_000_000,
                basis: YearBasis::Scheduled,
                firmness: perennial_domain::agreement::Firmness::Firm,
            }],
            functional: None,
        }],
    }
}
