//! Outputs are real files that can be fetched whole and in ranges.

use std::time::Duration;

use crate::support::{Caller, IMAGE, VIDEO, boat, builder, start};
use reqwest::{Method, StatusCode, header};
use runcomfy_schema::ModelSchema;
use serde_json::json;

#[cfg(feature = "render")]
#[tokio::test]
async fn image_has_the_size_of_the_input() {
    let (_emulator, caller) = start(builder()).await;
    let chosen = json!({ "prompt": "A boat", "width×height": "2304x1728(4:3)" });
    for (input, size) in [(boat(), (2048, 2048)), (chosen, (2304, 1728))] {
        let id = caller.job(IMAGE, &input).await;
        let result = caller.result(&id).await;
        let url = result["output"]["image"].as_str().unwrap();
        let response = caller.fetch(url).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "image/png");
        let file = response.bytes().await.unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((frame.width, frame.height), size);
    }
}

#[tokio::test]
async fn video_and_audio_have_their_own_types() {
    let schema = json!({ "type": "object", "properties": { "prompt": { "type": "string" } } });
    let sound = ModelSchema::parse(Some("acme/sing/text-to-audio"), &[schema])
        .0
        .unwrap();
    let (_emulator, caller) = start(builder().models([sound])).await;
    let input = json!({ "prompt": "x", "image_urls": ["https://example.com/a.jpg"] });

    let output = caller.result(&caller.job(VIDEO, &input).await).await["output"].clone();
    assert_eq!(output["videos"], json!([output["video"]]));
    let response = caller.fetch(output["video"].as_str().unwrap()).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "video/mp4");
    assert_eq!(&response.bytes().await.unwrap()[4..8], b"ftyp");

    let output = caller
        .result(&caller.job("acme/sing/text-to-audio", &boat()).await)
        .await["output"]
        .clone();
    let response = caller.fetch(output["audio"].as_str().unwrap()).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "audio/wav");
    assert_eq!(&response.bytes().await.unwrap()[..4], b"RIFF");
}

#[tokio::test]
async fn file_is_served_in_ranges() {
    let emulator = builder().start().await.unwrap();
    // Output links work without a token.
    let caller = Caller::new(&emulator);
    let id = caller.job(IMAGE, &boat()).await;
    let caller = caller.with_token(None);
    let path = format!("/files/{id}/image.png");

    let whole = caller.fetch(&path).await;
    let etag = whole.headers()[header::ETAG].clone();
    let whole = whole.bytes().await.unwrap();
    let total = whole.len();

    let head = caller.request(Method::HEAD, &path).send().await.unwrap();
    assert_eq!(head.headers()[header::CONTENT_LENGTH], *total.to_string());
    assert_eq!(head.headers()[header::ACCEPT_RANGES], "bytes");
    assert!(head.bytes().await.unwrap().is_empty());

    let fetch_range = async |range: &str, known: &str| {
        let request = caller
            .request(Method::GET, &path)
            .header(header::RANGE, range);
        request
            .header(header::IF_RANGE, known)
            .send()
            .await
            .unwrap()
    };
    let etag = etag.to_str().unwrap();
    for (range, part) in [
        ("bytes=0-9".to_owned(), 0..10),
        (format!("bytes={}-", total - 5), total - 5..total),
        ("bytes=-7".to_owned(), total - 7..total),
    ] {
        let response = fetch_range(&range, etag).await;
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        let content_range = format!("bytes {}-{}/{total}", part.start, part.end - 1);
        assert_eq!(response.headers()[header::CONTENT_RANGE], *content_range);
        assert_eq!(response.bytes().await.unwrap(), whole[part]);
    }
    assert_eq!(
        fetch_range("bytes=0-9", "\"older\"")
            .await
            .bytes()
            .await
            .unwrap(),
        whole
    );
    let beyond = fetch_range(&format!("bytes={total}-"), etag).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(
        beyond.headers()[header::CONTENT_RANGE],
        *format!("bytes */{total}")
    );
}

#[tokio::test(start_paused = true)]
async fn file_exists_only_after_the_job_succeeded() {
    let hour = Duration::from_secs(3600);
    let (emulator, caller) = start(builder().run_time(hour)).await;
    let id = caller.job(IMAGE, &boat()).await;
    let path = format!("/files/{id}/image.png");
    assert_eq!(caller.fetch(&path).await.status(), StatusCode::NOT_FOUND);
    emulator.advance(hour);
    assert_eq!(caller.fetch(&path).await.status(), StatusCode::OK);
    assert_eq!(
        caller
            .fetch(&format!("/files/{id}/image.jpg"))
            .await
            .status(),
        StatusCode::NOT_FOUND
    );

    emulator.fail_next("no");
    let id = caller.job(IMAGE, &boat()).await;
    emulator.advance(hour);
    assert_eq!(
        caller
            .fetch(&format!("/files/{id}/image.png"))
            .await
            .status(),
        StatusCode::NOT_FOUND
    );
}
