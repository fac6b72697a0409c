use tracing::{Dispatch, Level, dispatcher};

use super::Contestant;
use crate::{Target, Work};

/// `json-subscriber`, behind the macros of `tracing`.
pub(super) struct JsonSubscriber(Dispatch);

impl JsonSubscriber {
    pub(super) fn new(target: &Target) -> JsonSubscriber {
        let target = target.clone();
        let subscriber = json_subscriber::fmt()
            .flatten_event(true)
            .with_span_list(false)
            .with_max_level(Level::INFO)
            .with_writer(move || target.whole());
        JsonSubscriber(Dispatch::new(subscriber.finish()))
    }
}

impl Contestant for JsonSubscriber {
    fn name(&self) -> &'static str {
        "json-subscriber, flat"
    }

    fn remark(&self) -> &'static str {
        "as tracing-subscriber"
    }

    fn run(&self, work: Work, times: u64) {
        dispatcher::with_default(&self.0, || super::tracing::run(work, times));
    }
}
