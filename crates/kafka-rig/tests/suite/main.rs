//! Tests of the rig, on real nodes where Java and Maven are there.

use std::fs;
use std::net::TcpStream;
use std::os::fd::AsRawFd as _;
use std::path::Path;

use perennial_kafka_rig::{
    NodeState, Nodes, Rig, RigError, Surroundings, TestRig, Tools, tools_for_test,
};

fn is_reachable(rig: &Rig) -> bool {
    TcpStream::connect(rig.bootstrap()).is_ok()
}

#[test]
fn a_node_is_killed_restarted_and_held_up_and_ends_with_its_rig() {
    let Some(rig) = TestRig::for_test(Nodes::One) else {
        return;
    };
    let directory = rig.directory().to_path_buf();
    assert_eq!(rig.state(1).unwrap(), NodeState::Up);
    assert!(is_reachable(&rig));

    rig.kill(1).unwrap();
    assert_eq!(rig.state(1).unwrap(), NodeState::Down);
    assert!(!is_reachable(&rig));

    rig.restart(1).unwrap();
    assert_eq!(rig.state(1).unwrap(), NodeState::Up);
    assert!(is_reachable(&rig));
    assert!(matches!(rig.restart(1), Err(RigError::Node(_))));

    rig.pause(1).unwrap();
    assert_eq!(rig.state(1).unwrap(), NodeState::Stopped);
    rig.resume(1).unwrap();
    assert_eq!(rig.state(1).unwrap(), NodeState::Up);
    assert!(matches!(rig.kill(2), Err(RigError::NoNode(2))));

    drop(rig);
    assert!(!directory.exists());
}

#[test]
fn a_cluster_that_outlives_its_starter_goes_down_even_if_it_is_held_up() {
    let Some(tools) = tools_for_test() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("kafka");
    // What a shell that holds a lock hands down: a descriptor that is not closed when a program starts.
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CREATE;
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    let lock = rustix::fs::open(directory.path().join("lock"), flags, mode).unwrap();

    let rig = Rig::create(&place, Nodes::One, &tools).unwrap();
    assert!(matches!(
        Rig::create(&place, Nodes::One, &tools),
        Err(RigError::Exists(_))
    ));
    let pid = fs::read_to_string(place.join("nodes/1/pid")).unwrap();
    let held = Path::new("/proc").join(pid).join("fd");
    let held: Vec<_> = fs::read_dir(held)
        .unwrap()
        .map(|entry| fs::read_link(entry.unwrap().path()).unwrap_or_default())
        .collect();
    assert!(lock.as_raw_fd() > 2);
    assert!(!held.contains(&directory.path().join("lock")), "{held:?}");

    assert_eq!(Rig::status(&place), [(1, rig.bootstrap(), NodeState::Up)]);
    rig.pause(1).unwrap();
    assert_eq!(
        Rig::status(&place),
        [(1, rig.bootstrap(), NodeState::Stopped)]
    );
    assert!(Rig::remove(&place).unwrap());
    assert!(!is_reachable(&rig));
    assert_eq!(Rig::status(&place), []);
    assert!(!Rig::remove(&place).unwrap());
}

#[test]
fn what_is_missing_is_named_with_what_to_install() {
    let nothing = Surroundings::default();
    let error = Tools::prepare(&nothing).unwrap_err().to_string();
    assert_eq!(
        error,
        "java is not installed; install it: apt-get install default-jre-headless (17 or newer)"
    );
    assert_eq!(Tools::look(&nothing).unwrap_err().to_string(), error);

    let programs = tempfile::tempdir().unwrap();
    fs::write(programs.path().join("java"), "").unwrap();
    let only_java = Surroundings {
        path: programs.path().into(),
        jars: Some(programs.path().join("jars")),
        ..Surroundings::default()
    };
    let error = Tools::prepare(&only_java).unwrap_err().to_string();
    assert_eq!(
        error,
        "mvn is not installed; install it: apt-get install maven"
    );
    assert_eq!(Tools::look(&only_java).unwrap_err().to_string(), error);

    // Maven fetches, and nothing else: whoever has the jars does not need it.
    fs::create_dir_all(programs.path().join("jars/4.3.1")).unwrap();
    assert!(Tools::prepare(&only_java).is_ok());
    assert!(Tools::look(&only_java).is_ok());
}
