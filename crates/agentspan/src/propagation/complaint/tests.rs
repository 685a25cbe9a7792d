use super::Complaint;
use std::time::Duration;

#[test]
fn trouble_is_told_at_once_then_once_a_minute_with_what_went_unsaid() {
    let complaint = Complaint::new();
    let at = |seconds| complaint.turn(Duration::from_secs(seconds));
    assert_eq!(at(5), Some(0));
    assert_eq!(at(5), None);
    assert_eq!(at(64), None);
    assert_eq!(at(65), Some(2));
    assert_eq!(at(66), None);
    assert_eq!(at(500), Some(1));
}
