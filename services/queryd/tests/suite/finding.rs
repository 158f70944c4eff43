//! Agreements are found as a grants officer asks for them: by party, title, reference, country, status, free words.

use perennial_domain::agreement::{AgreementEvent, Description, Terms};
use perennial_domain::classification::{Share, Split, Vocabulary, WHOLE_PPM};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::log::{RecordedAt, Revision};
use perennial_domain::party::{ExternalReference, OrgRef};
use perennial_testkit::history::words::{agreement, date, eur, line_of, org, terms_of};
use perennial_testkit::sample_log::SampleLog;
use perennial_wire::pb::query::query_service_server::QueryService as _;
use perennial_wire::pb::query::{FindAgreementsRequest, FindAgreementsResponse, Page};
use tonic::{Request, Status};

use crate::{Data, LEDGER, Reader, grown, reason};

/// When everything here is recorded: after the first sample record.
const RECORDED: RecordedAt = RecordedAt(1_750_000_000_000_000);

/// One agreement of the tests.
struct Grant {
    id: &'static str,
    title: &'static str,
    reference: &'static str,
    recipient: (&'static str, &'static str),
    line_recipient: Option<&'static str>,
    country: &'static str,
    status: Option<u8>,
}

const GRANTS: [Grant; 3] = [
    Grant {
        id: "seeds-2024",
        title: "Seeds and tools for Gedo",
        reference: "XM-DAC-7-SEEDS",
        recipient: ("XM-DAC-41301", "Food and Agriculture Organisation"),
        line_recipient: None,
        country: "SO",
        status: Some(2),
    },
    Grant {
        id: "water-2025",
        title: "Éau potable: Water for schools",
        reference: "TR/2025/0042",
        recipient: ("XM-DAC-41122", "UNICEF"),
        line_recipient: None,
        country: "SO",
        status: Some(4),
    },
    Grant {
        id: "pooled-fund",
        title: "Pooled fund",
        reference: "TR/2025/0043",
        recipient: ("XM-POOL", "Pooled Fund Office"),
        line_recipient: Some("UNICEF Kenya Office"),
        country: "289",
        status: None,
    },
];

fn event(id: &str, revision: u64, fact: AgreementEvent) -> Event {
    Event {
        stream: Stream::Agreement(agreement(id)),
        revision: Revision(revision),
        effective_on: date("2024-01-01"),
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        concerns: None,
        carrying: Vec::new(),
        flags: Vec::new(),
        fact: Fact::Agreement(fact),
    }
}

impl Grant {
    fn terms(&self) -> Terms {
        let share = Share {
            vocabulary: if self.country.len() == 2 {
                Vocabulary::Country
            } else {
                Vocabulary::Region
            },
            code: self.country.into(),
            share_ppm: WHOLE_PPM,
        };
        let mut line = line_of("line-1", eur(0));
        line.dims.places = Split::exact(vec![share]).unwrap();
        line.counterparty = self.line_recipient.map(|name| OrgRef {
            name: Some(name.into()),
            ..OrgRef::default()
        });
        let (id, name) = self.recipient;
        Terms {
            recipient: OrgRef {
                name: Some(name.into()),
                ..org(id)
            },
            ..terms_of(vec![line])
        }
    }

    fn events(&self) -> Vec<Event> {
        let description = Description {
            title: Some(self.title.to_owned()),
            identifiers: vec![ExternalReference {
                system: "treasury".into(),
                reference: self.reference.into(),
            }],
            published_status: self.status,
            ..Description::default()
        };
        vec![
            event(self.id, 1, AgreementEvent::AgreementSigned(self.terms())),
            event(self.id, 2, AgreementEvent::AgreementDescribed(description)),
        ]
    }
}

fn log() -> SampleLog {
    let mut log = grown(1);
    for grant in GRANTS {
        log.append_record(RECORDED, grant.events());
    }
    log
}

async fn find(
    reader: &Reader,
    request: FindAgreementsRequest,
) -> Result<FindAgreementsResponse, Status> {
    let request = FindAgreementsRequest {
        ledger_id: LEDGER.to_owned(),
        ..request
    };
    let answer = reader.handlers.find_agreements(Request::new(request)).await;
    Ok(answer?.into_inner())
}

/// Fields of a request by name.
type Fields<'a> = &'a [(&'a str, &'a str)];

/// The request that sets these fields.
fn asked(fields: Fields<'_>) -> FindAgreementsRequest {
    let mut request = FindAgreementsRequest::default();
    for (field, text) in fields {
        let place = match *field {
            "text" => &mut request.text,
            "title" => &mut request.title,
            "party" => &mut request.party,
            "external_reference" => &mut request.external_reference,
            "country" => &mut request.country,
            "status" => &mut request.status,
            other => panic!("no field {other}"),
        };
        (*text).clone_into(place);
    }
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn agreements_are_found_by_what_a_grants_officer_knows_of_them() {
    let (data, log) = (Data::new(), log());
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let cases: [(Fields<'_>, &[&str]); 18] = [
        (&[], &["pooled-fund", "seeds-2024", "water-2025"]),
        (&[("title", "WATER")], &["water-2025"]),
        (&[("title", "éau POTABLE")], &["water-2025"]),
        (&[("title", "unicef")], &[]),
        (&[("party", "unicef")], &["pooled-fund", "water-2025"]),
        (&[("party", "xm-dac-413")], &["seeds-2024"]),
        (
            &[("party", "xm-donor"), ("title", "fund")],
            &["pooled-fund"],
        ),
        (
            &[("external_reference", "tr/2025")],
            &["pooled-fund", "water-2025"],
        ),
        (&[("external_reference", "TR/2025/0042")], &["water-2025"]),
        (&[("country", "so")], &["seeds-2024", "water-2025"]),
        (&[("country", "289")], &["pooled-fund"]),
        (&[("country", "KE")], &[]),
        (&[("status", "Closed")], &["water-2025"]),
        (&[("status", "2")], &["seeds-2024"]),
        (&[("country", "SO"), ("status", "pipeline")], &[]),
        (&[("text", "unicef schools")], &["water-2025"]),
        (&[("text", "  0043 kenya ")], &["pooled-fund"]),
        (&[("text", "unicef seeds")], &[]),
    ];
    for (fields, expected) in cases {
        let answer = find(&reader, asked(fields)).await.unwrap();
        let ids: Vec<&str> = answer
            .rows
            .iter()
            .map(|row| row.agreement_id.as_str())
            .collect();
        assert_eq!(ids, expected, "{fields:?}");
    }
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_answered_in_pages_that_belong_to_one_search() {
    let (data, log) = (Data::new(), log());
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let page = |token: &str| {
        Some(Page {
            page_size: 1,
            page_token: token.to_owned(),
            ..Page::default()
        })
    };
    let first = FindAgreementsRequest {
        page: page(""),
        ..asked(&[("country", "SO")])
    };
    let first = find(&reader, first).await.unwrap();
    assert_eq!(first.rows[0].agreement_id, "seeds-2024");
    let second = FindAgreementsRequest {
        page: page(&first.next_page_token),
        ..asked(&[("country", "so")])
    };
    let second = find(&reader, second).await.unwrap();
    assert_eq!(second.rows[0].agreement_id, "water-2025");
    assert_eq!(second.next_page_token, "");
    let foreign = FindAgreementsRequest {
        page: page(&first.next_page_token),
        ..asked(&[("country", "289")])
    };
    let foreign = find(&reader, foreign).await.unwrap_err();
    assert_eq!(reason(&foreign), "INVALID_FIELD");
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_nothing_can_hold_of_is_refused_with_what_would() {
    let (data, log) = (Data::new(), log());
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let cases = [
        ("country", "Somalia", "a country's code of two letters"),
        ("status", "open", "one of pipeline, implementation"),
        ("status", "7", "one of pipeline, implementation"),
    ];
    for (field, text, problem) in cases {
        let refused = find(&reader, asked(&[(field, text)])).await.unwrap_err();
        assert_eq!(reason(&refused), "INVALID_FIELD", "{field}");
        assert!(refused.message().contains(problem), "{refused:?}");
    }
    for field in ["text", "title", "party", "external_reference"] {
        let (fitting, too_long) = ("x".repeat(200), "x".repeat(201));
        assert!(find(&reader, asked(&[(field, &fitting)])).await.is_ok());
        let refused = find(&reader, asked(&[(field, &too_long)]))
            .await
            .unwrap_err();
        assert_eq!(reason(&refused), "INVALID_FIELD", "{field}");
    }
    reader.stop().await;
}
