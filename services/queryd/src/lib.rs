//! The read side: projectors, views, subscriptions.
