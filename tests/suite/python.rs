//! Twenty lines of Python with grpcio submit and read back, through reflection alone.

use std::path::Path;
use std::process::Command;

use perennial_tests::server::Server;

use crate::{binary, cli};

#[test]
fn a_short_python_script_submits_and_reads_back_through_reflection() {
    let grpcio = Command::new("python3")
        .args(["-c", "import grpc, grpc_reflection.v1alpha"])
        .output();
    if !grpcio.is_ok_and(|checked| checked.status.success()) {
        assert!(
            std::env::var_os("CI").is_none(),
            "CI must have python3 with grpcio and grpcio-reflection"
        );
        println!("SKIPPED: the Python client; install grpcio and grpcio-reflection to run it");
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(binary(), data.path()).unwrap();
    cli()
        .at(server.address())
        .json(&["ledger", "create", "python-one", "--profile", "strict"])
        .unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/submit.py");
    let ran = Command::new("python3")
        .arg(script)
        .args([server.address(), "python-one"])
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success(),
        "{stdout}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert!(stdout.contains("committed 1000.00 EUR"), "{stdout}");
}
