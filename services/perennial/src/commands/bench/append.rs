//! `perennial bench append`: one validated submission per call, closed loop or at a fixed rate (RIVALS.md 5, W1).

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use clap::Args;
use perennial_client::{Connection, LedgerClient, RetryPolicy};
use perennial_wire::pb::ledger::SubmitRequest;
use tokio::task::JoinSet;

use super::figures::{self, Latencies};
use super::load::{Load, Random, Zipf};
use super::pace::Pace;
use super::server::Server;
use super::{Setting, floors};
use crate::failure::{Exit, Failure};
use crate::session::Session;

/// Which load.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial bench append --clients 1,32,128 --output json
  perennial bench append --clients 128 --added-flush-ms 3
  perennial bench append --clients 256 --rate 5000
")]
pub struct Arguments {
    /// How many clients call at once, each waiting for its answer; several numbers are measured one after the other.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1,32,128",
        value_name = "COUNTS"
    )]
    clients: Vec<u64>,
    /// Submissions per second of all clients together, at fixed times whether or not answers came. Latencies count
    /// from when a submission was due, so one that had to wait for a free client is not left out: give more clients
    /// than wait at once. Where the server is too slow, `per second` stays below the rate and `unsent` says how many
    /// were due and never sent. By default each client submits as soon as it was answered.
    #[arg(long, value_name = "PER_SECOND")]
    rate: Option<NonZeroU64>,
    /// How long each measurement lasts, in seconds.
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    seconds: u64,
    /// How long the load runs before it is measured, in seconds.
    #[arg(long, default_value_t = 2, value_name = "SECONDS")]
    warm_up: u64,
    /// How many agreements there are.
    #[arg(long, default_value_t = 10_000, value_name = "COUNT")]
    agreements: u64,
    /// HTTP/2 connections that the clients share; by default one for each 16 clients.
    #[arg(long, value_name = "COUNT")]
    connections: Option<NonZeroUsize>,
    #[command(flatten)]
    setting: Setting,
}

/// What one client saw.
#[derive(Debug)]
struct Seen {
    latencies: Latencies,
    recorded: u64,
    repeated: u64,
    refused: u64,
}

/// Runs the command.
///
/// # Errors
/// How it failed; any answer that is not the right one ends the measurement.
pub(super) async fn run(session: &Session, arguments: Arguments) -> Result<(), Failure> {
    let server = Server::start(session, &arguments.setting).await?;
    let run = if server.data().is_some() {
        0
    } else {
        u64::from(std::process::id())
    };
    let ledger_id = server.ledger_id.clone();
    let load = Load {
        ledger_id,
        run,
        agreements: arguments.agreements,
    };
    let mut random = Random::new(arguments.setting.seed);
    load.prepare(&server.session, &mut random).await?;
    let folder = match (server.data(), &arguments.setting.data) {
        (Some(data), _) => data.to_owned(),
        (None, Some(data)) => data.clone(),
        (None, None) => std::env::temp_dir(),
    };
    for clients in &arguments.clients {
        let document =
            measure(&server, &load, &arguments, (*clients, &folder, &mut random)).await?;
        figures::print(session, &document)?;
    }
    server.end().await
}

async fn measure(
    server: &Server,
    load: &Load,
    arguments: &Arguments,
    (clients, folder, random): (u64, &std::path::Path, &mut Random),
) -> Result<perennial_export::answers::BenchDocument, Failure> {
    let shared = usize::try_from(clients.div_ceil(16))
        .ok()
        .and_then(NonZeroUsize::new);
    let connections = arguments
        .connections
        .or(shared)
        .unwrap_or(NonZeroUsize::MIN);
    let connection = Connection::open_many(server.session.connection.address(), connections)
        .map_err(|error| Failure::caused(Exit::Usage, "connect", &error))?;
    let (flushes, flushes_took) = floors::raw_flushes(folder).await?;
    let (nulls, nulls_took) = floors::null_rpcs(&connection, clients).await?;
    let client = LedgerClient::new(connection, RetryPolicy::WRITE);
    let warm_up = Duration::from_secs(arguments.warm_up);
    let pace = |lasts| Pace::begin(lasts, arguments.rate);
    call((&client, load), (clients, pace(warm_up)?, random)).await?;
    let (before, usage_before) = (server.status().await?, server.usage());
    let lasts = Duration::from_secs(arguments.seconds.max(1));
    let pace = pace(lasts)?;
    let (seen, took) = call((&client, load), (clients, pace.clone(), random)).await?;
    let (after, usage) = (server.status().await?, server.usage());
    let answers = seen.latencies.count();
    let mut document = figures::document("append", clients, figures::rate(answers, took));
    document.p50_ms = seen.latencies.ms(0.5);
    document.p99_ms = seen.latencies.ms(0.99);
    let appended = after
        .appended_entries
        .saturating_sub(before.appended_entries);
    document.records_per_flush =
        figures::ratio(appended, after.flushes.saturating_sub(before.flushes));
    document.raw_flush_per_s = Some(figures::rate(flushes.count(), flushes_took));
    document.null_rpc_per_s = Some(figures::rate(nulls.count(), nulls_took));
    if let (Some(usage_before), Some(usage)) = (usage_before, usage) {
        let cpu = usage.cpu.saturating_sub(usage_before.cpu);
        document.cpu_s_per_1000 = figures::per_thousand(cpu, answers);
        document.rss_mb = Some(figures::mib(usage.rss));
    }
    let more: [(&str, serde_json::Value); 10] = [
        ("p95_ms", seen.latencies.ms(0.95).into()),
        ("p999_ms", seen.latencies.ms(0.999).into()),
        ("null_rpc_p50_ms", nulls.ms(0.5).into()),
        ("raw_flush_p50_ms", flushes.ms(0.5).into()),
        ("recorded", seen.recorded.into()),
        ("repeated", seen.repeated.into()),
        ("refused", seen.refused.into()),
        ("connections", connections.get().into()),
        ("added_flush_ms", arguments.setting.added_flush_ms.into()),
        ("seed", arguments.setting.seed.into()),
    ];
    let open_loop = arguments.rate.map(|rate| {
        let unsent = pace.unsent(answers).into();
        [("rate", rate.get().into()), ("unsent", unsent)]
    });
    document.more = more
        .into_iter()
        .chain(open_loop.into_iter().flatten())
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Ok(document)
}

/// Lets `clients` clients call for a while.
async fn call(
    (client, load): (&LedgerClient, &Load),
    (clients, pace, random): (u64, Pace, &mut Random),
) -> Result<(Seen, Duration), Failure> {
    let zipf = Zipf::new(load.agreements);
    let mut calling = JoinSet::new();
    for _ in 0..clients {
        let (client, load, zipf) = (client.clone(), load.clone(), zipf.clone());
        let (random, pace) = (Random::new(random.next()), pace.clone());
        calling.spawn(async move { one_client(&client, &load, &zipf, (random, pace)).await });
    }
    let (latencies, recorded, repeated, refused) = (Latencies::new(), 0, 0, 0);
    let mut all = Seen {
        latencies,
        recorded,
        repeated,
        refused,
    };
    while let Some(ended) = calling.join_next().await {
        let seen =
            ended.map_err(|error| Failure::caused(Exit::Other, "run a client", &error))??;
        all.latencies.merge(&seen.latencies);
        all.recorded = all.recorded.saturating_add(seen.recorded);
        all.repeated = all.repeated.saturating_add(seen.repeated);
        all.refused = all.refused.saturating_add(seen.refused);
    }
    Ok((all, pace.begun().elapsed()))
}

async fn one_client(
    client: &LedgerClient,
    load: &Load,
    zipf: &Zipf,
    (mut random, pace): (Random, Pace),
) -> Result<Seen, Failure> {
    let latencies = Latencies::new();
    let mut seen = Seen {
        latencies,
        recorded: 0,
        repeated: 0,
        refused: 0,
    };
    let mut last: Option<(SubmitRequest, Option<u64>)> = None;
    loop {
        let (submission, expected) = match (random.below(100), last.take()) {
            (0, Some((submission, position))) => (submission, Expected::Repeated(position)),
            (1, _) => (load.refused_payment(zipf, &mut random), Expected::Refused),
            _ => (load.payment(zipf, &mut random), Expected::Recorded),
        };
        let Some(due) = pace.next().await else {
            return Ok(seen);
        };
        let answer = client.submit(&submission).await;
        seen.latencies.note(due.elapsed());
        if let Expected::Refused = expected {
            must_be_refused(answer)?;
            seen.refused = seen.refused.saturating_add(1);
            continue;
        }
        let answer = answer.map_err(|error| Failure::from_client("submit a payment", &error))?;
        match expected {
            Expected::Repeated(position) if position != answer.position || !answer.replayed => {
                return Err(Failure::new(Exit::Other, "a repetition got another answer"));
            }
            Expected::Repeated(_) => seen.repeated = seen.repeated.saturating_add(1),
            Expected::Recorded | Expected::Refused => {
                seen.recorded = seen.recorded.saturating_add(1);
            }
        }
        last = Some((submission, answer.position));
    }
}

/// What a submission must be answered.
enum Expected {
    Recorded,
    Refused,
    /// With the position that it got the first time.
    Repeated(Option<u64>),
}

fn must_be_refused<T>(answer: Result<T, perennial_client::ClientError>) -> Result<(), Failure> {
    match answer {
        Err(error)
            if error
                .answer()
                .is_some_and(|answer| answer.code == tonic::Code::FailedPrecondition) =>
        {
            Ok(())
        }
        Err(error) => Err(Failure::from_client(
            "submit a payment that must be refused",
            &error,
        )),
        Ok(_) => Err(Failure::new(
            Exit::Other,
            "a payment above its commitment was recorded",
        )),
    }
}
