//! A submission whose outcome is unknown: the command that is printed settles it.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use perennial_transport::rich_error::{RETRY_AFTER, RichError};
use perennial_wire::pb::ledger::ledger_service_client::LedgerServiceClient;
use perennial_wire::pb::ledger::ledger_service_server::{LedgerService, LedgerServiceServer};
use perennial_wire::pb::ledger::{
    GetHeadRequest, GetHeadResponse, SubmitRequest, SubmitResponse, SubmitStreamRequest,
    SubmitStreamResponse,
};
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::serve::Server;

/// Stands between the command line and a server: submissions arrive, and their answers are lost.
#[derive(Clone)]
struct LossyProxy {
    server: LedgerServiceClient<Channel>,
    loses_answers: Arc<AtomicBool>,
    passed_on: Arc<AtomicUsize>,
}

impl LossyProxy {
    /// Serves on a port of its own and returns its address.
    async fn before(server: &str) -> (Self, String) {
        let channel = Channel::from_shared(format!("http://{server}")).unwrap();
        let proxy = Self {
            server: LedgerServiceClient::new(channel.connect().await.unwrap()),
            loses_answers: Arc::new(AtomicBool::new(true)),
            passed_on: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serving = tonic::transport::Server::builder()
            .add_service(LedgerServiceServer::new(proxy.clone()))
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(serving);
        (proxy, address)
    }
}

#[tonic::async_trait]
impl LedgerService for LossyProxy {
    type SubmitStreamStream =
        std::pin::Pin<Box<dyn Stream<Item = Result<SubmitStreamResponse, Status>> + Send>>;

    async fn submit(
        &self,
        request: Request<SubmitRequest>,
    ) -> Result<Response<SubmitResponse>, Status> {
        let answer = self.server.clone().submit(request.into_inner()).await;
        self.passed_on.fetch_add(1, Ordering::Relaxed);
        if self.loses_answers.load(Ordering::Relaxed) {
            let message = "the outcome is unknown: the answer was lost";
            return Err(
                RichError::new(Code::Unavailable, "OUTCOME_UNKNOWN", message)
                    .retry_after(RETRY_AFTER)
                    .into_status(),
            );
        }
        answer
    }

    async fn submit_stream(
        &self,
        _request: Request<Streaming<SubmitStreamRequest>>,
    ) -> Result<Response<Self::SubmitStreamStream>, Status> {
        Err(Status::unimplemented("not passed on"))
    }

    async fn get_head(
        &self,
        request: Request<GetHeadRequest>,
    ) -> Result<Response<GetHeadResponse>, Status> {
        self.server.clone().get_head(request.into_inner()).await
    }
}

/// Runs `line` in a shell that finds the command line under its own name, within `folder`.
fn shell(folder: &Path, line: &str) -> (i32, String, String) {
    let binary = assert_cmd::cargo::cargo_bin("perennial");
    let programs = binary.parent().unwrap().to_str().unwrap().to_owned();
    let path = format!("{programs}:{}", env!("PATH"));
    let mut command = Command::new("sh");
    command
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", path);
    for variable in ["PERENNIAL_SERVER", "PERENNIAL_LEDGER"] {
        command.env_remove(variable);
    }
    let output = command.output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_5_the_printed_command_gets_the_answer_that_was_lost() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"));
    server.json(&["ledger", "create", "treasury", "--profile", "strict"]);
    let example = server.ask(&["submit", "--example", "sign-agreement"]).1;
    // A name that a shell would take apart.
    std::fs::write(folder.path().join("a signature.json"), example).unwrap();
    let (proxy, address) = LossyProxy::before(&server.address).await;

    let submit =
        format!("perennial submit 'a signature.json' --server {address} --ledger treasury --yes");
    let (code, stdout, stderr) = shell(folder.path(), &submit);
    assert_eq!((code, stdout.as_str()), (7, ""), "{stderr}");
    assert!(stderr.contains("why: OUTCOME_UNKNOWN"), "{stderr}");
    let sent = proxy.passed_on.load(Ordering::Relaxed);
    assert!(1 < sent, "the client tried again by itself: {sent}");
    let printed = stderr
        .lines()
        .find_map(|line| line.strip_prefix("try: perennial "))
        .map(|rest| format!("perennial {rest}"));
    let printed = printed.unwrap_or_else(|| panic!("no command in {stderr}"));

    proxy.loses_answers.store(false, Ordering::Relaxed);
    let (code, stdout, stderr) = shell(folder.path(), &printed);
    assert_eq!(code, 0, "{printed}: {stderr}");
    assert!(
        stdout.starts_with("was recorded before, at position 1 "),
        "{stdout}"
    );
    // However often it was sent, it is one record.
    let head = server.json(&["report", "registers", "--ledger", "treasury"]);
    assert_eq!(head["read_info"]["position"], 1);
    assert_eq!(server.stop(), 0);
}
