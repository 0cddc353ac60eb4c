//! Local files reach the service, or nothing is sent.

use std::path::Path;
use std::sync::{Arc, Mutex};

use runcomfy::media::{CheckMedia, DataUri, Uploading};
use runcomfy::{ErrorKind, Media, Upload, Uploader};
use runcomfy_emulator::{Call, Emulator};
use runcomfy_models::bytedance::dreamina_4_0::edit::{Input, Required};

use super::support::client;

/// An image of 640 × 480 pixels, which every rule of the model allows.
const IMAGE: &[u8] = b"GIF89a\x80\x02\xe0\x01\x00\x00\x00;";

async fn emulator() -> Emulator {
    let emulator = Emulator::builder().built_in_models();
    emulator.start().await.unwrap()
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[tokio::test]
async fn files_and_bytes_are_sent_inside_the_request() {
    let emulator = emulator().await;
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "a.gif", IMAGE);
    let url = "https://example.com/c.gif";
    let media = [Media::from(path), Media::bytes(IMAGE), url.into()];
    let input = Input::new(Required {
        image_urls: media,
        prompt: "A boat",
    })
    .scale(0.5);
    let client = client(&emulator).build().unwrap();
    client.submit(&input).await.unwrap();

    let sent = emulator.ledger().remove(0).input;
    let uri = DataUri::encode("image/gif", IMAGE);
    let expected = serde_json::json!({
        "image_urls": [uri, uri, url], "prompt": "A boat", "scale": 0.5
    });
    assert_eq!(sent, expected);
}

/// An uploader that keeps its uploads.
#[derive(Clone, Default)]
struct Uploads(Arc<Mutex<Vec<Upload>>>);

impl Uploader for Uploads {
    fn upload(&self, upload: Upload) -> Uploading<'_> {
        Box::pin(async move {
            let mut uploads = self.0.lock().unwrap();
            uploads.push(upload);
            Ok(format!("https://uploads.example/{}", uploads.len()))
        })
    }
}

#[tokio::test]
async fn uploader_gets_each_file_once() {
    let emulator = emulator().await;
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "a.gif", IMAGE);
    let uploads = Uploads::default();
    let client = client(&emulator).uploader(uploads.clone()).build().unwrap();
    let media = [Media::from(&*path), Media::bytes(IMAGE), Media::from(path)];
    client
        .submit(Input::new(Required {
            image_urls: media,
            prompt: "A boat",
        }))
        .await
        .unwrap();

    let sent = emulator.ledger().remove(0).input;
    let [one, two] = ["https://uploads.example/1", "https://uploads.example/2"];
    assert_eq!(sent["image_urls"], serde_json::json!([one, two, one]));
    let uploads = uploads.0.lock().unwrap();
    let uploaded: Vec<_> = uploads
        .iter()
        .map(|upload| {
            (
                &upload.bytes[..],
                upload.media_type,
                upload.file_name.as_deref(),
            )
        })
        .collect();
    let gif = "image/gif";
    assert_eq!(uploaded, [(IMAGE, gif, Some("a.gif")), (IMAGE, gif, None)]);
}

/// An uploader that returns this URL, or fails where it is empty.
struct Broken(&'static str);

impl Uploader for Broken {
    fn upload(&self, _: Upload) -> Uploading<'_> {
        Box::pin(async move {
            match self.0 {
                "" => Err("the disk is full".into()),
                url => Ok(url.to_owned()),
            }
        })
    }
}

#[tokio::test]
async fn failed_upload_submits_nothing() {
    let emulator = emulator().await;
    let input = Input::new(Required {
        image_urls: [Media::bytes(IMAGE)],
        prompt: "A boat",
    });
    for (url, reason) in [
        ("", "the disk is full"),
        ("http://uploads.example/1", "no https://"),
    ] {
        let client = client(&emulator).uploader(Broken(url)).build().unwrap();
        let error = client.submit(&input).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Upload);
        assert!(error.to_string().contains(reason), "{error}");
        assert!(!error.may_have_been_submitted());
    }
    assert_eq!(emulator.count(Call::Submit), 0);
}

#[tokio::test]
async fn large_or_missing_files_are_refused_unread() {
    let emulator = emulator().await;
    let folder = tempfile::tempdir().unwrap();
    // Sparse files of 13 MB each, which is below the model's limit of 15 MB.
    let large = file(folder.path(), "large.gif", IMAGE);
    let sparse = std::fs::File::options().write(true).open(&large).unwrap();
    sparse.set_len(13_000_000).unwrap();
    let client = client(&emulator).build().unwrap();
    let submit = async |media: Vec<Media>| {
        let input = Input::new(Required {
            image_urls: media,
            prompt: "A boat",
        });
        client.submit(&input).await.unwrap_err()
    };
    let error = submit(vec![Media::from(large); 4]).await;
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let text = error.to_string();
    assert!(text.contains("67 MiB") && text.contains("64 MiB"), "{text}");

    let error = submit(vec![
        "https://example.com/a.gif".into(),
        Media::file("no/such.gif"),
    ])
    .await;
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let text = error.to_string();
    assert!(
        text.contains("/image_urls/1") && text.contains("cannot be read"),
        "{text}"
    );
    let error = submit(vec![Media::file(folder.path())]).await;
    assert!(error.to_string().contains("not a plain file"), "{error}");
    assert_eq!(emulator.count(Call::Submit), 0);
}

#[tokio::test]
async fn local_media_are_checked_unless_switched_off() {
    let emulator = emulator().await;
    // 5000 × 480 pixels: wider than the model allows, and too wide for its height.
    let wide = b"GIF89a\x88\x13\xe0\x01\x00\x00\x00;";
    let input = Input::new(Required {
        image_urls: [Media::bytes(wide.as_slice())],
        prompt: "A boat",
    });
    let client = client(&emulator).build().unwrap();
    let error = client.submit(&input).await.unwrap_err();
    let texts: Vec<String> = error.violations().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "/image_urls/0: found a width of 5000, expected width_pixels <= 4096 (Maximum resolution is 4096x4096.)",
            "/image_urls/0: found a ratio of 10.4167, expected width/height <= 3 (The input image aspect ratio must be within [1/3, 3].)",
        ]
    );
    assert_eq!(emulator.count(Call::Submit), 0);

    // The emulator finds the same violations if the client does not check.
    let refused = client
        .submit(&input)
        .check_media(CheckMedia::Nothing)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::BadRequest);
    let detail = refused.detail().unwrap().as_array().unwrap();
    let reported: Vec<&str> = detail.iter().map(|v| v["text"].as_str().unwrap()).collect();
    assert_eq!(reported, texts);
    assert!(emulator.ledger().is_empty());
}
