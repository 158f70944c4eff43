//! The audit side: streams records, verifies the chain, answers from the log alone.
