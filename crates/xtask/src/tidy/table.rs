//! The dependency table, row by row: who may use whom.

/// What one crate may use beside `thiserror`, which every crate may.
pub(super) struct Row {
    /// The crate, without the project's prefix.
    pub(super) name: &'static str,
    /// Crates of this workspace, without the prefix.
    pub(super) workspace: &'static [&'static str],
    /// Packages of others.
    pub(super) third_party: &'static [&'static str],
}

/// Crates that connect a port to the world. They never use each other.
pub(super) const ADAPTERS: &[&str] = &["log-file", "log-kafka", "log-remote", "views-sled"];

/// Folders of `services/`, which may use everything but `testkit`, and each other only through `perennial`.
pub(super) const SERVICES: &[&str] = &["ledgerd", "queryd", "auditd", "perennial"];

/// Members that only build or test and may use everything.
pub(super) const UNRESTRICTED: &[&str] = &["tests", "xtask"];

/// What `testkit` stands on, and so what any crate's tests may name beside their own row.
pub(super) const CORE: &[&str] = &["domain", "views", "proof", "wire", "app"];

/// Crates that only tests may name, beside their own row.
pub(super) const FOR_TESTS: &[&str] = &["testkit", "kafka-rig"];

/// Packages that may appear in one manifest only, and in which.
pub(super) const CONFINED: &[(&str, &str)] = &[("sled", "views-sled"), ("rdkafka", "log-kafka")];

/// The table. `services/*`, `tests` and `xtask` are not rows: see [`SERVICES`] and [`UNRESTRICTED`].
pub(super) const TABLE: &[Row] = &[
    Row {
        name: "domain",
        workspace: &[],
        third_party: &["jiff", "rust_decimal"],
    },
    Row {
        name: "views",
        workspace: &["domain"],
        third_party: &["sha2", "ethnum"],
    },
    Row {
        name: "proof",
        workspace: &[],
        third_party: &["sha2", "hmac", "ed25519-dalek"],
    },
    Row {
        name: "wire",
        workspace: &["domain", "views"],
        third_party: &[
            "prost",
            "prost-types",
            "tonic",
            "tonic-prost",
            // The generated code names it for fields that share their buffer.
            "bytes",
            // NFC is part of "validated": the text of a message is checked where it is decoded.
            "unicode-normalization",
        ],
    },
    Row {
        name: "app",
        workspace: &["domain", "views", "proof", "wire"],
        third_party: &["tokio", "tracing", "backon"],
    },
    Row {
        name: "log-file",
        workspace: &["app", "proof"],
        third_party: &["tokio", "tracing", "crc32fast", "rustix"],
    },
    Row {
        name: "log-kafka",
        workspace: &["domain", "app", "proof"],
        // The instants of headers are text: ADR-0018.
        third_party: &["tokio", "tokio-util", "tracing", "jiff", "rdkafka"],
    },
    Row {
        name: "log-engine",
        // The one crate beside the services that knows more than one engine: it chooses between them.
        workspace: &["app", "proof", "log-file", "log-kafka"],
        third_party: &["clap"],
    },
    Row {
        name: "log-remote",
        // The reading half of the `Log` port over gRPC, for processes that do not open the log's files.
        // An address is read, and a connection kept, as every other client does.
        workspace: &["domain", "app", "wire", "client"],
        third_party: &["tokio", "tokio-util", "tonic", "tracing"],
    },
    Row {
        name: "views-sled",
        workspace: &["domain", "views", "app", "wire"],
        third_party: &["sled", "tokio", "tracing"],
    },
    Row {
        name: "iati",
        workspace: &["domain", "views"],
        third_party: &[
            "quick-xml",
            "csv",
            "zstd",
            "serde",
            "serde_json",
            // SHA-256 names an occurrence and a submission, so that a second import appends nothing.
            "sha2",
            // Texts are recorded in NFC, as `wire` takes them up: a published text is compared in that form with
            // what is recorded, or a second import would see a change where there is none.
            "unicode-normalization",
        ],
    },
    Row {
        name: "fts",
        workspace: &["domain", "views"],
        third_party: &["quick-xml", "csv", "zstd", "serde", "serde_json"],
    },
    Row {
        name: "sheets",
        workspace: &["domain", "views"],
        third_party: &["calamine", "csv", "rust_xlsxwriter"],
    },
    Row {
        name: "export",
        workspace: &["domain", "views"],
        third_party: &["serde", "serde_json", "csv", "rust_xlsxwriter", "parquet"],
    },
    Row {
        name: "client",
        workspace: &["wire", "proof"],
        third_party: &[
            "backon",
            "prost",
            "tokio",
            "tokio-stream",
            "tonic",
            "tonic-health",
            "tonic-types",
        ],
    },
    Row {
        name: "transport",
        // Whether a process is ready depends on its logs, which a port of `app` tells.
        workspace: &["app", "observe", "wire"],
        // What every gRPC port and its process share (ADR-0003).
        third_party: &[
            "bytes",
            "clap",
            "http",
            "http-body",
            "http-body-util",
            "prost-types",
            "tikv-jemallocator",
            "tokio",
            "tokio-util",
            "tonic",
            "tonic-health",
            "tonic-reflection",
            "tonic-types",
            "tower",
            "tracing",
        ],
    },
    Row {
        name: "observe",
        workspace: &[],
        third_party: &[
            "tracing",
            "tracing-subscriber",
            "tracing-opentelemetry",
            "metrics",
            "metrics-exporter-prometheus",
            "opentelemetry",
            "opentelemetry_sdk",
            "opentelemetry-otlp",
        ],
    },
    Row {
        name: "kafka-rig",
        workspace: &[],
        // Processes and their signals; it links no Kafka client.
        third_party: &["close_fds", "rustix", "tempfile"],
    },
    Row {
        name: "testkit",
        workspace: &["domain", "views", "proof", "wire", "app"],
        // The memory twins of the ports are asynchronous, as the ports are.
        third_party: &["proptest", "tempfile", "tokio"],
    },
];

/// What a service may use of others: the run time, the API, the CLI, configuration and security.
pub(super) const SERVICE_THIRD_PARTY: &[&str] = &[
    "anstream",
    "anyhow",
    "axum",
    "backon",
    "bytes",
    "clap",
    "clap_complete",
    "clap_mangen",
    "comfy-table",
    "csv",
    "futures-util",
    "getrandom",
    "governor",
    "hdrhistogram",
    "http",
    "http-body",
    "http-body-util",
    "indicatif",
    "jsonwebtoken",
    "maud",
    "openidconnect",
    "prost",
    "prost-reflect",
    "prost-types",
    "rustix",
    "rustls",
    "serde",
    "serde_json",
    "tar",
    "tempfile",
    "tokio",
    "tokio-stream",
    "tokio-util",
    "toml",
    "tonic",
    "tonic-health",
    "tonic-prost",
    "tonic-reflection",
    "tonic-types",
    "tonic-web",
    "tower",
    "tower-http",
    "tracing",
    "uuid",
];

/// What build scripts may use, and whose: `wire` alone generates code.
pub(super) const BUILD_THIRD_PARTY: &[(&str, &str)] = &[
    ("wire", "protox"),
    ("wire", "prost"),
    ("wire", "prost-build"),
    ("wire", "prost-types"),
    ("wire", "tonic-prost-build"),
];

/// Crates that take the messages of `wire` without its gRPC part: what decides and stores knows no transport.
pub(super) const WITHOUT_GRPC: &[&str] = &["app", "views-sled"];
