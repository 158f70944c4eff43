use super::table::CURRENCIES;

/// A currency that can be booked: its ISO 4217 alphabetic code and its number of minor digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: [u8; 3],
    minor_digits: u8,
}

/// The text names no currency that can be booked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no ISO 4217 currency code")]
pub struct UnknownCurrency(pub String);

impl Currency {
    /// Finds a currency by its code: three capital letters, no surrounding blanks.
    ///
    /// # Errors
    /// [`UnknownCurrency`] with the text.
    pub fn parse(text: &str) -> Result<Self, UnknownCurrency> {
        let unknown = || UnknownCurrency(text.chars().take(16).collect());
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| unknown())?;
        let at = CURRENCIES
            .binary_search_by_key(&code, |&(code, _)| code)
            .map_err(|_| unknown())?;
        let &(code, minor_digits) = CURRENCIES.get(at).ok_or_else(unknown)?;
        Ok(Self { code, minor_digits })
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("???")
    }

    /// How many decimal digits an amount has (0 for JPY, 2 for USD, 3 for KWD).
    pub const fn minor_digits(self) -> u8 {
        self.minor_digits
    }

    /// Every currency, ascending by code.
    pub fn all() -> impl Iterator<Item = Self> {
        CURRENCIES
            .iter()
            .map(|&(code, minor_digits)| Self { code, minor_digits })
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::fmt::Debug for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}
