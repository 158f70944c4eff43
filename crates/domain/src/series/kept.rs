//! Five amounts side by side in few bytes: hardly ever are more than three of them used, or large.

/// Bytes of an amount that is kept small, its sign in the highest bit.
const SMALL: usize = 7;
/// So many are kept small.
const FEW: usize = 3;

/// Five amounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FewAmounts {
    /// Flags of those that are not 0, and these in order.
    Few(u8, [[u8; SMALL]; FEW]),
    /// More of them, or a larger one.
    All(Box<[i128; 5]>),
}

impl FewAmounts {
    pub(crate) fn of(amounts: [i128; 5]) -> Self {
        few(amounts).unwrap_or_else(|| Self::All(Box::new(amounts)))
    }

    pub(crate) fn amounts(&self) -> [i128; 5] {
        match self {
            Self::All(amounts) => **amounts,
            Self::Few(flags, few) => {
                let mut amounts = [0; 5];
                let used = amounts.iter_mut().zip(super::FLAGS);
                let used = used.filter(|(_, flag)| flags & flag != 0);
                for ((amount, _), [a, b, c, d, e, f, g]) in used.zip(*few) {
                    let shifted = i64::from_le_bytes([0, a, b, c, d, e, f, g]);
                    *amount = i128::from(shifted >> 8);
                }
                amounts
            }
        }
    }
}

fn few(amounts: [i128; 5]) -> Option<FewAmounts> {
    let (mut flags, mut few) = (0, [[0; SMALL]; FEW]);
    let mut places = few.iter_mut();
    for (amount, flag) in amounts.into_iter().zip(super::FLAGS) {
        if amount == 0 {
            continue;
        }
        let small = i64::try_from(amount).ok()?;
        let bytes @ [a, b, c, d, e, f, g, _] = small.to_le_bytes();
        let [.., sign] = bytes;
        // The eighth byte is left out, so it has to follow from the seventh.
        if sign != if g < 0x80 { 0 } else { 0xff } {
            return None;
        }
        *places.next()? = [a, b, c, d, e, f, g];
        flags |= flag;
    }
    Some(FewAmounts::Few(flags, few))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGEST: i128 = (1 << 55) - 1;

    #[track_caller]
    fn check(amounts: [i128; 5], is_few: bool) {
        let kept = FewAmounts::of(amounts);
        assert_eq!(kept.amounts(), amounts);
        assert_eq!(matches!(kept, FewAmounts::Few(..)), is_few, "{amounts:?}");
    }

    #[test]
    fn up_to_three_amounts_of_seven_bytes_are_kept_small_and_all_come_back() {
        check([0; 5], true);
        check([1, -1, 0, 0, 200], true);
        check([0, 0, LARGEST, -LARGEST - 1, 0], true);
        check([0, 0, LARGEST + 1, 0, 0], false);
        check([-LARGEST - 2, 0, 0, 0, 0], false);
        check([1, 2, 3, 4, 0], false);
        check([i128::MAX, i128::MIN, 0, 0, 0], false);
        assert_eq!(size_of::<FewAmounts>(), 24);
    }
}
