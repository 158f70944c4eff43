//! Views whose pages do not fit in memory are the same, and leave nothing behind that a restart would read.

use perennial_app::ports::view_store::Generation;
use perennial_testkit::view_store::contract::{begun, live, save_all};
use perennial_testkit::view_store::sample_deltas;
use perennial_views::delta::Delta;
use perennial_views::{Facts, PageMemory, Question, View};

use crate::Data;

/// Restores `deltas` with no room for any page.
fn crowded(generation: &dyn Generation, deltas: &[Delta]) -> Facts {
    let mut facts = Facts::paged(PageMemory::new(0), generation.pages().unwrap());
    for delta in deltas {
        assert!(facts.restore(delta).unwrap());
    }
    facts
}

fn assert_same(crowded: &Facts, whole: &Facts) {
    for position in (0..whole.next().0).step_by(101) {
        let at = perennial_domain::log::Position(position);
        assert_eq!(crowded.digest(at), whole.digest(at));
    }
    for view in [View::Registers, View::MultiYear, View::Agreement] {
        let question = Question::default();
        assert_eq!(
            view.evaluate(crowded, &question),
            view.evaluate(whole, &question)
        );
    }
    assert_eq!((crowded.unkept_page(), crowded.lost_page()), (None, None));
}

#[test]
fn views_with_all_pages_in_the_file_are_the_same_as_in_memory() {
    let data = Data::new();
    let (deltas, whole) = sample_deltas(4_000);
    let generation = begun(&data.store());
    assert_same(&crowded(&*generation, &deltas), &whole);
}

#[test]
fn a_generation_with_pages_opens_again_and_begins_them_anew() {
    let data = Data::new();
    let (deltas, whole) = sample_deltas(2_500);
    let generation = begun(&data.store());
    let facts = crowded(&*generation, &deltas);
    save_all(&*generation, &deltas, 500);
    generation.flush().unwrap();
    let file = data.live().join("pages");
    assert!(0 < std::fs::metadata(&file).unwrap().len());
    drop((facts, generation));
    let generation = live(&data.store());
    let pages = generation.pages();
    assert_eq!(std::fs::metadata(&file).unwrap().len(), 0);
    drop(pages);
    assert_same(&crowded(&*generation, &deltas), &whole);
}
