//! Rust's standard library on WASI, widely:   std files DIRECTORY | sockets | denied | pipe | exit CODE | panic
//!
//! Prints what it saw, for test/programs/run to compare with rust.out and sockets.out; nothing differs from run to run.
#![allow(deprecated)] // std::fs::soft_link is the one that stable Rust has on WASI.

use std::collections::hash_map::RandomState;
use std::collections::HashMap;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::hash::BuildHasher;
use std::io::{self, BufRead, IoSlice, Read, Seek, SeekFrom, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::process::{exit, ExitCode};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn kind<T>(result: io::Result<T>) -> String {
    match result {
        Ok(_) => "ok".into(),
        Err(error) => format!("{:?}", error.kind()),
    }
}

fn files() -> io::Result<()> {
    fs::create_dir_all("d/e/f")?;
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open("d/a")?;
    let written = file.write_vectored(&[IoSlice::new(b"hello "), IoSlice::new(b"world")])?;
    file.write_all(&b"hello world"[written..])?;
    file.seek(SeekFrom::Start(6))?;
    file.write_all(b"there")?;
    file.seek(SeekFrom::End(-5))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    file.set_len(8)?;
    file.seek(SeekFrom::Current(-1))?;
    println!("{text} {} {:?}", file.metadata()?.len(), file.stream_position()?);
    file.set_len(100_000)?;
    file.sync_all()?;
    file.sync_data()?;
    drop(file);
    println!("{} {}", fs::metadata("d/a")?.len(), fs::read("d/a")?.iter().filter(|b| **b == 0).count());
    fs::copy("d/a", "d/b")?;
    fs::rename("d/b", "d/e/c")?;
    fs::hard_link("d/e/c", "d/e/h")?;
    fs::soft_link("e/c", "d/l")?;
    println!("{:?} {} {}", fs::read_link("d/l")?, fs::symlink_metadata("d/l")?.is_symlink(), fs::metadata("d/l")?.len());
    let mut names: Vec<_> = fs::read_dir("d")?.map(|e| e.map(|e| (e.file_name(), e.file_type().unwrap().is_dir()))).collect::<Result<_, _>>()?;
    names.sort();
    println!("{names:?}");
    for n in 0..1000 {
        File::create(format!("d/e/f/{n:04}"))?;
    }
    println!("{}", fs::read_dir("d/e/f")?.count());
    OpenOptions::new().append(true).open("d/e/h")?.write_all(b"end")?;
    println!("{}", fs::metadata("d/e/c")?.len());
    let old = UNIX_EPOCH + Duration::new(1_000_000_000, 500_000_000);
    println!("{}", kind(File::options().write(true).open("d/a")?.set_modified(old)));
    println!("{:?} {}", fs::metadata("d/a")?.modified()? == old, fs::metadata("d/a")?.accessed()? > old);
    println!("missing {}", kind(File::open("d/none")));
    println!("exists {}", kind(fs::create_dir("d/e")));
    println!("not empty {}", kind(fs::remove_dir("d/e")));
    println!("no directory {}", kind(File::open("d/a/x")));
    println!("directory {}", kind(File::create("d/e")));
    println!("remove {}", kind(fs::remove_file("d/e")));
    println!("outside {} {}", File::open("/etc/passwd").is_err(), File::open("../../etc/passwd").is_err());
    println!("link outside {}", fs::soft_link("/etc/passwd", "d/out").is_err());
    println!("name {}", kind(File::create("n".repeat(300))));
    println!("NUL {}", kind(File::open("a\0b")));
    println!("read-only {} {}", kind(File::open("/ro/hello.c")), File::create("/ro/new").is_err());
    println!("rename out {}", fs::rename("d/a", "/ro/a").is_err());
    fs::remove_dir_all("d")?;
    println!("{}", Path::new("d").exists());
    Ok(())
}

fn sockets() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut client = TcpStream::connect(address)?;
    let (mut server, from) = listener.accept()?;
    println!("{} {}", from == client.local_addr()?, client.peer_addr()? == address);
    client.set_nodelay(true)?;
    client.write_all(&[7; 50_000])?;
    client.shutdown(Shutdown::Write)?;
    let mut bytes = Vec::new();
    server.read_to_end(&mut bytes)?;
    println!("{} {}", bytes.len(), bytes.iter().all(|b| *b == 7));
    client.set_nonblocking(true)?;
    println!("{}", kind(client.read(&mut [0; 10])));
    client.set_nonblocking(false)?;
    client.set_read_timeout(Some(Duration::from_millis(20)))?;
    println!("{}", matches!(client.read(&mut [0; 10]), Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)));
    server.write_all(b"back")?;
    let mut back = [0; 4];
    client.read_exact(&mut back)?;
    drop(server);
    println!("{:?} {}", String::from_utf8_lossy(&back).into_owned(), client.read(&mut [0; 4])?);
    println!("taken {}", kind(TcpListener::bind(address)));
    drop(listener);
    println!("refused {}", kind(TcpStream::connect(address)));
    println!("timeout {}", kind(TcpStream::connect_timeout(&address, Duration::from_secs(1))));

    let a = UdpSocket::bind("127.0.0.1:0")?;
    let b = UdpSocket::bind("127.0.0.1:0")?;
    println!("{}", a.send_to(b"datagram", b.local_addr()?)?);
    let mut buffer = [0; 100];
    let (size, from) = b.recv_from(&mut buffer)?;
    println!("{size} {}", from == a.local_addr()?);
    b.connect(from)?;
    println!("{}", b.send(b"answer")?);
    println!("{}", a.recv(&mut buffer)?);
    a.set_nonblocking(true)?;
    println!("{}", kind(a.recv(&mut buffer)));

    let v6 = TcpListener::bind("[::1]:0")?;
    let mut client = TcpStream::connect(v6.local_addr()?)?;
    client.write_all(b"6")?;
    drop(client);
    println!("{}", v6.accept()?.0.read(&mut buffer)?);

    let all: Vec<SocketAddr> = ("localhost", 80).to_socket_addrs()?.collect();
    println!("{}", all.contains(&"127.0.0.1:80".parse().unwrap()));
    println!("name not granted {}", "example.org:80".to_socket_addrs().is_err());
    println!("address not granted {}", kind(TcpStream::connect("10.1.2.3:80")));
    Ok(())
}

fn others() {
    let started = Instant::now();
    thread::sleep(Duration::from_millis(30));
    println!("slept {}", started.elapsed() >= Duration::from_millis(30));
    println!("clock {}", SystemTime::now() > UNIX_EPOCH + Duration::from_secs(1_600_000_000));
    let words: HashMap<_, _> = (0..10_000).map(|n| (n.to_string(), n)).collect();
    println!("map {} {}", words["4711"], RandomState::new().hash_one(1) != RandomState::new().hash_one(1));
    println!("{:?} {:?}", env::var("HOME"), env::var("NONE"));
    println!("{:?} {}", env::args().skip(1).collect::<Vec<_>>(), env::vars().count());
    println!("thread {}", thread::Builder::new().spawn(|| ()).is_err());
    println!("process {}", std::process::Command::new("ls").status().is_err());
    println!("current {:?}", env::current_dir());
    let caught = std::panic::catch_unwind(|| 1);
    println!("{caught:?} {}", format!("{:.3} {:e} {}", 2.0f64.sqrt(), 1e300, u128::MAX));
}

fn denied() {
    println!("{}", File::open("/w/hello.c").is_err());
    println!("{} {}", fs::read_dir("/").is_err(), File::create("x").is_err());
    println!("{}", kind(TcpListener::bind("127.0.0.1:0")));
    println!("{}", kind(TcpStream::connect("127.0.0.1:80")));
    println!("{}", UdpSocket::bind("127.0.0.1:0").and_then(|s| s.send_to(b"x", "127.0.0.1:53")).is_err());
    println!("{}", "localhost:80".to_socket_addrs().is_err());
    println!("{}", env::vars().count());
}

fn pipe() -> io::Result<()> {
    let mut count = 0;
    for line in io::stdin().lock().lines() {
        println!("{}", line?.to_uppercase());
        count += 1;
    }
    eprintln!("{count} lines");
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["files", directory] => {
            others();
            env::set_current_dir(directory).and_then(|()| files())
        }
        ["sockets"] => sockets(),
        ["denied"] => Ok(denied()),
        ["pipe"] => pipe(),
        ["exit", code] => exit(code.parse().unwrap()),
        ["panic"] => panic!("at the disco"),
        _ => return ExitCode::from(2),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}
