//! Mutated or arbitrary responses of the Model API: no panic, no id of a job lost, no refusal without
//! proof, and no running job called finished.
//!
//! The test `replies` of `runcomfy` checks the promise in CI, without a fuzzer.

#![no_main]

#[path = "../../tests/replies/check.rs"]
mod check;

use std::cell::RefCell;

use arbitrary::{Arbitrary, Result, Unstructured};
use check::Checker;
use libfuzzer_sys::fuzz_target;
use runcomfy_fuzz::FuzzerBytes;
use runcomfy_testkit::arbitrary::reply::{Call, Reply, reply};

/// A call and its response, mostly a mutated one.
#[derive(Debug)]
struct Case {
    call: Call,
    reply: Reply,
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let call = *bytes.choose(&Call::ALL)?;
        let reply = if bytes.ratio(3, 4)? {
            reply(&mut FuzzerBytes(bytes), call)
        } else {
            Reply {
                http_status: bytes.int_in_range(200..=999)?,
                body: Vec::arbitrary_take_rest(std::mem::replace(bytes, Unstructured::new(&[])))?,
            }
        };
        Ok(Self { call, reply })
    }
}

thread_local! {
    static CHECKER: RefCell<Checker> = RefCell::new(Checker::new());
}

fuzz_target!(|case: Case| {
    let checked = CHECKER.with_borrow_mut(|checker| checker.check(case.call, &case.reply));
    if let Err(why) = checked {
        panic!("{why}");
    }
});
