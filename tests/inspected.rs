//! A file that is saved is what its name says, whatever a server sends.

use std::path::Path;
use std::time::Duration;

use runcomfy::schema::MediaKind;
use runcomfy::{Client, Error, ErrorKind, Job, Output, Saved};
use runcomfy_testkit::cases::{Cases, rerun};
use runcomfy_testkit::server::{Request, Response, Server};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../crates/media/tests/fixtures/", $name)).as_slice()
    };
}

const PNG: &[u8] = fixture!("palette.png");
const JPEG: &[u8] = fixture!("progressive.jpg");
const MP4: &[u8] = fixture!("last.mp4");
const WAV: &[u8] = fixture!("plain.wav");
const PAGE: &[u8] = b"<!DOCTYPE html>\n<html><body>Sorry</body></html>\n";
const GLB: &[u8] = b"glTF\x02\x00\x00\x00\x14\x00\x00\x00\x00\x00";

/// The fate of a body, as this table knows it.
#[derive(Clone, Copy, Debug)]
enum Is {
    /// Saved with this extension, whatever was promised.
    Media(&'static str),
    /// Saved as it is where nothing promises media; else refused, and kept with this extension.
    Text(&'static str),
    /// Refused where the file itself promises media, and saved with this extension elsewhere.
    Archive(&'static str),
    /// Saved as it is.
    Unknown,
    /// Refused, and kept with `truncated` before this extension.
    Cut(&'static str),
    /// Refused, and nothing is kept.
    Nothing,
}

/// Returns each body with its fate.
fn bodies() -> Vec<(Vec<u8>, Is)> {
    let cut = |file: &[u8]| file[..file.len() * 2 / 3].to_vec();
    vec![
        (PNG.to_vec(), Is::Media("png")),
        (JPEG.to_vec(), Is::Media("jpg")),
        (MP4.to_vec(), Is::Media("mp4")),
        (WAV.to_vec(), Is::Media("wav")),
        (fixture!("animated.gif").to_vec(), Is::Media("gif")),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            Is::Media("svg"),
        ),
        (PAGE.to_vec(), Is::Text("html")),
        (
            b"\n\n<html><head><title>503</title>".to_vec(),
            Is::Text("html"),
        ),
        (br#"{"error": "expired"}"#.to_vec(), Is::Text("json")),
        (b"[1, 2, 3]".to_vec(), Is::Text("json")),
        (b"<?xml version=\"1.0\"?><Error/>".to_vec(), Is::Text("xml")),
        (b"Internal Server Error".to_vec(), Is::Text("txt")),
        (b" \n".to_vec(), Is::Text("txt")),
        (b"PK\x03\x04\x14\x00\x00\x00".to_vec(), Is::Archive("zip")),
        (
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00".to_vec(),
            Is::Archive("gz"),
        ),
        (GLB.to_vec(), Is::Unknown),
        (vec![7, 0, 1, 2, 3, 255, 254, 0, 9], Is::Unknown),
        (cut(PNG), Is::Cut("png")),
        (cut(JPEG), Is::Cut("jpg")),
        (cut(MP4), Is::Cut("mp4")),
        (Vec::new(), Is::Nothing),
    ]
}

/// The names around a link, and `true` if they promise media. The place of the link is `URL`.
fn members() -> Vec<(Value, bool)> {
    vec![
        (json!({"image": "URL"}), true),
        (json!({"images": ["URL"]}), true),
        (json!({"video_url": "URL"}), true),
        (json!({"audio": {"url": "URL"}}), true),
        (json!({"result": "URL"}), false),
        (json!({"model_mesh": {"url": "URL"}}), false),
        (json!({"video": {"captions": "URL"}}), false),
        (json!("URL"), false),
    ]
}

/// File extensions with their dot, and `true` for those of media.
const EXTENSIONS: [(&str, bool); 9] = [
    ("", false),
    (".png", true),
    (".JPG", true),
    (".mp4", true),
    (".mp3", true),
    (".glb", false),
    (".zip", false),
    (".json", false),
    (".srt", false),
];

const MEDIA_TYPES: [(Option<&str>, bool); 5] = [
    (None, false),
    (Some("image/png"), true),
    (Some("audio/mpeg"), true),
    (Some("application/octet-stream"), false),
    (Some("text/html; charset=utf-8"), false),
];

fn client_of(server: &Server) -> Client {
    let builder = Client::builder().token("t").base_url(server.origin());
    builder.build().unwrap()
}

fn job_of(server: &Server) -> Job<Output> {
    client_of(server).json_job("r1".parse().unwrap())
}

/// Returns the names of the files in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn name(file: &Saved) -> &str {
    file.path.file_name().unwrap().to_str().unwrap()
}

/// Replaces the place of the link.
fn with_url(members: &Value, url: &str) -> Value {
    serde_json::from_str(&members.to_string().replace("URL", url)).unwrap()
}

/// The name that is on disk at the end, and `true` if the download succeeds; `None` for no file.
fn expected(is: Is, by_names: bool, by_file: bool, extension: &str) -> (Option<String>, bool) {
    let original = format!("out{extension}");
    let has = |wanted: &str| {
        let same = |known: &&str| extension[1..].eq_ignore_ascii_case(known);
        let spellings: &[&str] = if wanted == "jpg" {
            &["jpg", "jpeg"]
        } else {
            &[wanted]
        };
        !extension.is_empty() && spellings.iter().any(same)
    };
    // Extensions of a mesh and of subtitles are not replaced: they may be part of a name.
    let appended = matches!(extension, ".glb" | ".srt");
    let renamed = |wanted: &str| match wanted {
        wanted if has(wanted) => original.clone(),
        wanted if appended => format!("{original}.{wanted}"),
        wanted => format!("out.{wanted}"),
    };
    match is {
        Is::Media(wanted) => (Some(renamed(wanted)), true),
        Is::Text(wanted) if by_names || by_file => (Some(renamed(wanted)), false),
        Is::Text(_) | Is::Unknown => (Some(original), true),
        Is::Archive(wanted) => (Some(renamed(wanted)), !by_file),
        Is::Cut(wanted) => {
            let name = renamed(wanted);
            let (stem, extension) = name.rsplit_once('.').unwrap();
            (Some(format!("{stem}.truncated.{extension}")), false)
        }
        Is::Nothing => (None, false),
    }
}

/// A body under some name, behind some extension, with some media type.
#[tokio::test(start_paused = true)]
async fn no_file_has_a_name_that_lies() {
    let bodies = bodies();
    let sent: Vec<Vec<u8>> = bodies.iter().map(|(body, _)| body.clone()).collect();
    let server = Server::start(move |request| {
        let mut numbers = request.path().split('/').skip(1);
        let mut number = || numbers.next().unwrap().parse::<usize>().unwrap();
        let (body, media_type) = (number(), number());
        let response = Response::ok(sent[body].clone());
        match MEDIA_TYPES[media_type].0 {
            Some(media_type) => response.header("content-type", media_type),
            None => response,
        }
    })
    .await;
    let members = members();
    let job = job_of(&server);
    for seed in Cases::from_env(600).seeds() {
        let mut random = fastrand::Rng::with_seed(seed);
        let (members, by_names) = random.choice(&members).unwrap();
        let (body, media_type) = (
            random.usize(..bodies.len()),
            random.usize(..MEDIA_TYPES.len()),
        );
        let (extension, by_extension) = random.choice(EXTENSIONS).unwrap();
        let by_file = by_extension || MEDIA_TYPES[media_type].1;
        let is = bodies[body].1;
        let url = server.url(&format!("{body}/{media_type}/out{extension}"));
        let output = Output::from(with_url(members, &url));
        let case = format!("{members} {is:?} {url}; {}", rerun(seed));

        let folder = tempfile::tempdir().unwrap();
        let outcome = job.download(&output, folder.path()).await;
        let (file, succeeds) = expected(is, *by_names, by_file, extension);
        assert_eq!(names(folder.path()), Vec::from_iter(file), "{case}");
        match outcome {
            Ok(saved) => assert!(succeeds && saved.len() == 1, "{case}"),
            Err(error) => {
                assert_eq!(
                    (succeeds, error.kind()),
                    (false, ErrorKind::Unreadable),
                    "{case}"
                );
                let kept = error.kept_file().map(|file| name(file).to_owned());
                assert_eq!(kept, names(folder.path()).pop(), "{case}");
            }
        }
    }
}

/// Downloads one URL into a new folder.
async fn fetch(server: &Server, path: &str) -> (Result<Saved, Error>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let client = client_of(server);
    let outcome = client.download(&server.url(path), folder.path()).await;
    (outcome, folder)
}

/// Answers with lies until the request of this number, and then with the file.
async fn lying(lies: usize, lie: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Server {
    Server::start(move |request| match request.number {
        number if number < lies => lie(request),
        _ => Response::ok(PNG),
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn wrong_file_is_retried_until_the_right_one_is_there() {
    let cut = || Response::ok(&PNG[..PNG.len() - 4]);
    for lie in [
        Response::ok(PAGE),
        cut(),
        Response::ok("{}"),
        Response::ok(""),
    ] {
        let server = lying(2, move |_| lie.clone()).await;
        let (outcome, folder) = fetch(&server, "b%C3%A4r.png").await;
        let saved = outcome.unwrap();
        assert_eq!(std::fs::read(&saved).unwrap(), PNG);
        assert_eq!(
            (names(folder.path()), server.requests().len()),
            (vec!["bär.png".to_owned()], 3)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn page_that_stays_is_kept_as_a_page() {
    // It is longer each time, which is no progress.
    let server = lying(100, |request| {
        let page = [PAGE, " ".repeat(request.number).as_bytes()].concat();
        Response::ok(page).header("etag", "\"v1\"")
    })
    .await;
    let started = Instant::now();
    let (outcome, folder) = fetch(&server, "image.png?sig=s3cret").await;
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unreadable, 3),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_secs(3));
    assert!(
        error.is_transient() && !error.to_string().contains("s3cret"),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("an HTML page where an image was expected"),
        "{error}"
    );
    let kept = error.kept_file().unwrap();
    assert_eq!(kept.path, folder.path().join("image.html"));
    assert_eq!(kept.facts.size_bytes, Some(PAGE.len() as u64 + 2));
    assert_eq!(names(folder.path()), ["image.html"]);
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.range().is_none())
    );
}

#[tokio::test(start_paused = true)]
async fn failure_after_a_page_keeps_nothing() {
    let server = Server::start(|request| match request.number {
        0 => Response::ok(PAGE),
        _ => Response::new(404, ""),
    })
    .await;
    let (outcome, folder) = fetch(&server, "image.png").await;
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.kept_file()),
        (ErrorKind::NotFound, None)
    );
    assert!(names(folder.path()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn caller_may_expect_media_where_nothing_else_does() {
    let server = Server::always(Response::ok(PAGE)).await;
    let (client, folder) = (client_of(&server), tempfile::tempdir().unwrap());
    let url = server.url("abc");
    let plain = client.download(&url, folder.path()).await.unwrap();
    assert_eq!(name(&plain), "abc");
    let expecting = client
        .download(&url, folder.path())
        .expect_media(MediaKind::Video);
    let error = expecting.await.unwrap_err();
    assert!(
        error.to_string().contains("where a video was expected"),
        "{error}"
    );
    assert_eq!(names(folder.path()), ["abc", "abc.html"]);
}

#[tokio::test(start_paused = true)]
async fn facts_of_a_saved_file_are_known() {
    let server = Server::start(|request| match request.path() {
        "/a.png" => Response::ok(PNG),
        "/b" => Response::ok(MP4),
        _ => Response::ok(WAV),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let output = json!([server.url("a.png"), server.url("b"), server.url("c.mp3")]);
    let job = job_of(&server);
    let saved = std::sync::Mutex::new(Vec::new());
    let files = job
        .download(&Output::from(output), folder.path())
        .on_saved(|index, file| saved.lock().unwrap().push((index, file.clone())))
        .await
        .unwrap();
    let mut saved = saved.into_inner().unwrap();
    saved.sort_by_key(|(index, _)| *index);
    assert_eq!(
        saved.into_iter().map(|(_, file)| file).collect::<Vec<_>>(),
        files
    );
    let shown: Vec<_> = files
        .iter()
        .map(|file| (name(file), file.facts.kind))
        .collect();
    let kinds = [MediaKind::Image, MediaKind::Video, MediaKind::Audio].map(Some);
    assert_eq!(
        shown,
        [
            ("a.png", kinds[0]),
            ("b.mp4", kinds[1]),
            ("c.wav", kinds[2])
        ]
    );
    for (file, bytes) in files.iter().zip([PNG, MP4, WAV]) {
        assert_eq!(file.facts.size_bytes, Some(bytes.len() as u64));
        assert_eq!(Saved::from_path(&file.path).unwrap(), *file);
    }
    assert!(files[0].facts.shown().is_some() && files[2].facts.duration_seconds.is_some());
}

#[tokio::test(start_paused = true)]
async fn changed_extension_overwrites_nothing() {
    let server = Server::always(Response::ok(JPEG)).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("image.jpg"), "mine").unwrap();
    let client = client_of(&server);
    for expected in ["image-1.jpg", "image-2.jpg"] {
        let saved = client
            .download(&server.url("image.png"), folder.path())
            .await;
        assert_eq!(name(&saved.unwrap()), expected);
    }
    assert_eq!(
        std::fs::read(folder.path().join("image.jpg")).unwrap(),
        b"mine"
    );
    assert_eq!(
        names(folder.path()),
        ["image-1.jpg", "image-2.jpg", "image.jpg"]
    );
}

#[tokio::test(start_paused = true)]
async fn name_of_the_caller_does_not_lie_either() {
    for (body, template, expected) in [
        (JPEG, "x.{ext}", "x.jpg"),
        (JPEG, "x.png", "x.jpg"),
        (JPEG, "x", "x"),
        (PAGE, "x.{ext}", "x.html"),
        (PAGE, "x.png", "x.html"),
        (PAGE, "x", "x.html"),
        (&PNG[..PNG.len() / 2], "x.png", "x.truncated.png"),
    ] {
        let server = Server::always(Response::ok(body)).await;
        let folder = tempfile::tempdir().unwrap();
        let output = Output::from(json!({ "image": server.url("image.png") }));
        let job = job_of(&server);
        let outcome = job
            .download(&output, folder.path())
            .file_name(|_, name| {
                let extension = name.rsplit_once('.').unwrap().1;
                template.replace("{ext}", extension)
            })
            .await;
        assert_eq!(outcome.is_ok(), body == JPEG);
        assert_eq!(names(folder.path()), [expected], "{template}");
    }
}

#[tokio::test(start_paused = true)]
async fn data_uris_are_saved() {
    let server = Server::always(Response::new(500, "")).await;
    let base64 = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let unpadded = base64.trim_end_matches('=');
    let output = json!({
        "images": [format!("data:image/png;base64,{base64}"), format!("data:;base64,{unpadded}")],
        "audio": format!("data:audio/mpeg;base64,{base64}"),
        "subtitles": "data:text/vtt,WEBVTT%0A",
        "mesh": {"url": "DATA:model/gltf-binary;base64,Z2xURgIAAAA="},
        "text": "data: five of them, two red",
        "seed": 7,
    });
    let output = Output::from(output);
    let (job, folder) = (job_of(&server), tempfile::tempdir().unwrap());
    let files = job.download(&output, folder.path()).await.unwrap();
    let mut found: Vec<&str> = files.iter().map(name).collect();
    found.sort_unstable();
    let expected = [
        "audio.png",
        "image-1.png",
        "image.png",
        "mesh.glb",
        "subtitles.vtt",
    ];
    assert_eq!(
        (&*found, &*names(folder.path())),
        (&expected[..], &expected.map(str::to_owned)[..])
    );
    assert_eq!(files[0].facts.shown(), Some((1, 1)));
    let one = client_of(&server)
        .download(output.urls()[0], folder.path())
        .await;
    assert_eq!(name(&one.unwrap()), "output.png");
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn broken_data_uri_is_named_by_its_pointer() {
    let server = Server::always(Response::new(500, "")).await;
    let job = job_of(&server);
    for (broken, kind) in [
        ("data:image/png;base64,@@@", ErrorKind::UnexpectedOutput),
        ("data:image/png;base64", ErrorKind::UnexpectedOutput),
        ("data:image/png;base64,", ErrorKind::UnexpectedOutput),
        ("data:image/png,%3Chtml%3E", ErrorKind::Unreadable),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = Output::from(
            json!({"images": ["data:image/gif,GIF89a%01%00%01%00%00%00%00%3B", broken]}),
        );
        let outcomes = job.download(&output, folder.path()).outcomes().await;
        let [Ok(good), Err(error)] = &outcomes[..] else {
            panic!("{broken}: {outcomes:?}")
        };
        assert_eq!((name(good), error.kind()), ("image.gif", kind), "{error}");
        let is_named = error.to_string().contains("`/images/1`");
        assert_eq!(is_named, kind == ErrorKind::UnexpectedOutput, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn large_data_uri_is_refused() {
    let server = Server::always(Response::new(500, "")).await;
    let (job, folder) = (job_of(&server), tempfile::tempdir().unwrap());
    let output = Output::from(json!({ "image": format!("data:image/png,{}", "x".repeat(101)) }));
    let error = job.download(&output, folder.path()).size_limit(100).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::TooLarge);
    assert!(names(folder.path()).is_empty());
}
