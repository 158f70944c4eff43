//! When a process is ready: health says so, and the one line that a starter waits for.

use perennial_app::ports::ledgers::Reach;
use tokio::sync::watch;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// The logs' keeper does not let this process in: there is nothing that it could serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the logs cannot be reached: {0}")]
pub struct NotLetIn(pub String);

/// Tells health how the logs are reached, for as long as a process serves.
pub struct Readiness {
    /// Full names of services that write: healthy while the logs are reached. The whole process is as they are.
    pub writing: Vec<&'static str>,
    /// Full names of services that only read: healthy from when the logs were first reached, because they go on with
    /// what they know.
    pub reading: Vec<&'static str>,
    /// Whether the logs are reached.
    pub reach: watch::Receiver<Reach>,
}

impl Readiness {
    /// Tells `health` until the end; calls `ready` when the logs are reached for the first time. Returns only if this
    /// process is not let in before that.
    ///
    /// # Cancel safety
    /// Dropping the future leaves health as it is.
    pub async fn tell(mut self, health: HealthReporter, ready: impl FnOnce()) -> NotLetIn {
        // The whole process is healthy from the first moment, unless somebody says otherwise.
        for service in self.reading.iter().chain(&self.writing).chain(&[""]) {
            health
                .set_service_status(*service, ServingStatus::NotServing)
                .await;
        }
        loop {
            let reach = self.reach.borrow_and_update().clone();
            match reach {
                Reach::Reached => break,
                Reach::Refused(reason) => return NotLetIn(reason),
                Reach::Away => {}
            }
            if self.reach.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
        for service in self.reading.iter().chain(&self.writing).chain(&[""]) {
            health
                .set_service_status(*service, ServingStatus::Serving)
                .await;
        }
        ready();
        // A process that only reads has no say in whether anything can be written.
        let follows = !self.writing.is_empty();
        while self.reach.changed().await.is_ok() {
            let status = match &*self.reach.borrow_and_update() {
                Reach::Reached => ServingStatus::Serving,
                Reach::Away | Reach::Refused(_) => ServingStatus::NotServing,
            };
            if follows {
                for service in self.writing.iter().chain(&[""]) {
                    health.set_service_status(*service, status).await;
                }
            }
        }
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_server::Health as _;
    use tonic_health::server::HealthService;

    use super::*;

    async fn status(service: &HealthService, name: &str) -> Option<ServingStatus> {
        let request = HealthCheckRequest {
            service: name.to_owned(),
        };
        let answer = service.check(tonic::Request::new(request)).await.ok()?;
        let serves = answer.into_inner().status()
            == tonic_health::pb::health_check_response::ServingStatus::Serving;
        Some(if serves {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        })
    }

    fn readiness(reach: watch::Receiver<Reach>) -> Readiness {
        Readiness {
            writing: vec!["write"],
            reading: vec!["read"],
            reach,
        }
    }

    #[tokio::test]
    async fn a_process_is_ready_once_its_logs_are_reached_and_what_writes_only_while_they_are() {
        let health = HealthReporter::new();
        let service = HealthService::from_health_reporter(health.clone());
        let (reach, watched) = watch::channel(Reach::Away);
        let (ready, mut is_ready) = tokio::sync::oneshot::channel();
        let telling = tokio::spawn(readiness(watched).tell(health, move || {
            ready.send(()).unwrap();
        }));
        tokio::task::yield_now().await;
        assert!(is_ready.try_recv().is_err());
        for name in ["write", "read", ""] {
            assert_eq!(
                status(&service, name).await,
                Some(ServingStatus::NotServing)
            );
        }
        reach.send_replace(Reach::Reached);
        is_ready.await.unwrap();
        assert_eq!(
            status(&service, "write").await,
            Some(ServingStatus::Serving)
        );
        reach.send_replace(Reach::Refused("wrong password".to_owned()));
        while status(&service, "").await == Some(ServingStatus::Serving) {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            status(&service, "write").await,
            Some(ServingStatus::NotServing)
        );
        assert_eq!(status(&service, "read").await, Some(ServingStatus::Serving));
        reach.send_replace(Reach::Reached);
        while status(&service, "").await == Some(ServingStatus::NotServing) {
            tokio::task::yield_now().await;
        }
        assert!(!telling.is_finished());
    }

    #[tokio::test]
    async fn who_is_not_let_in_at_the_start_has_nothing_to_serve() {
        let (_reach, watched) = watch::channel(Reach::Refused("wrong password".to_owned()));
        let told = readiness(watched).tell(HealthReporter::new(), || panic!("it is not ready"));
        assert_eq!(told.await, NotLetIn("wrong password".to_owned()));
    }
}
