//! Generated proto code and the only mapping between proto and domain; upcasting of old events.
