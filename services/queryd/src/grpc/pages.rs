//! Answers that are being read page by page: kept for a while, so that the next page need not compute all rows again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perennial_app::ports::view_store::GenerationNo;
use perennial_domain::ids::LedgerId;
use perennial_domain::log::Position;
use perennial_views::Cut;
use perennial_views::rows::Row;
use perennial_wire::pb::query as pb;

use super::token::Scope;

/// How many answers are kept; the one that was used longest ago goes first.
const ANSWERS_MAX: usize = 8;

/// The most rows of all kept answers together.
const ROWS_MAX: usize = 500_000;

/// A whole answer.
pub(super) struct Answered {
    pub(super) position: Position,
    pub(super) effective: Cut,
    pub(super) read_info: pb::ReadInfo,
    pub(super) rows: Vec<Row>,
}

/// What a kept answer is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageKey {
    pub(super) ledger_id: LedgerId,
    pub(super) generation: GenerationNo,
    pub(super) position: Position,
    pub(super) scope: Scope,
}

/// Kept answers, newest last.
#[derive(Default)]
pub(super) struct Pages(Mutex<VecDeque<(PageKey, Arc<Answered>)>>);

impl Pages {
    fn kept(&self) -> MutexGuard<'_, VecDeque<(PageKey, Arc<Answered>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, key: &PageKey) -> Option<Arc<Answered>> {
        self.kept()
            .iter()
            .find(|(kept, _)| kept == key)
            .map(|(_, answered)| Arc::clone(answered))
    }

    pub(super) fn keep(&self, key: PageKey, answered: &Arc<Answered>) {
        let mut kept = self.kept();
        kept.retain(|(kept, _)| *kept != key);
        kept.push_back((key, Arc::clone(answered)));
        let rows = |kept: &VecDeque<(PageKey, Arc<Answered>)>| -> usize {
            kept.iter().map(|(_, answered)| answered.rows.len()).sum()
        };
        while ANSWERS_MAX < kept.len() || (ROWS_MAX < rows(&kept) && !kept.is_empty()) {
            kept.pop_front();
        }
    }

    pub(super) fn forget(&self, key: &PageKey) {
        self.kept().retain(|(kept, _)| kept != key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(position: u64) -> PageKey {
        PageKey {
            ledger_id: LedgerId::parse("demo").unwrap(),
            generation: GenerationNo(1),
            position: Position(position),
            scope: Scope::of("nexus", "demo", b""),
        }
    }

    #[test]
    fn the_answer_that_was_used_longest_ago_goes_first() {
        let pages = Pages::default();
        let answered = Arc::new(Answered {
            position: Position(0),
            effective: Cut::Open,
            read_info: pb::ReadInfo::default(),
            rows: Vec::new(),
        });
        for position in 0..8 {
            pages.keep(key(position), &answered);
        }
        pages.keep(key(0), &answered);
        pages.keep(key(8), &answered);
        assert!(pages.find(&key(0)).is_some());
        assert!(pages.find(&key(1)).is_none());
        assert!(pages.find(&key(8)).is_some());
        pages.forget(&key(8));
        assert!(pages.find(&key(8)).is_none());
    }
}
