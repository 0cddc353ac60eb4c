//! An outage refuses connections and ends on the same port.

use std::io::ErrorKind;
#[cfg(target_os = "linux")]
use std::time::Duration;

use crate::support::{Caller, IMAGE, boat, builder, s, start};
use runcomfy_emulator::{Call, Emulator, Reply};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Returns `true` if connections are refused, not accepted and reset.
async fn is_refused(emulator: &Emulator) -> bool {
    match TcpStream::connect(emulator.address()).await {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            true
        }
    }
}

#[tokio::test]
async fn outage_begins_and_ends_at_once_on_one_port() {
    let (emulator, caller) = start(builder()).await;
    for round in 1..=3 {
        let id = caller.job(IMAGE, &boat()).await;
        emulator.set_outage(true);
        assert!(is_refused(&emulator).await && is_refused(&emulator).await);
        let error = caller.post_job(IMAGE, &boat()).send().await.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
        emulator.set_outage(false);
        assert_eq!(caller.status(&id).await["status"], "completed");
        assert_eq!(emulator.ledger().len(), round);
    }
    emulator.set_outage(false);
    assert!(
        !is_refused(&emulator).await,
        "without an outage nothing ends"
    );
}

#[tokio::test]
async fn outage_resets_open_connections() {
    let emulator = builder().start().await.unwrap();
    let mut idle = TcpStream::connect(emulator.address()).await.unwrap();
    let caller = Caller::new(&emulator);
    emulator.script(Call::Submit, Reply::stall());
    let call = tokio::spawn(caller.post_job(IMAGE, &boat()).send());
    while emulator.count(Call::Submit) == 0 {
        tokio::task::yield_now().await;
    }
    emulator.set_outage(true);
    assert!(call.await.unwrap().is_err());
    let error = idle.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    // A client that keeps connections fails as well.
    emulator.set_outage(false);
    let pooled = Caller::pooled(&emulator);
    pooled.job(IMAGE, &boat()).await;
    emulator.set_outage(true);
    assert!(pooled.post_job(IMAGE, &boat()).send().await.is_err());
    assert_eq!(emulator.ledger().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn outage_ends_by_either_clock_and_jobs_keep_running() {
    let (emulator, caller) = start(builder().run_time(s(90))).await;
    let id = caller.job(IMAGE, &boat()).await;

    emulator.outage(s(60));
    emulator.advance(s(59));
    assert!(is_refused(&emulator).await);
    emulator.advance(s(1));
    assert_eq!(caller.status(&id).await["status"], "in_progress");

    emulator.outage(s(60));
    tokio::time::sleep(s(59)).await;
    assert!(is_refused(&emulator).await);
    tokio::time::sleep(s(2)).await;
    assert_eq!(caller.status(&id).await["status"], "completed");

    // Half by advance, half by tokio's clock.
    emulator.outage(s(60));
    emulator.advance(s(30));
    tokio::time::sleep(s(29)).await;
    assert!(is_refused(&emulator).await);
    tokio::time::sleep(s(2)).await;
    assert!(!is_refused(&emulator).await);
}

#[tokio::test(start_paused = true)]
async fn latest_end_of_an_outage_counts() {
    let emulator = builder().start().await.unwrap();
    emulator.outage(s(10));
    emulator.outage(s(60));
    tokio::time::sleep(s(50)).await;
    assert!(is_refused(&emulator).await);
    emulator.set_outage(true);
    tokio::time::sleep(s(9_999)).await;
    assert!(is_refused(&emulator).await);
    emulator.outage(s(1));
    tokio::time::sleep(s(2)).await;
    assert!(!is_refused(&emulator).await);
}

#[tokio::test]
async fn port_belongs_to_one_emulator_until_it_stops() {
    let mut first = builder().start().await.unwrap();
    let port = first.address().port();
    let error = builder().port(port).start().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(!is_refused(&first).await);

    first.stop().await;
    first.set_outage(false);
    first.advance(s(1));
    assert!(is_refused(&first).await, "a stopped emulator stays stopped");
    let second = builder().port(port).start().await.unwrap();
    assert_eq!(second.address().port(), port);
    drop(second);
    builder().port(port).start().await.unwrap();
}

/// On Linux another process may bind the port by number while the emulator does not listen.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn port_taken_during_an_outage_is_taken_back() {
    let emulator = builder().start().await.unwrap();
    emulator.set_outage(true);
    let other = std::net::TcpListener::bind(emulator.address()).unwrap();
    emulator.set_outage(false);
    drop(other);
    while is_refused(&emulator).await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Caller::new(&emulator).job(IMAGE, &boat()).await;
}
