//! How far a long command is: a bar on a terminal, a line every ten seconds elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::Console;

/// Nothing is drawn for commands that end before this.
const QUIET_FOR: Duration = Duration::from_millis(500);
/// Between two lines where nothing can be drawn.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How far a command is, out of a known or an unknown whole.
pub struct Progress {
    console: Console,
    noun: &'static str,
    bar: ProgressBar,
    started: Instant,
    said: Instant,
    done: u64,
}

impl Progress {
    /// Begins at 0 of `total` (0: unknown) things called `noun`.
    #[expect(
        clippy::disallowed_methods,
        reason = "progress is about this process's own time"
    )]
    pub fn begin(console: &Console, noun: &'static str, total: u64) -> Self {
        let bar = if total == 0 {
            ProgressBar::no_length()
        } else {
            ProgressBar::new(total)
        };
        bar.set_draw_target(ProgressDrawTarget::hidden());
        let template = match total {
            0 => "{spinner} {human_pos} {msg} {per_sec}",
            _ => "{wide_bar} {human_pos} of {human_len} {msg}, {eta} left",
        };
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_message(noun);
        let started = Instant::now();
        Self {
            console: *console,
            noun,
            bar,
            started,
            said: started,
            done: 0,
        }
    }

    /// Notes that `count` more are done.
    pub fn add(&mut self, count: u64) {
        self.set(self.done.saturating_add(count));
    }

    /// Notes that `done` are done altogether.
    pub fn set(&mut self, done: u64) {
        self.done = done;
        if self.console.draws_progress() {
            if self.bar.is_hidden() && QUIET_FOR < self.started.elapsed() {
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            self.bar.set_position(done);
        } else if LINE_EVERY < self.said.elapsed() {
            self.say();
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "progress is about this process's own time"
    )]
    fn say(&mut self) {
        self.said = Instant::now();
        let total = self
            .bar
            .length()
            .map(|total| format!(" of {total}"))
            .unwrap_or_default();
        let seconds = self.started.elapsed().as_secs();
        self.console.say(&format!(
            "{}{total} {} after {seconds} s",
            self.done, self.noun
        ));
    }

    /// Takes the bar away.
    pub fn end(self) {
        self.bar.finish_and_clear();
    }
}
