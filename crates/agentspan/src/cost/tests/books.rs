use super::usd;
use crate::cost::{DearRun, Ledger};

#[test]
fn of_two_threads_that_tell_of_one_run_the_greater_sum_stays_whoever_comes_first() {
    let run = |id: &str, dollars: &str, tokens: u64| DearRun {
        run_id: id.into(),
        usd: usd(dollars),
        prompt_tokens: Some(tokens),
        ..DearRun::default()
    };
    let ledger = Ledger::default();
    for told in
        [run("r", "1.5", 7), run("r", "0.5", 3), run("s", "1", 1), run("r", "1.5", 8), run("r", "1.5", 7)]
    {
        ledger.put_run(told);
    }
    assert_eq!(ledger.read([].into_iter()).dearest_runs, [run("r", "1.5", 8), run("s", "1", 1)]);
}
