//! Every rule of every model at its bound, one below and one above, wherever the medium is; and
//! the emulator refuses what the client refuses.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use runcomfy::media::{CheckMedia, Prober};
use runcomfy::schema::Certainty;
use runcomfy::{Client, ErrorKind, Media, Model, Violations};
use runcomfy_emulator::{Call, Emulator};
use runcomfy_models::bytedance::dreamina_3_0::pro::image_to_video;
use runcomfy_models::bytedance::dreamina_4_0::{edit, text_to_image};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A picture of these sides and this size in bytes, and the rules that it breaks: `!` before one
/// that is certain, `?` before one that hangs on how the service measures.
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

/// A whole GIF of these sides; what follows it makes it as large as wanted.
fn picture(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = b"GIF89a".to_vec();
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend(b"\x00\x00\x00;");
    bytes
}

fn file(folder: &Path, (width, height, size, _): Case) -> Media {
    let path = folder.join(format!("{width}x{height}x{size}.gif"));
    std::fs::write(&path, picture(width, height)).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    // Sparse: the rest takes no room.
    file.set_len(size).unwrap();
    path.into()
}

/// Pictures at `/{ranges|whole}/{width}x{height}x{size}`, the former with support for ranges.
struct Server {
    origin: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = requests.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer(stream));
            }
        });
        Self { origin, requests }
    }

    fn url(&self, way: &str, (width, height, size, _): Case) -> Media {
        format!("{}/{way}/{width}x{height}x{size}", self.origin).into()
    }
}

async fn answer(mut stream: TcpStream) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?.to_ascii_lowercase();
    let (way, sides) = head.split(' ').nth(1)?[1..].split_once('/')?;
    let numbers: Vec<u64> = sides.split('x').filter_map(|n| n.parse().ok()).collect();
    let [width, height, size] = numbers[..] else {
        return None;
    };
    let asked = head.split("range: bytes=").nth(1)?.split("\r\n").next()?;
    let (start, end) = asked.split_once('-')?;
    let (start, end): (u64, u64) = (start.parse().ok()?, end.parse().ok()?);
    let (status, start, end) = match way {
        "ranges" => ("206 Partial Content", start, (end + 1).min(size)),
        _ => ("200 OK", 0, size),
    };
    let range = match way {
        "ranges" => format!("Content-Range: bytes {start}-{}/{size}\r\n", end - 1),
        _ => String::new(),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{range}Connection: close\r\n\r\n",
        end - start
    );
    let mut body = picture(u16::try_from(width).ok()?, u16::try_from(height).ok()?);
    body.resize(usize::try_from(end).ok()?, 0);
    stream.write_all(head.as_bytes()).await.ok()?;
    // Whoever has seen enough hangs up.
    stream
        .write_all(&body[usize::try_from(start).ok()?..])
        .await
        .ok()
}

/// Each violation as a case writes it; all must speak of the one picture.
fn broken(violations: &Violations) -> Vec<String> {
    let sign = |certainty| {
        if certainty == Certainty::Certain {
            '!'
        } else {
            '?'
        }
    };
    // The test's server has no https.
    let all = violations.iter().filter(|v| v.rule.as_str() != "format");
    all.map(|v| {
        assert_eq!(
            (&*v.pointer, v.rule.as_str()),
            ("/image_urls/0", "validations")
        );
        assert!(
            v.message.is_some() && !v.limit.is_null() && !v.actual.is_null(),
            "{v}"
        );
        format!("{}{}", sign(v.certainty), v.expected)
    })
    .collect()
}

struct House {
    emulator: Emulator,
    client: Client,
    server: Server,
    folder: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let emulator = Emulator::builder().built_in_models().start().await.unwrap();
        let prober = Prober::builder().allow_loopback(true).build().unwrap();
        let client = Client::builder()
            .token("t")
            .base_url(emulator.base_url())
            .prober(prober);
        Self {
            client: client.build().unwrap(),
            emulator,
            server: Server::start().await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    async fn hold<M: Model>(&self, cases: &[Case], input: impl Fn(Media) -> M) {
        for case in cases {
            for (place, media) in [
                ("file", file(self.folder.path(), *case)),
                ("ranges", self.server.url("ranges", *case)),
                ("whole", self.server.url("whole", *case)),
            ] {
                let before = self.server.requests.load(Ordering::SeqCst);
                let input = input(media);
                let violations = input.check_media(&self.client).await.unwrap();
                assert_eq!(broken(&violations), case.3, "{place} {case:?}");
                let requests = self.server.requests.load(Ordering::SeqCst) - before;
                assert_eq!(requests, usize::from(place != "file"), "{place} {case:?}");
                // A large file would travel inside of the request, which takes long unoptimized.
                if place != "file" || case.2 == SMALL {
                    self.agree(&input, &violations, place).await;
                }
            }
        }
    }

    /// Whether it is submitted hangs on the verdict alone; and where the client is told not to
    /// look, the emulator says the same.
    async fn agree<M: Model>(&self, input: &M, violations: &Violations, place: &str) {
        let before = self.emulator.count(Call::Submit);
        let looking = self
            .client
            .submit(input)
            .check_media(CheckMedia::Everything)
            .await;
        let sent = self.emulator.count(Call::Submit) - before;
        assert_eq!(
            (looking.is_err(), sent),
            (violations.refuse(), usize::from(!violations.refuse()))
        );
        if let Err(error) = looking {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert_eq!(broken(error.violations()), broken(violations));
        }
        let blind = self
            .client
            .submit(input)
            .check_media(CheckMedia::Nothing)
            .await;
        assert_eq!(blind.is_err(), violations.refuse(), "{place}");
        if let Err(error) = blind {
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
async fn every_rule_of_dreamina_4_edit() {
    let house = House::new().await;
    let input = |media| edit::Input::new([media], "A boat");
    house.hold(EDIT, input).await;
}

#[tokio::test]
async fn every_rule_of_dreamina_3_image_to_video() {
    let house = House::new().await;
    let input = |media| image_to_video::Input::new([media], "A boat");
    house.hold(IMAGE_TO_VIDEO, input).await;
}

#[tokio::test]
async fn a_model_without_media_has_nothing_to_check() {
    let house = House::new().await;
    let input = text_to_image::Input::new("https://127.0.0.1/a.jpg");
    let violations = input.check_media(&house.client).await.unwrap();
    assert!(violations.is_empty(), "{violations}");
}

/// The tables above speak of every rule that a built-in model has.
#[test]
fn no_rule_is_left_out() {
    for model in runcomfy_models::ALL {
        let cases = match model.id.rsplit('/').next() {
            Some("edit") => EDIT,
            Some("image-to-video") => IMAGE_TO_VIDEO,
            _ => &[],
        };
        for property in model.input.properties().unwrap() {
            for rule in property.schema.rules() {
                let rule = format!("!{rule}");
                let told = cases.iter().any(|case| case.3.contains(&&*rule));
                assert!(told, "{}: {rule}", model.id);
            }
        }
    }
}

/// A warning never blocks, and says why nothing can be told.
#[tokio::test]
async fn what_cannot_be_told_is_a_warning() {
    let house = House::new().await;
    let lost = |at: &str| format!("{}{at}", house.server.origin);
    let media = [
        Media::url(lost("/nothing/here")),
        Media::url("https://127.0.0.1:1/a.jpg"),
        Media::url("data:image/png;base64,UEsDBA=="),
        Media::url("data:image/png;base64,!"),
        Media::bytes(*b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x00\x00\x00\x00"),
    ];
    let input = edit::Input::new(media, "A boat");
    let violations = input.check_media(&house.client).await.unwrap();
    assert!(!violations.refuse(), "{violations}");
    let told: Vec<_> = violations
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
        let is_told = |told: &&(&str, &str)| told.0 == pointer && told.1.contains(found);
        assert!(
            told.iter().any(|t| is_told(&t)),
            "{pointer} {found}: {told:#?}"
        );
    }
}
