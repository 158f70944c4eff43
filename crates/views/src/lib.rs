//! Postings, entity histories, and every view as a query over them.
//!
//! It is no store and no service: it does no IO, keeps no connection, and reads no clock (INV-10). A projector feeds it
//! records in order ([`Facts::apply`]), a store keeps what each one added ([`Delta`]) and gives it back
//! ([`Facts::restore`]), and anyone asks ([`View::evaluate`]).
//!
//! Upholds INV-3 (sums are exact, rounding loses nothing) and INV-6 (an answer is a pure function of a log prefix).
//! The design and what each question costs: docs/adr/0001-one-engine-behind-every-figure.md.
//!
//! Read in order: [`posting`] and [`expand`] (what one event is worth), [`dictionary`], [`cube`], [`columns`], [`pages`] and
//! [`sums`] (how postings are held and summed), [`history`] and [`records`] (what is not additive), [`facts`]; then [`question`], [`lens`],
//! [`exact`] and one view, such as [`view::nexus`].

pub mod day;
pub mod posting;

pub mod expand;

pub mod columns;
pub mod cube;
pub mod dictionary;
mod numbers;
pub mod pages;
pub mod sums;

pub mod canonical;
pub mod content;
pub mod digest;
pub mod exception;
pub mod history;

pub mod delta;
pub mod facts;
pub mod records;

pub mod committed;
pub mod exact;
pub mod lens;
pub mod mapping;
pub mod question;
pub mod years;

pub mod answer;
mod notes;
pub mod rows;
pub mod view;

pub use answer::{Answer, ReadInfo};
pub use delta::{Delta, RecordMeta};
pub use digest::StateDigest;
pub use facts::{Applied, ApplyError, Facts, Gap};
pub use mapping::PillarMapping;
pub use pages::PageMemory;
pub use question::{
    AsOf, CalendarChoice, CurrencyBasis, Cut, Dimension, Filter, MappingChoice, Question,
    QuestionError,
};
pub use view::{Published, View};

/// The schema of expansion, history and rows. What was computed under another one is not comparable: a store builds
/// a new generation.
pub const SCHEMA: &str = "perennial-views/3";
