use super::*;

#[track_caller]
fn check<T: Stored + PartialEq + std::fmt::Debug>(value: &T, bytes: &[u8]) {
    let mut out = Encoder::default();
    value.put(&mut out);
    assert_eq!(out.into_bytes(), bytes);
    let mut from = Decoder::new(bytes);
    assert_eq!(T::take(&mut from).as_ref(), Ok(value));
    assert!(from.is_empty());
}

#[test]
fn numbers_take_a_byte_for_each_seven_bits() {
    check(&0_u64, &[0]);
    check(&127_u64, &[127]);
    check(&128_u64, &[0x80, 1]);
    check(
        &u64::MAX,
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
    );
}

#[test]
fn amounts_keep_their_sign_and_their_whole_range() {
    check(&0_i128, &[0]);
    check(&-1_i128, &[3]);
    check(&63_i128, &[126]);
    check(&64_i128, &[0x80, 1]);
    for amount in [
        (1_i128 << 62) - 1,
        1 << 62,
        -(1 << 62),
        i128::MAX,
        i128::MIN,
    ] {
        let mut out = Encoder::default();
        amount.put(&mut out);
        let bytes = out.into_bytes();
        assert_eq!(i128::take(&mut Decoder::new(&bytes)), Ok(amount));
    }
}

#[test]
fn a_text_stands_once_in_a_part_and_is_shared_when_read() {
    let texts: Vec<Arc<str>> = vec!["ab".into(), "ab".into(), "c".into(), "ab".into()];
    check(&texts, &[4, 0, 2, b'a', b'b', 1, 0, 1, b'c', 1]);
    let mut from = Decoder::new(&[4, 0, 2, b'a', b'b', 1, 0, 1, b'c', 1]);
    let read = Vec::<Arc<str>>::take(&mut from).unwrap();
    assert!(Arc::ptr_eq(&read[0], &read[3]));
}

#[test]
fn bytes_that_are_no_value_are_refused() {
    fn refused<T: Stored>(bytes: &[u8]) -> bool {
        T::take(&mut Decoder::new(bytes)).is_err()
    }
    assert!(refused::<u64>(&[]));
    assert!(refused::<u64>(&[0x80]));
    assert!(refused::<u64>(&[0xff; 11]), "more than 64 bits");
    assert!(refused::<u16>(&[0x80, 0x80, 4]), "more than 16 bits");
    assert!(refused::<bool>(&[2]));
    assert!(refused::<Option<bool>>(&[1]));
    assert!(refused::<Vec<bool>>(&[2, 0]), "fewer items than promised");
    assert!(refused::<Arc<str>>(&[1]), "a text that was never given");
    assert!(refused::<Arc<str>>(&[0, 1, 0xff]), "no UTF-8");
    assert!(refused::<[u8; 4]>(&[1, 2, 3]));
    assert!(refused::<i128>(&[
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0
    ]));
}
