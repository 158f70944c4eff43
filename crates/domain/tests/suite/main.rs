//! What the domain decides, from outside: histories, commands, outcomes.

mod amounts;
mod corrections;
mod currencies;
mod dates;
mod evidence;
mod imports;
mod limits;
mod netherlands;
mod pledges;
mod precedence;
mod reallocations;
mod replay;
mod schedules;
mod shares;
mod signatures;
mod terms;
