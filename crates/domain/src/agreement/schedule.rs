//! The tranches of an agreement and its published plan: absent until one of them is.

use jiff::civil::Date;

use crate::agreement::{Agreement, Condition, ForecastEntry};
use crate::book::{Impossible, MalformedSnapshot};
use crate::ids::{ConditionId, TrancheId};
use crate::log::EventId;
use crate::money::Money;
use crate::packed::{Decoder, Encoder, Names, Sorted, Stored, grow};
use crate::period::Period;

/// A condition of a tranche, and the fact that settled it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionState {
    /// The condition.
    pub condition_id: ConditionId,
    /// The event that met or waived it, and its date.
    pub settled: Option<(EventId, Date)>,
}

/// What is open of a scheduled portion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrancheState {
    /// What was scheduled, in minor units.
    pub scheduled: i128,
    /// What is neither paid nor cancelled of it, in minor units.
    pub open: i128,
    /// When it was due before it was last rescheduled, the first day first; the last is the day it is due now.
    pub(crate) dues: Vec<(EventId, Date, Period)>,
    /// What must be so before it is paid, in the order it was given; most tranches have none.
    pub(crate) conditions: Vec<ConditionState>,
}

impl TrancheState {
    /// As it is when it has just been scheduled.
    pub(crate) fn scheduled(
        event_id: EventId,
        amount: Money,
        (due_on, period): (Date, Period),
        conditions: &[Condition],
    ) -> Self {
        let condition = |condition: &Condition| ConditionState {
            condition_id: condition.condition_id.clone(),
            settled: None,
        };
        Self {
            scheduled: amount.minor_units(),
            open: amount.minor_units(),
            dues: vec![(event_id, due_on, period)],
            conditions: conditions.iter().map(condition).collect(),
        }
    }

    /// Its conditions, in the order in which they were given.
    pub fn conditions(&self) -> &[ConditionState] {
        &self.conditions
    }

    /// The conditions that were neither met nor waived by the end of `on`, as far as it is recorded.
    pub fn unmet_on(&self, on: Date) -> impl Iterator<Item = &ConditionId> {
        self.conditions
            .iter()
            .filter(move |condition| condition.settled.is_none_or(|(_, since)| on < since))
            .map(|condition| &condition.condition_id)
    }

    /// The day it is due now.
    pub fn due_on(&self) -> Date {
        self.dues.last().map_or(Date::MAX, |&(_, due_on, _)| due_on)
    }

    /// The period it is for now.
    pub fn period(&self) -> Period {
        let due = self.dues.last();
        due.map_or(Period::day(Date::MAX), |&(_, _, period)| period)
    }
}

/// Tranches and plans. Names are the agreement's.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Schedule {
    /// By the number of their name.
    pub(crate) tranches: Sorted<u32, PackedTranche>,
    /// Those of which something is open with the day they are due, the first due first, then by id.
    pub(crate) open: Vec<(Date, u32)>,
    /// Standing published plans, the newest last.
    pub(crate) forecasts: Vec<(EventId, Vec<ForecastEntry>)>,
}

/// A tranche in few bytes: its state after its length, then the standing events about it, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PackedTranche(pub(crate) Box<[u8]>);

impl PackedTranche {
    fn of(names: &mut Names, state: &TrancheState, touched_by: &[EventId]) -> Self {
        let mut touches = Encoder::default();
        for event_id in touched_by {
            event_id.put(&mut touches);
        }
        Self::with(names, state, &touches.into_bytes())
    }

    fn with(names: &mut Names, state: &TrancheState, touches: &[u8]) -> Self {
        let mut out = Encoder::beside(Vec::with_capacity(48), std::mem::take(names));
        state.put(&mut out);
        let (state, known) = out.into_parts();
        *names = known;
        let mut all = Encoder::default();
        all.packed(&state);
        all.raw(touches);
        Self(all.into_bytes().into())
    }

    /// The state, and the bytes of the events about it.
    fn parts<'a>(&'a self, names: &Names) -> Result<(TrancheState, &'a [u8]), MalformedSnapshot> {
        let mut from = Decoder::new(&self.0);
        let mut state = Decoder::beside(from.packed()?, names);
        Ok((TrancheState::take(&mut state)?, from.rest()))
    }

    fn touches(bytes: &[u8]) -> Result<Vec<EventId>, MalformedSnapshot> {
        let mut from = Decoder::new(bytes);
        let mut touches = Vec::new();
        while !from.is_empty() {
            touches.push(EventId::take(&mut from)?);
        }
        Ok(touches)
    }

    /// Standing events about it, oldest first.
    fn touched_by(&self) -> Vec<EventId> {
        let mut from = Decoder::new(&self.0);
        let touches = from.packed().and_then(|_| Self::touches(from.rest()));
        touches.unwrap_or_default()
    }

    fn touch(&mut self, event_id: EventId) {
        let mut out = Encoder::default();
        event_id.put(&mut out);
        let touch = out.into_bytes();
        // Events ascend, so no other one ends with the same bytes.
        if !self.0.ends_with(&touch) {
            self.0 = [&self.0, touch.as_slice()].concat().into();
        }
    }
}

impl Schedule {
    fn tranche(&self, names: &Names, number: u32) -> Option<TrancheState> {
        let tranche = self.tranches.get(&number)?;
        let (state, _) = tranche.parts(names).ok()?;
        Some(state)
    }

    /// Lets `change` work on a tranche, if there is one of this number.
    fn change(&mut self, names: &mut Names, number: u32, change: impl FnOnce(&mut TrancheState)) {
        let Some(tranche) = self.tranches.get_mut(&number) else {
            return;
        };
        let Ok((mut state, touches)) = tranche.parts(names) else {
            return;
        };
        change(&mut state);
        *tranche = PackedTranche::with(names, &state, touches);
        self.index(names, number, Some(&state));
    }

    /// Puts a tranche in its place among the open ones.
    fn index(&mut self, names: &Names, number: u32, state: Option<&TrancheState>) {
        self.open.retain(|&(_, known)| known != number);
        if let Some(state) = state.filter(|state| 0 < state.open) {
            let key = |(due_on, number): (Date, u32)| (due_on, names.text(number));
            let new = (state.due_on(), number);
            let at = self.open.partition_point(|&known| key(known) < key(new));
            grow(&mut self.open, 1);
            self.open.insert(at, new);
        }
    }

    /// Takes a reversed event out of what is known of tranches. One whose scheduling is reversed is gone.
    fn untouch(&mut self, names: &mut Names, target: EventId) {
        let all = self.tranches.iter();
        let touched: Vec<u32> = all
            .filter(|(_, tranche)| tranche.touched_by().contains(&target))
            .map(|(&number, _)| number)
            .collect();
        for number in touched {
            let Some(mut state) = self.tranche(names, number) else {
                continue;
            };
            state.dues.retain(|&(event_id, _, _)| event_id != target);
            for condition in &mut state.conditions {
                condition.settled.take_if(|(by, _)| *by == target);
            }
            let touched_by = self.tranches.get(&number).map(PackedTranche::touched_by);
            let mut touched_by = touched_by.unwrap_or_default();
            touched_by.retain(|&event_id| event_id != target);
            let standing = Some(&state).filter(|state| !state.dues.is_empty());
            if let Some(state) = standing {
                let tranche = PackedTranche::of(names, state, &touched_by);
                self.tranches.insert(number, tranche);
            } else {
                self.tranches.remove(&number);
            }
            self.index(names, number, standing);
        }
    }

    /// Whether all of it can be unpacked.
    pub(crate) fn is_sound(&self, names: &Names) -> bool {
        let sound = |tranche: &PackedTranche| {
            let parts = tranche.parts(names);
            parts.is_ok_and(|(_, touches)| PackedTranche::touches(touches).is_ok())
        };
        let numbers = self
            .tranches
            .keys()
            .chain(self.open.iter().map(|(_, at)| at));
        self.tranches.values().all(sound)
            && numbers
                .into_iter()
                .all(|&number| names.text(number).is_some())
    }
}

impl Agreement {
    /// A tranche, open or not.
    pub fn tranche(&self, tranche_id: &TrancheId) -> Option<TrancheState> {
        let schedule = self.schedule.as_deref()?;
        schedule.tranche(&self.names, self.names.find(tranche_id.as_str())?)
    }

    /// Tranches of which something is open, the first due first.
    pub fn open_tranches(&self) -> impl Iterator<Item = (TrancheId, TrancheState)> {
        let schedule = self.schedule.iter();
        schedule.flat_map(|schedule| {
            schedule.open.iter().filter_map(|&(_, number)| {
                let id = TrancheId(self.names.text(number)?.into());
                Some((id, schedule.tranche(&self.names, number)?))
            })
        })
    }

    /// Whether there may be days on which something is scheduled: a tranche whose reversal adjusts a closed period is
    /// scheduled until the day of the adjustment.
    pub(crate) fn was_scheduled(&self) -> bool {
        self.schedule.is_some()
    }

    /// The published plan in force; empty if there is none.
    pub fn forecast(&self) -> &[ForecastEntry] {
        let newest = self.forecasts().last();
        newest.map_or(&[], |(_, entries)| entries)
    }

    /// Standing published plans, the newest last.
    pub(crate) fn forecasts(&self) -> &[(EventId, Vec<ForecastEntry>)] {
        let schedule = self.schedule.as_deref();
        schedule.map_or(&[], |schedule| &schedule.forecasts)
    }

    /// The standing events about the tranche that an event is about.
    pub(crate) fn events_about_same_tranche(&self, event_id: EventId) -> Vec<EventId> {
        let schedule = self.schedule.iter();
        let tranches = schedule.flat_map(|schedule| schedule.tranches.values());
        let about = tranches.map(PackedTranche::touched_by);
        about
            .filter(|touched_by| touched_by.contains(&event_id))
            .flatten()
            .collect()
    }

    pub(crate) fn add_tranche(
        &mut self,
        event_id: EventId,
        tranche_id: &TrancheId,
        state: &TrancheState,
    ) {
        let number = self.names.number(tranche_id.as_str());
        let tranche = PackedTranche::of(&mut self.names, state, &[event_id]);
        let schedule = self.schedule.get_or_insert_default();
        schedule.tranches.insert(number, tranche);
        schedule.index(&self.names, number, Some(state));
    }

    /// Lets `change` work on a tranche, if there is one.
    pub(crate) fn change_tranche(
        &mut self,
        tranche_id: &TrancheId,
        change: impl FnOnce(&mut TrancheState),
    ) {
        if let Some(schedule) = self.schedule.as_deref_mut()
            && let Some(number) = self.names.find(tranche_id.as_str())
        {
            schedule.change(&mut self.names, number, change);
        }
    }

    /// Notes that an event is about a tranche.
    pub(crate) fn touch_tranche(
        &mut self,
        event_id: EventId,
        tranche_id: &TrancheId,
    ) -> Result<(), Impossible> {
        let number = self.names.find(tranche_id.as_str());
        let schedule = self.schedule.as_deref_mut();
        let tranche = number
            .zip(schedule)
            .and_then(|(number, schedule)| schedule.tranches.get_mut(&number));
        tranche.ok_or(Impossible::UnknownTranche)?.touch(event_id);
        Ok(())
    }

    /// Takes a reversed event out of what is known of tranches and plans.
    pub(crate) fn untouch_schedule(&mut self, target: EventId) {
        if let Some(schedule) = self.schedule.as_deref_mut() {
            let forecasts = &mut schedule.forecasts;
            forecasts.retain(|&(event_id, _)| event_id != target);
            schedule.untouch(&mut self.names, target);
        }
    }
}
