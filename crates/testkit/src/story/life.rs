//! What is wished for of an agreement's life: suspensions, ends, receivables, conditions.

use perennial_domain::Date;
use perennial_domain::agreement::{
    Agreement, AgreementCommand, AgreementEvent, Condition, ConditionEntry, EarlyEnd, LineAmount,
    LineDecommitment, Perspective, Receivable, ReversalReason, Status, TrancheState,
};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::ids::{AgreementId, ConditionId, TrancheId};
use perennial_domain::log::EventId;

use super::Story;
use super::values::{code, within};
use crate::history::words::{cash, condition};

impl Story {
    /// A turn of an agreement's life, or of what is left of it.
    pub(super) fn life(&mut self, id: &AgreementId) -> AgreementCommand {
        let reason = "the partner asked for it".to_owned();
        match self.random.below(18) {
            0..=3 => AgreementCommand::Suspend { reason },
            4..=7 => AgreementCommand::Resume { reason },
            8..=9 => AgreementCommand::Terminate(self.early_end(id)),
            10 => AgreementCommand::Cancel { reason },
            11 => AgreementCommand::End { reason },
            12 => AgreementCommand::Close { reason },
            13..=15 => AgreementCommand::WriteOffReceivable(self.receivable(id)),
            _ => AgreementCommand::RecoverReceivable(self.receivable(id)),
        }
    }

    /// What the state of an agreement suggests: otherwise such wishes would seldom come at the right time.
    pub(super) fn suggested(&mut self, id: &AgreementId) -> Option<AgreementCommand> {
        let agreement = self.book.agreement(id)?;
        let reason = "as things are".to_owned();
        let mut wishes = Vec::new();
        if agreement.status_as_of(self.today) == Status::Suspended {
            wishes.push(AgreementCommand::Resume {
                reason: reason.clone(),
            });
        }
        let left = agreement.undisbursed() + agreement.recoverable() - agreement.written_off();
        if left == 0 {
            wishes.push(AgreementCommand::Close {
                reason: reason.clone(),
            });
        }
        let written_off = agreement.written_off();
        let receivable = |amount: i128| Receivable {
            amount: within(amount, code(id)),
            lines: Vec::new(),
            reason: reason.clone(),
            approver: "a colleague".to_owned(),
        };
        if 0 < written_off {
            let half = receivable((written_off + 1) / 2);
            wishes.push(AgreementCommand::RecoverReceivable(half));
        }
        if 0 < left && agreement.status_as_of(self.today) == Status::Terminated {
            wishes.push(AgreementCommand::WriteOffReceivable(receivable(left)));
        }
        (!wishes.is_empty()).then(|| self.random.pick(&wishes).clone())
    }

    /// Taking back what ended an agreement, so that its story goes on.
    pub(super) fn second_thoughts(&mut self, id: &AgreementId) -> Option<AgreementCommand> {
        let status = self.book.agreement(id)?.status_as_of(self.today);
        if status < Status::OperationallyEnded || self.random.one_in(2) {
            return None;
        }
        let ends = |event: &AgreementEvent| {
            matches!(
                event,
                AgreementEvent::AgreementTerminated(_)
                    | AgreementEvent::AgreementCancelled { .. }
                    | AgreementEvent::AgreementOperationallyEnded { .. }
                    | AgreementEvent::AgreementFinanciallyClosed { .. }
            )
        };
        let stream = Stream::Agreement(id.clone());
        let own = self.log.iter().rev();
        let mut own = own.filter(|recorded| recorded.event.stream == stream);
        let ended = own
            .find(|recorded| matches!(&recorded.event.fact, Fact::Agreement(event) if ends(event)));
        let target: EventId = ended?.event_id;
        let reason = ReversalReason::Error;
        Some(AgreementCommand::ReverseEntry { target, reason })
    }

    /// The next step towards a tranche that was paid in part, rescheduled, and then loses that payment again: what its
    /// events stored of it is then not all that counts. None without an open tranche,
    /// where schedules are seldom spoken of; else a new one.
    pub(super) fn partly_paid(&mut self, id: &AgreementId) -> Option<AgreementCommand> {
        let agreement = self.book.agreement(id)?;
        let open: Vec<(TrancheId, TrancheState)> = agreement.open_tranches().collect();
        let perspective = agreement.perspective();
        if open.is_empty() {
            return (self.schedules_one_in < 3).then(|| self.tranche(id));
        }
        let (tranche_id, tranche) = self.random.pick(&open).clone();
        let (paid, moved) = self.paid_before_moved(id, &tranche_id);
        if let Some(&target) = moved.last() {
            let reasons = [ReversalReason::Error, ReversalReason::Returned];
            let reason = *self.random.pick(&reasons);
            return Some(AgreementCommand::ReverseEntry { target, reason });
        }
        if paid {
            return Some(AgreementCommand::RescheduleTranche {
                tranche_id,
                new_due_on: self.effective_day(),
                reason: "the rest later".to_owned(),
            });
        }
        let cash = cash(within((tranche.open + 1) / 2, code(id)));
        let tranche_id = Some(tranche_id);
        Some(match perspective {
            Perspective::Provider => AgreementCommand::Disburse { cash, tranche_id },
            Perspective::Recipient => AgreementCommand::ConfirmReceipt {
                cash,
                tranche_id,
                disbursement_id: None,
            },
        })
    }

    /// Whether a payment that stands drew on a tranche, and those that did before it was last rescheduled.
    fn paid_before_moved(&self, id: &AgreementId, tranche_id: &TrancheId) -> (bool, Vec<EventId>) {
        let stream = Stream::Agreement(id.clone());
        let (mut paid, mut moved) = (Vec::new(), Vec::new());
        for recorded in self.log.iter().filter(|it| it.event.stream == stream) {
            let fact = &recorded.event.fact;
            if let Fact::Agreement(
                AgreementEvent::DisbursementMade { draws, .. }
                | AgreementEvent::ReceiptConfirmed { draws, .. },
            ) = fact
                && draws.iter().any(|draw| draw.tranche_id == *tranche_id)
            {
                paid.push(recorded.event_id);
            }
            if let Fact::Agreement(AgreementEvent::TrancheRescheduled(later)) = fact
                && later.tranche_id == *tranche_id
            {
                moved.clone_from(&paid);
            }
            if let Fact::Agreement(
                AgreementEvent::EntryReversed { target, .. }
                | AgreementEvent::EntryReplaced { target },
            ) = fact
            {
                paid.retain(|entry| entry != target);
                moved.retain(|entry| entry != target);
            }
        }
        (!paid.is_empty(), moved)
    }

    fn early_end(&mut self, id: &AgreementId) -> EarlyEnd {
        let mut decommitments = Vec::new();
        if self.random.one_in(3) {
            for _ in 0..self.random.between(1, 2) {
                let line_id = self.line_id(id);
                let agreement = self.book.agreement(id);
                let left = agreement.and_then(|agreement| {
                    let balance = agreement.line_balance(&line_id)?;
                    Some(balance.undisbursed(agreement.perspective()))
                });
                let all = within(left.unwrap_or(1), code(id));
                let some = self.part(code(id));
                let amount = *self.random.pick(&[all, all, some]);
                let explicit = self.random.one_in(4);
                decommitments.push(LineDecommitment {
                    line_id,
                    amount,
                    year_shares: if explicit {
                        self.shares(amount)
                    } else {
                        Vec::new()
                    },
                });
            }
        }
        EarlyEnd {
            reason: "it did not work".to_owned(),
            decommitments,
            recovery: self.random.one_in(3).then(|| self.part(code(id))),
        }
    }

    /// All that is expected, a little more, or a part.
    fn receivable(&mut self, id: &AgreementId) -> Receivable {
        let expected = self.book.agreement(id).map_or(0, |agreement| {
            agreement.undisbursed() + agreement.recoverable() - agreement.written_off()
        });
        let part = self.part(code(id));
        let written_off = self.book.agreement(id).map_or(0, Agreement::written_off);
        let some = self.random.between(1, 3);
        let amount = *self.random.pick(&[
            part,
            part,
            within(expected, code(id)),
            within(expected + 1, code(id)),
            within(written_off, code(id)),
            within(written_off / i128::from(some) + 1, code(id)),
        ]);
        let lines = if self.random.one_in(5) {
            let line_id = self.line_id(id);
            vec![LineAmount { line_id, amount }]
        } else {
            Vec::new()
        };
        Receivable {
            amount,
            lines,
            reason: "it will not come".to_owned(),
            approver: if self.random.one_in(30) {
                " ".to_owned()
            } else {
                "a colleague".to_owned()
            },
        }
    }

    /// None, or one or two; now and then the same twice.
    pub(super) fn conditions(&mut self) -> Vec<Condition> {
        if !self.random.one_in(3) {
            return Vec::new();
        }
        let count = self.random.between(1, 2);
        let twice = self.random.one_in(20);
        (1..=count)
            .map(|number| Condition {
                condition_id: condition(&format!("condition-{}", if twice { 1 } else { number })),
                text: format!("report {number} is accepted"),
            })
            .collect()
    }

    /// Mostly a condition that is open.
    pub(super) fn settled(&mut self, id: &AgreementId) -> AgreementCommand {
        let tranches = self.book.agreement(id).into_iter();
        let tranches = tranches.flat_map(Agreement::open_tranches);
        let mut open: Vec<(TrancheId, ConditionId)> = Vec::new();
        for (tranche_id, tranche) in tranches {
            let unmet = tranche.unmet_on(Date::MAX);
            open.extend(unmet.map(|condition_id| (tranche_id.clone(), condition_id.clone())));
        }
        let (tranche_id, condition_id) = if open.is_empty() || self.random.one_in(8) {
            let number = self.random.between(1, 2);
            (
                self.tranche_id(id),
                condition(&format!("condition-{number}")),
            )
        } else {
            self.random.pick(&open).clone()
        };
        let entry = ConditionEntry {
            tranche_id,
            condition_id,
            reason: "the report came".to_owned(),
        };
        if self.random.one_in(3) {
            AgreementCommand::WaiveCondition(entry)
        } else {
            AgreementCommand::MeetCondition(entry)
        }
    }
}
