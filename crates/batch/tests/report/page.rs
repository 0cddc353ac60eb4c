//! The page: sums, escaping, and references to files.

use runcomfy_batch::{ReportFormat, State, Store};

use crate::sample::Sample;

/// Returns the texts between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    let parts = text.split(start).skip(1);
    parts.map(|part| part.split(end).next().unwrap()).collect()
}

#[tokio::test]
async fn counts_and_money_of_a_page_add_up() {
    let sample = Sample::create(60).await;
    let page = Sample::write(sample.report(), ReportFormat::Html).await;
    let counts = sample.store.counts().await.unwrap();
    let sums: Vec<String> = between(&page, "<dd>", "<")[..5]
        .iter()
        .map(|sum| sum.trim().to_owned())
        .collect();
    let money = counts.money;
    let expected = [
        money.spent,
        money.reserved,
        money.in_doubt,
        money.left().unwrap(),
        money.budget.unwrap(),
    ];
    assert_eq!(sums, expected.map(|sum| sum.to_string()));
    assert!(money.spent_by_estimate.micros() > 0);
    assert!(page.contains(&format!("of which {} by estimate", money.spent_by_estimate)));
    for state in State::ALL {
        let button = format!(
            "<button type=\"button\" data-state=\"{state}\" aria-pressed=\"false\"><b>{}</b>",
            counts.of_state(*state)
        );
        assert!(page.contains(&button), "{button}");
        let cards = format!(" data-state=\"{state}\" data-model=");
        assert_eq!(
            page.matches(&cards).count() as u64,
            counts.of_state(*state),
            "{state}"
        );
    }
    let cards = between(&page, "data-micros=\"", "\"");
    let committed: u64 = cards
        .iter()
        .map(|micros| micros.parse::<u64>().unwrap())
        .sum();
    assert_eq!(committed, money.committed().micros());
}

#[tokio::test]
async fn no_text_of_a_batch_is_markup() {
    let sample = Sample::create(60).await;
    let page = Sample::write(sample.report(), ReportFormat::Html).await;
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    assert!(!page.contains("<img src=x"), "a prompt is markup");
    assert!(page.contains("<title>Boats &amp; &lt;ships&gt;</title>"));
    assert!(page.contains("data-model=\"acme/&lt;film&gt;\""));
    // Nothing but the saved files is referred to, by relative paths.
    for attribute in ["src=\"", "href=\""] {
        for url in between(&page, &format!(" {attribute}"), "\"") {
            let is_file = url.starts_with("./boats%20%26%20%22ships%22/");
            assert!(is_file || url.starts_with("#job-"), "{url}");
            assert!(!is_file || url.ends_with("%231.bmp"), "{url}");
        }
    }
}

#[tokio::test]
async fn doubts_come_first_with_what_to_do() {
    let sample = Sample::create(60).await;
    let page = Sample::write(sample.report(), ReportFormat::Html).await;
    let doubts = sample
        .store
        .attempts(runcomfy_batch::Attempts::InDoubt)
        .await
        .unwrap();
    assert_eq!(doubts.len(), 2);
    let section = between(&page, "<section class=\"doubts\"", "</section>")[0];
    for doubt in &doubts {
        assert!(
            section.contains(&format!("<code>{}</code>", doubt.key)),
            "{section}"
        );
    }
    for flag in ["--request-id ID", "--no-job", "--resubmit"] {
        let command = format!("runcomfy batch resolve KEY --store boats.batch.db {flag}");
        assert!(section.contains(&command), "{section}");
    }
    assert!(page.find("class=\"doubts\"") < page.find("class=\"card\""));
}
