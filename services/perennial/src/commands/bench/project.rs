//! `perennial bench project`: throws the views of a ledger away and times how they are built anew.

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;
use perennial_wire::pb::admin::ListProjectionsRequest;
use perennial_wire::pb::admin::projection_admin_service_client::ProjectionAdminServiceClient;

use super::Setting;
use super::figures;
use super::load::{Load, Random};
use super::server::Server;
use crate::failure::{Exit, Failure};
use crate::session::Session;

/// Between two looks at how far the views are.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Which history.
#[derive(Debug, Args)]
#[command(
    before_long_help = "Example:\n  perennial bench project --records 200000 --output json\n"
)]
pub struct Arguments {
    /// How many records are written first, one event each.
    #[arg(long, default_value_t = 100_000, value_name = "COUNT")]
    records: u64,
    /// How many agreements they are about.
    #[arg(long, default_value_t = 1_000, value_name = "COUNT")]
    agreements: u64,
    #[command(flatten)]
    setting: Setting,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub(super) async fn run(session: &Session, arguments: Arguments) -> Result<(), Failure> {
    if session.shared.server.is_some() {
        return Err(
            Failure::new(Exit::Usage, "this workload needs a server of its own")
                .because("it throws away the views of the ledger"),
        );
    }
    let mut server = Server::start(session, &arguments.setting).await?;
    let ledger_id = server.ledger_id.clone();
    let load = Load {
        ledger_id: ledger_id.clone(),
        run: 0,
        agreements: arguments.agreements,
    };
    let mut random = Random::new(arguments.setting.seed);
    load.prepare(&server.session, &mut random).await?;
    load.fill(&server.session, &mut random, arguments.records)
        .await?;
    let head = server.session.head_position(&ledger_id).await?;
    let ready = server
        .restart(|data| remove_views(data, &ledger_id))
        .await?;
    let usage_before = server.usage();
    let took = caught_up(&server, head).await?;
    // The projector begins as the process starts, so the time until it was ready counts as well.
    let took = took.saturating_add(ready.unwrap_or_default());
    let events = arguments.records.saturating_add(arguments.agreements);
    let mut document = figures::document("project", 1, figures::rate(events, took));
    if let (Some(before), Some(usage)) = (usage_before, server.usage()) {
        document.cpu_s_per_1000 =
            figures::per_thousand(usage.cpu.saturating_sub(before.cpu), events);
        document.rss_mb = Some(figures::mib(usage.rss));
    }
    document.more.insert("events".to_owned(), events.into());
    document
        .more
        .insert("seconds".to_owned(), figures::seconds(took).into());
    figures::print(session, &document)?;
    server.end().await
}

fn remove_views(data: &Path, ledger_id: &str) -> Result<(), Failure> {
    let cache = data.join("ledgers").join(ledger_id).join("cache");
    match std::fs::remove_dir_all(&cache) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::caused(Exit::Other, "throw the views away", &error)),
    }
}

/// Waits until the views hold `head`.
#[expect(clippy::disallowed_methods, reason = "what is measured here is time")]
async fn caught_up(server: &Server, head: u64) -> Result<Duration, Failure> {
    let begun = Instant::now();
    let mut client = ProjectionAdminServiceClient::new(server.session.connection.channel());
    loop {
        let request = ListProjectionsRequest {
            ledger_id: server.ledger_id.clone(),
        };
        let answer = client.list_projections(request).await;
        let answer = server
            .session
            .answered("ask how far the views are", answer)?;
        let position = answer
            .projections
            .first()
            .and_then(|projection| projection.position);
        if position.is_some_and(|position| head <= position) {
            return Ok(begun.elapsed());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
