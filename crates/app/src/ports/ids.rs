//! The randomness port.

/// Makes unpredictable bytes: salts of record bodies and nonces of claims.
pub trait Ids: Send + Sync {
    /// Returns 16 bytes that nobody can guess.
    fn random(&self) -> [u8; 16];
}
