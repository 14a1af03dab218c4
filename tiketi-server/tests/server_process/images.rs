//! Images of a running server: in a folder over a restart, and in a bucket of an S3 server that two servers share.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tiketi_server_harness::{DEADLINE, Running, server};
use tokio::process::{Child, Command};
use tokio::time::{Duration, sleep, timeout};

const EMAIL: &str = "admin@harbour-hall.example";
const PASSWORD: &str = "a password of the harbour hall";
/// A PNG of two by one pixels.
const PNG: &[u8] = include_bytes!("two_pixels.png");

/// Where Cargo lets tests keep files.
const TARGET: &str = env!("CARGO_TARGET_TMPDIR");

/// An S3 server on the loopback; dropping it ends it.
struct S3 {
    port: u16,
    _process: Child,
}

impl S3 {
    /// Starts a server with an empty bucket.
    async fn start() -> Self {
        let port = tiketi_test_ports::lease();
        let program = install().await.join("bin/moto_server");
        let process = Command::new(program)
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let s3 = Self { port, _process: process };
        let bucket = format!("http://127.0.0.1:{port}/posters");
        let made = async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            while !client.put(&bucket).send().await.is_ok_and(|answer| answer.status().is_success()) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(DEADLINE, made).await.expect("the S3 server never answered");
        s3
    }

    fn address(&self) -> String {
        format!("s3://posters/of-the-shop?endpoint=http://127.0.0.1:{}&region=eu-west-1", self.port)
    }
}

/// Installs the S3 server, unless it was done before.
async fn install() -> PathBuf {
    let folder = Path::new(TARGET).join("moto-5.2.5");
    let done = folder.join("installed");
    // Processes of tests install one after another.
    let lock = std::fs::File::create(Path::new(TARGET).join("moto.lock")).unwrap();
    tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await.unwrap().unwrap();
    if done.exists() {
        return folder;
    }
    let pip = folder.join("bin/pip");
    let folder_text = folder.to_str().unwrap();
    let steps: [(&Path, &[&str]); 2] = [
        (Path::new("python3"), &["-m", "venv", folder_text]),
        (&pip, &["install", "--quiet", "--disable-pip-version-check", "moto[s3,server]==5.2.5"]),
    ];
    for (program, arguments) in steps {
        let ended = timeout(DEADLINE, Command::new(program).args(arguments).status()).await;
        let status = ended.expect("the installation never ended");
        assert!(status.expect("python3 cannot be started; in Debian, install `python3-venv`").success());
    }
    std::fs::write(done, "").unwrap();
    folder
}

/// Starts a server that stores images at a place.
async fn start(images: &str, store: &str) -> Running {
    let admin = ["--admin-email", EMAIL, "--admin-password", PASSWORD];
    let options = ["--listen", "127.0.0.1:0", "--images", images, "--store", store];
    let mut command = server(&[&options[..], &admin].concat());
    command.env("AWS_ACCESS_KEY_ID", "shop").env("AWS_SECRET_ACCESS_KEY", "not a secret");
    Running::of(command).await
}

/// Uploads the picture, and returns its path.
async fn upload(running: &Running) -> String {
    let token = running.sign_in(EMAIL, PASSWORD).await;
    let url = format!("http://{}/api/image/upload", running.address());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(url).bearer_auth(token).header("content-type", "image/png").body(PNG);
    let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    answer["url"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Reads an image, and returns its status, type and bytes.
async fn read(running: &Running, path: &str) -> (u16, String, Vec<u8>) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("http://{}{path}", running.address())).send().await.unwrap();
    let (status, kind) =
        (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap().to_owned());
    (status, kind, answer.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn images_in_a_folder_outlive_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("posters");
    let store = format!("sqlite:{}", folder.path().join("shop.db").display());
    let running = start(images.to_str().unwrap(), &store).await;
    let path = upload(&running).await;
    let before = read(&running, &path).await;
    assert_eq!((before.0, before.1.as_str()), (200, "image/png"));
    running.kill().await;
    let again = start(images.to_str().unwrap(), &store).await;
    assert_eq!(read(&again, &path).await, before);
    assert_eq!(std::fs::read_dir(&images).unwrap().count(), 1);
}

#[tokio::test]
async fn servers_share_the_images_of_a_bucket() {
    let s3 = S3::start().await;
    let place = s3.address();
    let (one, other) = tokio::join!(start(&place, "memory:"), start(&place, "memory:"));
    let path = upload(&one).await;
    let found = read(&other, &path).await;
    assert_eq!((found.0, found.1.as_str()), (200, "image/png"));
    assert_eq!(upload(&other).await, path, "the same picture has the same name");
    let unknown = format!("/images/{}.png", "ab".repeat(32));
    assert_eq!(read(&one, &unknown).await.0, 404);
    // Without its bucket, the server says so and stays.
    drop(s3);
    let (status, _, body) = read(&one, &unknown).await;
    assert_eq!(status, 503, "{}", String::from_utf8_lossy(&body));
    assert_eq!(one.get("/health/live", None).await.0, 200);
}
