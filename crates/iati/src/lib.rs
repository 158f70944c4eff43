//! IATI in: reads published activities and plans the commands that book them in a mirror ledger.
//!
//! It is not an importer by itself: it opens no file, no connection and no clock. Whoever imports hands in a
//! reader and what the ledger holds ([`Known`]), sends the planned submissions, and hands the answers to the
//! [`Tally`]. It also judges no rule: what breaks one is booked as published, and `decide` flags it (INV-2).
//!
//! Upholds INV-12 (every text, activity and file has a named limit) and SEMANTICS.md 3, which is its
//! specification. Read in order: [`activity`] (what is published, word for word), [`read`] (from bytes to that),
//! [`vocabulary`] (what the codes mean), [`plan`] (from that to submissions), then [`known`] and [`tally`].
//!
//! ```
//! use perennial_domain::Date;
//! use perennial_domain::import::ImportSource;
//! use perennial_iati::{Activities, Known, Planner, ReadLimits, Tally, plan::PlanLimits};
//!
//! let file = r#"<iati-activities><iati-activity default-currency="EUR">
//!   <iati-identifier>XM-EXAMPLE-1</iati-identifier>
//!   <transaction><transaction-type code="2"/><transaction-date iso-date="2020-05-01"/><value>100</value></transaction>
//! </iati-activity></iati-activities>"#;
//! let source = ImportSource {
//!     dataset: "example.xml".to_owned(),
//!     file_sha256: [0; 32], // Of the file's bytes.
//!     published_on: Date::constant(2021, 6, 1),
//! };
//! let known = Known::default(); // Folded from the ledger's recorded events.
//! let mut planner = Planner::new(source, &known, PlanLimits::default());
//! let mut tally = Tally::default();
//! for activity in Activities::open_any(file.as_bytes(), ReadLimits::default())? {
//!     let plan = planner.plan(&known, &activity?);
//!     tally.planned(&plan);
//!     for planned in &plan.submissions {
//!         // Send `planned.submission`; here it is answered without a flag.
//!         tally.recorded(planned, |_command| false);
//!     }
//! }
//! assert_eq!((tally.counts().transactions, tally.counts().booked), (1, 1));
//! let last = planner.complete(&tally); // Send it too: the run changed something.
//! assert!(last.is_some());
//! # Ok::<(), perennial_iati::ReadError>(())
//! ```
#![deny(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

pub mod activity;
pub mod read;
pub mod vocabulary;

pub mod known;
pub mod plan;
pub mod tally;

pub use activity::Activity;
pub use known::Known;
pub use plan::{ActivityPlan, PlannedSubmission, Planner};
pub use read::{Activities, ReadError, ReadLimits};
pub use tally::Tally;
