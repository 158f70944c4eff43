//! What the domain decides, from outside: histories, commands, outcomes.
#![expect(
    clippy::inconsistent_digit_grouping,
    reason = "cents are written with their two digits apart: 100_00 is 100 euros"
)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails, in its helpers too"
)]

mod allocations;
mod amounts;
mod carry_overs;
mod carrying_corrections;
mod carrying_property;
mod carrying_values;
mod conditions;
mod corrections;
mod currencies;
mod dates;
mod evidence;
mod exchange;
mod functional_amounts;
mod imports;
mod ledger;
mod life;
mod life_words;
mod limits;
mod netherlands;
mod onward_grants;
mod oracle;
mod overrides;
mod payments;
mod periods;
mod pledges;
mod precedence;
mod reallocation_policies;
mod reallocations;
mod reallocations_by_code;
mod reasons;
mod receivables;
mod registry;
mod replay;
mod revisions;
mod schedules;
mod shares;
mod signatures;
mod snapshots;
mod splits;
mod tables;
mod terms;
mod transfers;
mod worst_days;
