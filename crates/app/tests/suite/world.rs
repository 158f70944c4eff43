//! A ledger on a log in memory, and the submissions that the tests send.

use std::sync::Arc;

use perennial_app::ledger::{Claimant, Ledger, NewLedger, OpenError, WriterTask};
use perennial_app::ports::liveness::Alone;
use perennial_app::ports::log::Log;
use perennial_app::recovery::{LedgerSource, RecoverError, Recovered, recover};
use perennial_app::submission::{Accepted, Prepared, SubmitError};
use perennial_app::threads::Threads;
use perennial_app::writer::{WriterOptions, WriterPorts};
use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, Cash, Conditionality, Line, Perspective, Terms,
};
use perennial_domain::classification::LineDims;
use perennial_domain::command::{Action, Command, Submission};
use perennial_domain::ids::{AgreementId, LedgerId, LineId, RequestId};
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::RecordedAt;
use perennial_domain::money::{Currency, Money};
use perennial_domain::party::OrgRef;
use perennial_domain::rule::Profile;
use perennial_testkit::log::MemoryLog;
use perennial_testkit::ports::{CountedIds, FixedClock};
use perennial_testkit::request_index::MemoryRequestIndex;
use perennial_testkit::snapshot_store::MemorySnapshotStore;
use perennial_wire::stored::Actor;

/// 2026-06-01T00:00:00Z.
pub(crate) const NOW: RecordedAt = RecordedAt(1_780_272_000_000_000);

pub(crate) struct World {
    pub(crate) log: MemoryLog,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) snapshots: MemorySnapshotStore,
    pub(crate) index: MemoryRequestIndex,
    ports: WriterPorts,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::on(MemoryLog::default())
    }

    /// A log whose caches were deleted.
    pub(crate) fn on(log: MemoryLog) -> Self {
        Self::with_caches(log, &Self::no_caches())
    }

    fn no_caches() -> (MemorySnapshotStore, MemoryRequestIndex) {
        (
            MemorySnapshotStore::default(),
            MemoryRequestIndex::default(),
        )
    }

    /// A log beside caches that another one may have filled.
    pub(crate) fn with_caches(
        log: MemoryLog,
        (snapshots, index): &(MemorySnapshotStore, MemoryRequestIndex),
    ) -> Self {
        let clock = Arc::new(FixedClock::at(NOW));
        let ids = Arc::new(CountedIds::default());
        let ports = WriterPorts {
            log: Arc::new(log.clone()),
            clock: Arc::clone(&clock) as _,
            ids,
            snapshots: Arc::new(snapshots.clone()),
            requests: Arc::new(index.clone()),
            tasks: Arc::new(Threads),
            liveness: Arc::new(Alone),
        };
        let (snapshots, index) = (snapshots.clone(), index.clone());
        Self {
            log,
            clock,
            snapshots,
            index,
            ports,
        }
    }

    pub(crate) fn source(&self) -> LedgerSource {
        self.ports.source(ledger_id().as_str())
    }

    /// Reads the state as opening does.
    pub(crate) fn recover(&self) -> Result<Recovered, RecoverError> {
        recover(&self.source(), None, &WriterOptions::default())
    }

    pub(crate) async fn create(&self, policy: LedgerPolicy) -> (Ledger, WriterTask) {
        self.create_with(policy, WriterOptions::default()).await
    }

    pub(crate) async fn create_limited(&self, options: WriterOptions) -> (Ledger, WriterTask) {
        self.create_with(LedgerPolicy::default(), options).await
    }

    pub(crate) async fn create_with(
        &self,
        policy: LedgerPolicy,
        options: WriterOptions,
    ) -> (Ledger, WriterTask) {
        let (claimant, ports) = (claimant(), self.ports.clone());
        let (ledger, task, _) = Ledger::create(new_ledger(policy), &claimant, ports, options)
            .await
            .unwrap();
        (ledger, task)
    }

    /// Creates the ledger with a profile of its own.
    pub(crate) async fn create_as(
        &self,
        profile: Profile,
        policy: LedgerPolicy,
    ) -> (Ledger, WriterTask) {
        let new = NewLedger {
            profile,
            ..new_ledger(policy)
        };
        let (ports, options) = (self.ports.clone(), WriterOptions::default());
        let created = Ledger::create(new, &claimant(), ports, options).await;
        let (ledger, task, _) = created.unwrap();
        (ledger, task)
    }

    /// Creates the ledger with its writer on `log`, which keeps its entries in the world's.
    pub(crate) async fn create_on(
        &self,
        log: Arc<dyn Log>,
        options: WriterOptions,
    ) -> (Ledger, WriterTask) {
        let ports = WriterPorts {
            log,
            ..self.ports.clone()
        };
        let new = new_ledger(LedgerPolicy::default());
        let created = Ledger::create(new, &claimant(), ports, options).await;
        let (ledger, task, _) = created.unwrap();
        (ledger, task)
    }

    pub(crate) async fn open(&self) -> Result<(Ledger, WriterTask), OpenError> {
        self.open_with(WriterOptions::default()).await
    }

    pub(crate) async fn open_with(
        &self,
        options: WriterOptions,
    ) -> Result<(Ledger, WriterTask), OpenError> {
        let ports = self.ports.clone();
        Ledger::open(ledger_id(), None, &claimant(), ports, options).await
    }
}

pub(crate) fn ledger_id() -> LedgerId {
    LedgerId::parse("test-ledger").unwrap()
}

fn claimant() -> Claimant {
    Claimant {
        node: "node-1".to_owned(),
        address: "127.0.0.1:7410".to_owned(),
    }
}

pub(crate) fn new_ledger(policy: LedgerPolicy) -> NewLedger {
    NewLedger {
        request_id: RequestId([0xff; 16]),
        actor: actor(),
        ledger_id: ledger_id(),
        profile: Profile::Strict,
        policy,
    }
}

pub(crate) fn actor() -> Actor {
    Actor {
        subject: "anonymous".to_owned(),
        peer: String::new(),
    }
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn eur(units: i128) -> Money {
    Money::from_minor(units * 100, Currency::parse("EUR").unwrap()).unwrap()
}

fn org(id: &str) -> OrgRef {
    OrgRef {
        id: Some(id.into()),
        ..OrgRef::default()
    }
}

/// Signs agreement `grant-N` over 100 EUR for the year 2026.
pub(crate) fn sign(number: u32) -> Command {
    let line = Line {
        line_id: LineId::parse("main").unwrap(),
        amount: eur(100),
        counterparty: None,
        dims: LineDims::default(),
        year_shares: Vec::new(),
        functional: None,
    };
    let terms = Terms {
        perspective: Perspective::Provider,
        provider: org("XM-TEST-1"),
        recipient: org("XM-TEST-2"),
        signed_on: Some(date("2026-01-15")),
        starts_on: Some(date("2026-01-01")),
        ends_on: Some(date("2026-12-31")),
        currency: eur(0).currency(),
        conditionality: Conditionality::None,
        further: None,
        lines: vec![line],
    };
    command(number, "2026-01-15", AgreementCommand::Sign(terms))
}

/// Pays `units` EUR of agreement `grant-N`.
pub(crate) fn pay(number: u32, units: i128) -> Command {
    let cash = Cash {
        amount: eur(units),
        lines: Vec::new(),
        payment_id: None,
        provider: None,
        receiver: None,
        value_on: None,
        conversion: None,
        reference: None,
        published: None,
        functional: None,
        modality: None,
    };
    command(
        number,
        "2026-03-31",
        AgreementCommand::Disburse {
            cash,
            tranche_id: None,
        },
    )
}

fn command(number: u32, effective_on: &str, command: AgreementCommand) -> Command {
    let agreement_id = AgreementId::parse(&format!("grant-{number}")).unwrap();
    Command {
        effective_on: date(effective_on),
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        action: Action::Agreement(agreement_id, command),
        functional_from_table: false,
    }
}

pub(crate) fn prepared(request: u8, commands: Vec<Command>) -> Prepared {
    Prepared::new(
        RequestId([request; 16]),
        actor(),
        Submission {
            commands,
            expected: Vec::new(),
        },
    )
}

pub(crate) async fn submit(
    ledger: &Ledger,
    request: u8,
    commands: Vec<Command>,
) -> Result<Accepted, SubmitError> {
    ledger.submit(prepared(request, commands), false).await
}

pub(crate) fn position(accepted: &Accepted) -> u64 {
    accepted.place.unwrap().position.0
}
