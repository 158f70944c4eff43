//! A thread that asks the brokers where topics end now: a leader waits for that before it refuses anything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use perennial_app::ports::log::LogOffset;
use rdkafka::consumer::{BaseConsumer, Consumer};
use tokio::sync::oneshot;

use crate::link::{Link, Listener};

const ANSWERED_WITHIN: Duration = Duration::from_secs(3);

/// What the thread is asked.
pub(crate) enum EndQuestion {
    /// Where does a topic end now? Without an answer nobody knows.
    Of {
        topic: String,
        answer: oneshot::Sender<LogOffset>,
    },
    /// It is time to stop.
    Stop,
}

/// What the thread works with.
pub(crate) struct Ends {
    pub(crate) link: Arc<Link>,
    pub(crate) client: Arc<BaseConsumer<Listener>>,
}

impl Ends {
    /// Answers until it should stop. Everything that waits about one topic is one question to the broker.
    pub(crate) fn run(&self, questions: &Receiver<EndQuestion>) {
        while let Ok(first) = questions.recv() {
            let mut waiting: BTreeMap<String, Vec<oneshot::Sender<LogOffset>>> = BTreeMap::new();
            for question in std::iter::once(first).chain(questions.try_iter()) {
                match question {
                    EndQuestion::Of { topic, answer } => {
                        waiting.entry(topic).or_default().push(answer);
                    }
                    EndQuestion::Stop => return,
                }
            }
            self.ask(waiting);
        }
    }

    fn ask(&self, waiting: BTreeMap<String, Vec<oneshot::Sender<LogOffset>>>) {
        for (topic, answers) in waiting {
            let ends = self.client.fetch_watermarks(&topic, 0, ANSWERED_WITHIN);
            let Ok((_, end)) = ends else {
                // Whoever else waits would wait as long for the same: the senders are dropped, nobody knows.
                return;
            };
            self.link.up();
            let end = LogOffset(u64::try_from(end).unwrap_or_default());
            for answer in answers {
                // Who does not wait any more need not know.
                answer.send(end).unwrap_or_default();
            }
        }
    }
}
