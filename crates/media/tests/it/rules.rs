//! Tests rules at their bound, just below it and just above it.

use runcomfy_media::{Facts, Verdict, judge};
use runcomfy_schema::{Certainty, Constraint, MediaKind, Number, Operator, Quantity, Rule};

use Operator::{Above, AtLeast, AtMost, Below, Equal};

fn rule(quantity: Quantity, operator: Operator, value: Number) -> Rule {
    Rule {
        quantity,
        operator,
        value,
        message: "As the service says it.".into(),
    }
}

fn image(width: u32, height: u32, orientation: Option<u8>) -> Facts {
    let mut facts = Facts::default();
    facts.kind = Some(MediaKind::Image);
    facts.format = Some("png");
    (facts.width, facts.height) = (Some(width), Some(height));
    facts.orientation = orientation;
    facts
}

/// Returns `H`, `V` or `U` for the verdict.
fn letter(verdict: &Verdict) -> char {
    match verdict {
        Verdict::Holds => 'H',
        Verdict::Violated { .. } => 'V',
        Verdict::Unsure { .. } => 'U',
    }
}

fn letters<T>(rule: &Rule, cases: &[T], facts: impl Fn(&T) -> Facts) -> String {
    cases
        .iter()
        .map(|case| letter(&judge(rule, &facts(case))))
        .collect()
}

#[test]
fn sizes_between_the_two_megabytes_are_unsure() {
    // Below, at and above 15 · 10^6 bytes, then below, at and above 15 · 2^20 bytes.
    let sizes = [
        14_999_999, 15_000_000, 15_000_001, 15_728_639, 15_728_640, 15_728_641,
    ];
    let of_size = |bytes: &u64| {
        let mut facts = Facts::default();
        facts.size_bytes = Some(*bytes);
        facts
    };
    for (operator, verdicts) in [
        (AtMost, "HHUUUV"),
        (Below, "HUUUVV"),
        (AtLeast, "VUUUHH"),
        (Above, "VVUUUH"),
        (Equal, "VUVVUV"),
    ] {
        let rule = rule(Quantity::FileSizeMb, operator, Number::Int(15));
        assert_eq!(letters(&rule, &sizes, of_size), verdicts, "{rule}");
    }
    // Fractions too: 4.7 MB are 4,700,000 bytes, or 4,928,307.2.
    let fraction = rule(Quantity::FileSizeMb, Below, Number::Float(4.7));
    let sizes = [4_699_999, 4_700_000, 4_928_307, 4_928_308];
    assert_eq!(letters(&fraction, &sizes, of_size), "HUUV");
}

#[test]
fn dimensions_are_judged_at_the_bound() {
    for (operator, verdicts) in [
        (AtMost, "HHV"),
        (Below, "HVV"),
        (AtLeast, "VHH"),
        (Above, "VVH"),
        (Equal, "VHV"),
    ] {
        let width = rule(Quantity::WidthPixels, operator, Number::Int(4096));
        let height = rule(Quantity::HeightPixels, operator, Number::Int(4096));
        let numbers = [4095, 4096, 4097];
        assert_eq!(
            letters(&width, &numbers, |number| image(*number, 9, Some(1))),
            verdicts
        );
        assert_eq!(
            letters(&height, &numbers, |number| image(9, *number, Some(4))),
            verdicts
        );
    }
}

#[test]
fn ratios_are_compared_as_given() {
    // 0.33 is a little less than a third: the rule decides, not its message.
    let rule = rule(Quantity::AspectRatio, AtLeast, Number::Float(0.33));
    let widths = [329, 330, 331, 333];
    assert_eq!(
        letters(&rule, &widths, |width| image(*width, 1000, Some(1))),
        "VHHH"
    );
    let verdict = judge(&rule, &image(329, 1000, Some(1)));
    let violation = verdict.violation(&rule, "/images/0").unwrap();
    assert_eq!(
        violation.to_string(),
        "/images/0: found a ratio of 0.3290, expected width/height >= 0.33 (As the service says it.)"
    );
}

/// The service may or may not rotate an image before it measures.
#[test]
fn stored_and_shown_dimensions_must_agree() {
    let at_most = |width| rule(Quantity::WidthPixels, AtMost, Number::Int(width));
    for (width, height, orientation, limit, verdict) in [
        (3000, 4000, Some(1), 3000, 'H'),
        (3000, 4000, Some(6), 3000, 'U'),
        (3000, 4000, None, 3000, 'U'),
        (4000, 3000, Some(8), 3000, 'U'),
        (4000, 3000, Some(3), 3000, 'V'),
        (3000, 4000, Some(5), 4000, 'H'),
        (3000, 4000, Some(7), 2999, 'V'),
        (3000, 3000, None, 3000, 'H'),
        (3000, 3000, None, 2999, 'V'),
    ] {
        let facts = image(width, height, orientation);
        assert_eq!(
            letter(&judge(&at_most(limit), &facts)),
            verdict,
            "{facts:?} against {limit}"
        );
    }
    // The reported number is the one that violates the rule.
    let Verdict::Unsure { actual, why } = judge(&at_most(3000), &image(3000, 4000, Some(6))) else {
        panic!("the orientation decides");
    };
    assert_eq!(actual, Some(Number::Int(4000)));
    assert_eq!(
        why,
        "stored as 3000x4000, shown as 4000x3000; the schema does not say which counts"
    );
    let ratio = rule(Quantity::AspectRatio, AtMost, Number::Int(1));
    assert_eq!(letter(&judge(&ratio, &image(3000, 4000, Some(6)))), 'U');
    assert_eq!(letter(&judge(&ratio, &image(3000, 3000, Some(6)))), 'H');
}

#[test]
fn durations_near_the_limit_are_unsure() {
    let lasting = |seconds: &f64| {
        let mut facts = Facts::default();
        facts.kind = Some(MediaKind::Video);
        facts.duration_seconds = Some(*seconds);
        facts
    };
    let seconds = [9.0, 9.89, 9.95, 10.0, 10.05, 10.11, 11.0];
    for (operator, verdicts) in [
        (AtMost, "HHUUUVV"),
        (Below, "HHUUUVV"),
        (AtLeast, "VVUUUHH"),
        (Equal, "VVUUUVV"),
    ] {
        let quantity = Quantity::DurationSeconds;
        let rule = rule(quantity, operator, Number::Int(10));
        assert_eq!(letters(&rule, &seconds, lasting), verdicts, "{rule}");
    }
}

#[test]
fn unknown_facts_are_unsure() {
    let mut archive = Facts::from_bytes(b"PK\x03\x04 named a.jpg, as it were");
    let sized = rule(Quantity::FileSizeMb, AtMost, Number::Int(1));
    let wide = rule(Quantity::WidthPixels, AtMost, Number::Int(1));
    let named = |name: &str| rule(Quantity::Other(name.into()), AtMost, Number::Int(1));
    // The size is known even so.
    assert_eq!(judge(&sized, &archive), Verdict::Holds);
    archive.size_bytes = None;
    for (rule, facts, why) in [
        (&sized, &archive, "media whose size is unknown"),
        (
            &wide,
            &archive,
            "whose width is unknown: not media but a ZIP archive",
        ),
        (
            &rule(Quantity::DurationSeconds, AtMost, Number::Int(1)),
            &image(1, 1, None),
            "of kind image without a duration",
        ),
        (
            &named("fps"),
            &image(1, 1, None),
            "a quantity that cannot be measured, `fps`",
        ),
        (&wide, &Facts::default(), "media whose width is unknown"),
    ] {
        let verdict = judge(rule, facts);
        let Verdict::Unsure {
            actual: None,
            why: found,
        } = &verdict
        else {
            panic!("{verdict:?}");
        };
        assert!(found.contains(why), "{found}");
        let violation = verdict.violation(rule, "/image").unwrap();
        assert_eq!(
            (violation.certainty, &violation.found),
            (Certainty::Likely, found)
        );
    }
}

#[test]
fn only_certain_verdicts_are_certain_violations() {
    let rule = rule(Quantity::WidthPixels, AtMost, Number::Int(3000));
    let violation = |facts: &Facts| judge(&rule, facts).violation(&rule, "/image");
    assert_eq!(violation(&image(3000, 1, Some(1))), None);
    let certain = violation(&image(3001, 1, Some(1))).unwrap();
    assert_eq!(
        (certain.certainty, certain.rule),
        (Certainty::Certain, Constraint::Media)
    );
    assert_eq!(
        certain.to_string(),
        "/image: found a width of 3001, expected width_pixels <= 3000 (As the service says it.)"
    );
    let likely = violation(&image(3001, 1, None)).unwrap();
    assert_eq!(likely.certainty, Certainty::Likely);
}
