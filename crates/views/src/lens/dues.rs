//! Scheduled amounts that are due on other days than their postings say.

use perennial_domain::Date;
use perennial_domain::money::Currency;

use crate::cube::Class;
use crate::day::Day;
use crate::dictionary::EntityNo;
use crate::history::DueElsewhere;
use crate::lens::{Lens, When};

impl Lens<'_> {
    /// Calls `each` with everything that postings at (P, E) schedule for another day than the one on which it is due then,
    /// as far as the filter lets it pass. In most ledgers there is none.
    ///
    /// Schedules have no functional amounts: under either basis they are in the agreement's currency.
    pub fn each_due_elsewhere(
        &self,
        mut each: impl FnMut(EntityNo, &Class, Currency, &DueElsewhere),
    ) {
        let histories = self.facts.histories();
        let asked = self.question.filter.currency;
        for entity in histories.ever_rescheduled() {
            let Some(history) = histories.entity(entity) else {
                continue;
            };
            let head = history.head.filter(|_| self.asks_for(entity));
            let in_currency = |currency| asked.is_none_or(|asked| asked == currency);
            let Some(head) = head.filter(|head| in_currency(head.currency)) else {
                continue;
            };
            // A schedule is of no line: its parties are the agreement's.
            let class = Class {
                direction: head.direction,
                donor: head.provider,
                recipient: head.recipient,
                dims: None,
                pillar: None,
            };
            if self.lets_class_pass(&class) {
                for due in history.due_elsewhere(self.at, self.effective()) {
                    each(entity, &class, head.currency, &due);
                }
            }
        }
    }

    /// The year of a day, as amounts that are due on it count.
    pub fn on_day(&self, day: Date) -> When {
        When::Year(self.years.of_day(Day::of(day)))
    }
}
