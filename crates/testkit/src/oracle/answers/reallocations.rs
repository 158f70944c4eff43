//! `reallocations`: what moved by heading, as it was counted when it was recorded.

use perennial_domain::agreement::AgreementEvent;

use super::statement::asked;
use super::{Read, direction};

pub(super) fn rows(read: &Read<'_>) -> Vec<String> {
    let mut rows = Vec::new();
    for deal in asked(read) {
        for (recorded, event) in deal.facts() {
            let AgreementEvent::FundsReallocated(moved) = event else {
                continue;
            };
            if !read.holds(recorded.event.effective_on) {
                continue;
            }
            let reversed = deal.cancelled_by(recorded.event_id).is_some();
            for count in &moved.counts {
                let used = count.limit.filter(|limit| 0 < *limit);
                let used = used.map(|limit| count.cumulative * 1_000_000 / limit);
                let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
                rows.push(format!(
                    "{} {} {} {} on {} {}: moved {} counted {} cumulative {} of {} limit {:?} used {used:?} \
                     {:?} {:?} reversed {reversed}",
                    deal.id,
                    direction(deal.perspective()),
                    count.heading,
                    recorded.event_id,
                    recorded.event.effective_on,
                    deal.currency(),
                    count.moved,
                    count.counted,
                    count.cumulative,
                    count.base,
                    count.limit,
                    said(&moved.legal_basis),
                    moved.amendment,
                ));
            }
        }
    }
    rows
}
