//! Bugs on purpose, so that the simulation can show that it would find them.
//!
//! Without the feature `planted-bugs`, which no shipped program has, [`planted`] is `false` for the compiler and every
//! one of them is gone. Nothing here is part of a format.

/// A bug that can be planted. One at a time, for the whole process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A record counts whatever its term.
    AnyTermCounts,
    /// A claim of the current term plus 2 counts too.
    ClaimTwoAhead,
    /// A later claim of the current term takes it over.
    LaterClaimWins,
    /// A leader answers when its record is acknowledged, before it is read back.
    AnswerOnAck,
    /// A leader that stands down drops what waits in its queue.
    ForgetQueue,
    /// What has no outcome is sealed again in the next term before the outcome is known.
    ResendUnsettled,
    /// What has no outcome and is not in the log now is told as not written, and the term goes on.
    AbsentIsNotWritten,
    /// What has no outcome is given up at once, and its position used again in the same term.
    ReusePosition,
    /// A follower does not learn the request ids of what it reads.
    ForgetRequestIds,
    /// State that was decided on dead records is kept.
    KeepDeadState,
    /// A leader refuses without asking whether it still leads.
    RefuseUnasked,
    /// What has no outcome is told as not written when the new claim is acknowledged, before it is read.
    SettleOnAck,
    /// A leader that was deposed claims again without a new wait.
    ClaimWhenDeposed,
}

impl Bug {
    /// Every bug, in order.
    pub const ALL: [Self; 13] = [
        Self::AnyTermCounts,
        Self::ClaimTwoAhead,
        Self::LaterClaimWins,
        Self::AnswerOnAck,
        Self::ForgetQueue,
        Self::ResendUnsettled,
        Self::AbsentIsNotWritten,
        Self::ReusePosition,
        Self::ForgetRequestIds,
        Self::KeepDeadState,
        Self::RefuseUnasked,
        Self::SettleOnAck,
        Self::ClaimWhenDeposed,
    ];
}

#[cfg(feature = "planted-bugs")]
mod switch {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::Bug;

    /// 0, or 1 and the bug's number.
    static PLANTED: AtomicU8 = AtomicU8::new(0);

    const fn code(bug: Bug) -> u8 {
        1 + bug as u8
    }

    /// Plants `bug`, or none.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.store(bug.map_or(0, code), Ordering::SeqCst);
    }

    /// Whether `bug` is planted.
    pub fn planted(bug: Bug) -> bool {
        PLANTED.load(Ordering::Relaxed) == code(bug)
    }
}

#[cfg(feature = "planted-bugs")]
pub use switch::{plant, planted};

/// Whether `bug` is planted: never, in a program without the feature.
#[cfg(not(feature = "planted-bugs"))]
pub const fn planted(_: Bug) -> bool {
    false
}
