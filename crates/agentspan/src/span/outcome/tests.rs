use super::*;

fn class<K>(error: impl Failure<K>) -> (String, bool) {
    let record = error.record();
    (record.error_type.into_owned(), record.timed_out)
}

#[test]
fn every_kind_of_error_has_a_class() {
    let io = || std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "no");
    let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, "late");
    assert_eq!(class("12x".parse::<i32>().unwrap_err()), ("ParseIntError".into(), false));
    assert_eq!(class(String::from("no")), ("_OTHER".into(), false));
    assert_eq!(class("no"), ("_OTHER".into(), false));
    assert_eq!(class(Box::<dyn StdError>::from("no")), ("_OTHER".into(), false));
    assert_eq!(class(Box::<dyn StdError + Send + Sync>::from(io())), ("io::ConnectionRefused".into(), false));
    assert_eq!(class(late()), ("timeout".into(), true));
    assert_eq!(class(Box::<dyn StdError>::from(late())), ("timeout".into(), true));
    assert_eq!(class(Elapsed(Duration::from_secs(1))), ("timeout".into(), true));
}

#[test]
fn a_cyclic_chain_and_an_endless_text_are_cut() {
    #[derive(Debug)]
    struct Endless;
    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                f.write_str("ä")?;
            }
        }
    }
    impl StdError for Endless {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&Endless)
        }
    }
    let record = Endless.record();
    assert_eq!(record.message.map(|text| text.len()), Some(MAX_TEXT));
    assert_eq!(record.chain.len(), MAX_CAUSES - 1);
}

#[test]
fn a_type_that_is_only_called_error_is_told_by_its_cause_or_its_crate() {
    #[derive(Debug)]
    struct Error(Option<std::io::Error>);
    impl fmt::Display for Error {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("operation ")?;
            f.write_str("timed out, or not")
        }
    }
    impl StdError for Error {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            self.0.as_ref().map(|error| error as _)
        }
    }
    let refused = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    assert_eq!(class(Error(None)), ("agentspan::Error".into(), false));
    assert_eq!(class(Error(Some(refused()))), ("io::ConnectionRefused".into(), false));
    assert_eq!(class(refused()), ("io::ConnectionRefused".into(), false));
    assert_eq!(class(fmt::Error), ("fmt::Error".into(), false));
}

#[test]
fn an_error_behind_a_pointer_has_its_own_class() {
    use std::sync::Arc;
    let number = || "12x".parse::<i32>().unwrap_err();
    assert_eq!(class(Arc::new(number())), ("ParseIntError".into(), false));
    assert_eq!(class(Box::new(Arc::new(number()))), ("ParseIntError".into(), false));
    assert_eq!(class(Arc::new(std::io::Error::other("no"))), ("io::Error".into(), false));
}
