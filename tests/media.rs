//! Every media rule of every model holds at its bound, one below and one above, wherever the image
//! is; and the emulator refuses what the client refuses.

use std::path::Path;

use runcomfy::media::{CheckMedia, DataUri, Prober};
use runcomfy::schema::{Certainty, Literal};
use runcomfy::{Client, ErrorKind, Media, Model, Violations};
use runcomfy_emulator::{Call, Emulator};
use runcomfy_models::bytedance::dreamina_3_0::pro::image_to_video;
use runcomfy_models::bytedance::dreamina_4_0::{edit, text_to_image};
use runcomfy_testkit::server::{Request, Response, Server};

use super::support::{client, start};

/// An image's width, height, size in bytes, and the rules that it violates: `!` before a certain
/// violation, `?` before one that depends on how the service measures.
type Case = (u16, u16, u64, &'static [&'static str]);

const SMALL: u64 = 100_000;
const MIB: u64 = 1 << 20;

const EDIT: &[Case] = &[
    (1000, 1000, SMALL, &[]),
    // At most 15 MB.
    (1000, 1000, 14_999_999, &[]),
    (1000, 1000, 15_000_000, &[]),
    (1000, 1000, 15_000_001, &["?file_size_mb <= 15"]),
    (1000, 1000, 15 * MIB - 1, &["?file_size_mb <= 15"]),
    (1000, 1000, 15 * MIB, &["?file_size_mb <= 15"]),
    (1000, 1000, 15 * MIB + 1, &["!file_size_mb <= 15"]),
    // At most 4096 pixels a side.
    (4095, 4095, SMALL, &[]),
    (4096, 4096, SMALL, &[]),
    (4097, 4096, SMALL, &["!width_pixels <= 4096"]),
    (4096, 4097, SMALL, &["!height_pixels <= 4096"]),
    // Between 0.33 and 3 wide for 1 high.
    (329, 1000, SMALL, &["!width/height >= 0.33"]),
    (330, 1000, SMALL, &[]),
    (331, 1000, SMALL, &[]),
    (2999, 1000, SMALL, &[]),
    (3000, 1000, SMALL, &[]),
    (3001, 1000, SMALL, &["!width/height <= 3"]),
];

const IMAGE_TO_VIDEO: &[Case] = &[
    (1000, 1000, SMALL, &[]),
    // Below 4.7 MB; 4.7 MiB are 4928307.2 bytes.
    (1000, 1000, 4_699_999, &[]),
    (1000, 1000, 4_700_000, &["?file_size_mb < 4.7"]),
    (1000, 1000, 4_700_001, &["?file_size_mb < 4.7"]),
    (1000, 1000, 4_928_307, &["?file_size_mb < 4.7"]),
    (1000, 1000, 4_928_308, &["!file_size_mb < 4.7"]),
    // At most 4096 pixels a side.
    (4095, 4095, SMALL, &[]),
    (4096, 4096, SMALL, &[]),
    (4097, 4096, SMALL, &["!width_pixels <= 4096"]),
    (4096, 4097, SMALL, &["!height_pixels <= 4096"]),
    // More than 320 pixels a side.
    (319, 321, SMALL, &["!width_pixels > 320"]),
    (320, 321, SMALL, &["!width_pixels > 320"]),
    (321, 321, SMALL, &[]),
    (321, 320, SMALL, &["!height_pixels > 320"]),
    (321, 319, SMALL, &["!height_pixels > 320"]),
    // More than 0.33 and less than 3 wide for 1 high.
    (329, 1000, SMALL, &["!width/height > 0.33"]),
    (330, 1000, SMALL, &["!width/height > 0.33"]),
    (331, 1000, SMALL, &[]),
    (2999, 1000, SMALL, &[]),
    (3000, 1000, SMALL, &["!width/height < 3"]),
    (3001, 1000, SMALL, &["!width/height < 3"]),
];

/// Returns a whole GIF of this width and height; bytes after it make it as large as needed.
fn image(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = b"GIF89a".to_vec();
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend(b"\x00\x00\x00;");
    bytes
}

fn file(folder: &Path, (width, height, size, _): Case) -> Media {
    let path = folder.join(format!("{width}x{height}x{size}.gif"));
    std::fs::write(&path, image(width, height)).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    // A sparse file uses no disk space for the rest.
    file.set_len(size).unwrap();
    path.into()
}

/// Starts a server of images at `/{ranges|whole}/{width}x{height}x{size}`; the former supports ranges.
async fn serve() -> Server {
    Server::start(|request| response(request).unwrap_or_else(|| Response::raw(""))).await
}

fn url(server: &Server, way: &str, (width, height, size, _): Case) -> Media {
    server.url(&format!("{way}/{width}x{height}x{size}")).into()
}

/// Returns the response to the prober's request, or `None` for an unknown path.
fn response(request: &Request) -> Option<Response> {
    let (way, dimensions) = request.path()[1..].split_once('/')?;
    let numbers: Vec<usize> = dimensions
        .split('x')
        .filter_map(|n| n.parse().ok())
        .collect();
    let [width, height, size] = numbers[..] else {
        return None;
    };
    let (first, last) = request.range()?;
    let mut body = image(u16::try_from(width).ok()?, u16::try_from(height).ok()?);
    if way != "ranges" {
        body.resize(size, 0);
        return Some(Response::ok(body));
    }
    let end = (last? + 1).min(size);
    body.resize(end, 0);
    let part =
        Response::new(206, &body[first..]).header("content-length", (end - first).to_string());
    Some(part.header("content-range", format!("bytes {first}-{}/{size}", end - 1)))
}

/// Returns the violated rules as a case writes them; all must be about the one image.
fn violated(violations: &Violations) -> Vec<String> {
    let sign = |certainty| {
        if certainty == Certainty::Certain {
            '!'
        } else {
            '?'
        }
    };
    // The test's server has no HTTPS.
    let all = violations.iter().filter(|v| v.rule.as_str() != "format");
    all.map(|v| {
        assert_eq!(
            (&*v.pointer, v.rule.as_str()),
            ("/image_urls/0", "validations")
        );
        assert!(
            v.message.is_some() && v.limit != Literal::Null && !v.actual.is_null(),
            "{v}"
        );
        format!("{}{}", sign(v.certainty), v.expected)
    })
    .collect()
}

struct Setup {
    emulator: Emulator,
    client: Client,
    server: Server,
    folder: tempfile::TempDir,
}

impl Setup {
    async fn new() -> Self {
        let (emulator, _) = start(Emulator::builder()).await;
        let prober = Prober::builder().allow_loopback(true).build().unwrap();
        Self {
            client: client(&emulator).prober(prober).build().unwrap(),
            emulator,
            server: serve().await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    async fn check<M: Model>(&self, cases: &[Case], input: impl Fn(Media) -> M) {
        for case in cases {
            for (source, media) in [
                ("file", file(self.folder.path(), *case)),
                ("ranges", url(&self.server, "ranges", *case)),
                ("whole", url(&self.server, "whole", *case)),
            ] {
                let before = self.server.connections();
                let input = input(media);
                let violations = input.check_media(&self.client).await.unwrap();
                assert_eq!(violated(&violations), case.3, "{source} {case:?}");
                let requests = self.server.connections() - before;
                assert_eq!(requests, usize::from(source != "file"), "{source} {case:?}");
                // A large file is sent inside the request, which is slow without optimization.
                if source != "file" || case.2 == SMALL {
                    self.check_verdict(&input, &violations, source).await;
                }
            }
        }
    }

    /// Checks that the verdict alone decides about the submit, and that the emulator agrees if the
    /// client does not check.
    async fn check_verdict<M: Model>(&self, input: &M, violations: &Violations, source: &str) {
        let before = self.emulator.count(Call::Submit);
        let checked = self
            .client
            .submit(input)
            .check_media(CheckMedia::Everything)
            .await;
        let sent = self.emulator.count(Call::Submit) - before;
        assert_eq!(
            (checked.is_err(), sent),
            (violations.refuse(), usize::from(!violations.refuse()))
        );
        if let Err(error) = checked {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert_eq!(violated(error.violations()), violated(violations));
        }
        let unchecked = self
            .client
            .submit(input)
            .check_media(CheckMedia::Nothing)
            .await;
        assert_eq!(unchecked.is_err(), violations.refuse(), "{source}");
        if let Err(error) = unchecked {
            assert_eq!(error.kind(), ErrorKind::BadRequest);
            let detail = error.detail().unwrap().to_string();
            let certain = violations
                .iter()
                .filter(|v| v.certainty == Certainty::Certain);
            for violation in certain {
                assert!(detail.contains(&violation.expected), "{detail}");
            }
        }
    }
}

#[tokio::test]
async fn every_rule_of_dreamina_4_edit_holds_at_its_bound() {
    let setup = Setup::new().await;
    let input = |media| {
        edit::Input::new(edit::Required {
            image_urls: [media],
            prompt: "A boat",
        })
    };
    setup.check(EDIT, input).await;
}

#[tokio::test]
async fn every_rule_of_image_to_video_holds_at_its_bound() {
    let setup = Setup::new().await;
    let input = |media| {
        image_to_video::Input::new(image_to_video::Required {
            image_urls: [media],
            prompt: "A boat",
        })
    };
    setup.check(IMAGE_TO_VIDEO, input).await;
}

#[tokio::test]
async fn model_without_media_has_no_violations() {
    let setup = Setup::new().await;
    let input = text_to_image::Input::new("https://127.0.0.1/a.jpg");
    let violations = input.check_media(&setup.client).await.unwrap();
    assert!(violations.is_empty(), "{violations}");
}

/// The tables above cover every rule of the built-in models.
#[test]
fn every_rule_has_a_case() {
    for model in runcomfy_models::ALL {
        let cases = match model.id.rsplit('/').next() {
            Some("edit") => EDIT,
            Some("image-to-video") => IMAGE_TO_VIDEO,
            _ => &[],
        };
        for property in model.input.properties().unwrap() {
            for rule in property.schema.rules() {
                let rule = format!("!{rule}");
                let covered = cases.iter().any(|case| case.3.contains(&&*rule));
                assert!(covered, "{}: {rule}", model.id);
            }
        }
    }
}

/// A warning never refuses, and names the reason.
#[tokio::test]
async fn unknown_facts_are_warnings() {
    let setup = Setup::new().await;
    let lost = |path: &str| setup.server.url(path);
    let media = [
        Media::url(lost("nothing/here")),
        Media::url("https://127.0.0.1:1/a.jpg"),
        Media::url("data:image/png;base64,UEsDBA=="),
        Media::url("data:image/png;base64,!"),
        Media::bytes(*b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x00\x00\x00\x00"),
    ];
    let input = edit::Input::new(edit::Required {
        image_urls: media,
        prompt: "A boat",
    });
    let violations = input.check_media(&setup.client).await.unwrap();
    assert!(!violations.refuse(), "{violations}");
    let warnings: Vec<_> = violations
        .iter()
        .map(|v| (&*v.pointer, &*v.found))
        .collect();
    for (pointer, found) in [
        ("/image_urls/0", "broke before a response"),
        ("/image_urls/1", "no connection to"),
        ("/image_urls/2", "ZIP archive"),
        ("/image_urls/3", "cannot be decoded"),
        ("/image_urls/4", "audio of the format wav"),
    ] {
        let is_it = |warning: &&(&str, &str)| warning.0 == pointer && warning.1.contains(found);
        assert!(
            warnings.iter().any(|warning| is_it(&warning)),
            "{pointer} {found}: {warnings:#?}"
        );
    }
}

/// The first two thirds of a file.
macro_rules! cut {
    ($name:literal) => {{
        let whole = include_bytes!(concat!("../crates/media/tests/fixtures/", $name)).as_slice();
        &whole[..whole.len() * 2 / 3]
    }};
}

#[tokio::test]
async fn media_that_are_cut_off_are_warned_of() {
    let setup = Setup::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cut.jpg");
    std::fs::write(&file, cut!("progressive.jpg")).unwrap();
    let input = edit::Input::new(edit::Required {
        image_urls: [
            Media::bytes(cut!("palette.png").to_vec()),
            Media::file(&file),
            Media::url(DataUri::encode("image/png", cut!("palette.png"))),
            Media::bytes(include_bytes!("../crates/media/tests/fixtures/palette.png").to_vec()),
        ],
        prompt: "A boat",
    });
    let violations = input.check_media(&setup.client).await.unwrap();
    assert!(
        violations
            .iter()
            .all(|v| v.certainty == Certainty::Likely || !v.found.contains("cut off"))
    );
    let cut: Vec<&str> = violations
        .iter()
        .filter(|v| v.found.contains("cut off"))
        .map(|v| &*v.pointer)
        .collect();
    assert_eq!(cut, ["/image_urls/0", "/image_urls/1", "/image_urls/2"]);
}

#[tokio::test]
async fn data_uri_of_no_media_is_refused() {
    let setup = Setup::new().await;
    for (uri, is_refused) in [
        ("data:text/plain,hello", true),
        ("data:Text/HTML;charset=utf-8;base64,PGh0bWw+", true),
        ("data:font/woff2;base64,AAAA", true),
        ("data:,hello", false),
        ("data:image/x-new;base64,AAAA", false),
        ("data:application/octet-stream;base64,AAAA", false),
    ] {
        let input = edit::Input::new(edit::Required {
            image_urls: [Media::url(uri)],
            prompt: "A boat",
        });
        let violations = input.check_media(&setup.client).await.unwrap();
        assert_eq!(violations.refuse(), is_refused, "{uri}: {violations}");
        assert!(!violations.is_empty(), "{uri}");
    }
}

#[tokio::test]
async fn plain_http_is_warned_of_once() {
    let setup = Setup::new().await;
    let input = edit::Input::new(edit::Required {
        image_urls: [Media::url("http://example.invalid/a.png")],
        prompt: "A boat",
    })
    .scale(7.0);
    let submit = setup.client.submit(&input);
    let error = submit
        .check_media(CheckMedia::Everything)
        .await
        .unwrap_err();
    let rules: Vec<&str> = error.violations().iter().map(|v| v.rule.as_str()).collect();
    assert_eq!(rules, ["format", "maximum"], "{error}");
}
