use perennial_app::ports::view_store::ViewStore;
use perennial_testkit::view_store::contract;

use crate::Data;

fn check(contract: fn(&dyn Fn() -> Box<dyn ViewStore>)) {
    let data = Data::new();
    contract(&|| Box::new(data.store()));
}

#[test]
fn nothing_is_live_in_an_untouched_directory() {
    check(contract::nothing_is_live_in_an_untouched_storage);
}

#[test]
fn what_was_saved_is_restored_after_a_restart() {
    check(contract::what_was_saved_is_restored_after_a_restart);
}

#[test]
fn saving_goes_on_after_a_restart() {
    check(contract::saving_goes_on_after_a_restart);
}

#[test]
fn portions_do_not_change_the_digest() {
    check(contract::portions_do_not_change_the_digest);
}

#[test]
fn rows_out_of_order_are_refused() {
    check(contract::rows_out_of_order_are_refused);
}

#[test]
fn a_generation_is_live_only_once_promoted() {
    check(contract::a_generation_is_live_only_once_promoted);
}
