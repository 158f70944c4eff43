//! `perennial health`: exit code 0 if the services are ready, 7 if not.

use clap::Args;
use perennial_export::answers::HealthDocument;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::failure::{Exit, Failure};
use crate::session::Session;

/// Exits with 0 if the services are ready.
#[derive(Debug, Args)]
pub struct Arguments {
    /// One gRPC service by its full name; by default the whole process.
    #[arg(long, value_name = "NAME", default_value = "")]
    service: String,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, arguments: Arguments) -> Result<(), Failure> {
    let request = HealthCheckRequest {
        service: arguments.service,
    };
    let answer = session
        .read("ask for health", || {
            let (mut client, request) = (session.connection.health(), request.clone());
            async move { client.check(request).await }
        })
        .await?;
    let status = match answer.status() {
        ServingStatus::Serving => "serving",
        ServingStatus::NotServing => "not_serving",
        ServingStatus::Unknown | ServingStatus::ServiceUnknown => "unknown",
    };
    let server = session.connection.address().to_owned();
    if session.console.wants_json() {
        session.console.json(&HealthDocument {
            server,
            status: status.to_owned(),
        })?;
    } else {
        session.console.data(&format!("{server} {status}"))?;
    }
    if answer.status() == ServingStatus::Serving {
        return Ok(());
    }
    Err(Failure::printed(Exit::Unavailable))
}
