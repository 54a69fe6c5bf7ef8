//! The command in Node: `bin/parlour.js` gives the host, and every call waits.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::prelude::{JsCast, JsValue, wasm_bindgen};

use crate::commands;
use crate::host::{Host, Stream, Terminal};

#[wasm_bindgen]
extern "C" {
    /// What `bin/parlour.js` passes. Errors are Node's own, with their `code`.
    pub type NodeHost;

    #[wasm_bindgen(method, catch)]
    fn read(this: &NodeHost, path: &str) -> Result<Uint8Array, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn write(this: &NodeHost, path: &str, bytes: &[u8]) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = createSecret)]
    fn create_secret(this: &NodeHost, path: &str, bytes: &[u8]) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn input(this: &NodeHost, most: u32) -> Result<Uint8Array, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn output(this: &NodeHost, descriptor: u32, bytes: &[u8]) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn columns(this: &NodeHost, descriptor: u32) -> u32;
    #[wasm_bindgen(method, js_name = hasColour)]
    fn has_colour(this: &NodeHost, descriptor: u32) -> bool;
    #[wasm_bindgen(method)]
    fn now(this: &NodeHost) -> f64;
    #[wasm_bindgen(method, catch)]
    fn random(this: &NodeHost, count: u32) -> Result<Uint8Array, JsValue>;
}

/// Does what the command line asks and answers the exit code.
#[wasm_bindgen]
#[must_use]
pub fn run(arguments: Vec<String>, host: NodeHost) -> u8 {
    let arguments = std::iter::once("parlour".to_owned()).chain(arguments).map(OsString::from).collect();
    commands::run(arguments, &Node(host), &[])
}

struct Node(NodeHost);

impl Host for Node {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.read(text(path)?).map(|bytes| bytes.to_vec()).map_err(|error| failed(&error))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.0.write(text(path)?, bytes).map_err(|error| failed(&error))
    }

    fn create_secret(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.0.create_secret(text(path)?, bytes).map_err(|error| failed(&error))
    }

    fn input(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        fill(buffer, &self.0.input(most).map_err(|error| failed(&error))?)
    }

    fn output(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        self.0.output(descriptor(stream), bytes).map_err(|error| failed(&error))
    }

    fn terminal(&self, stream: Stream) -> Option<Terminal> {
        let columns =
            usize::try_from(self.0.columns(descriptor(stream))).ok().filter(|columns| *columns > 0)?;
        Some(Terminal { columns, has_colour: self.0.has_colour(descriptor(stream)) })
    }

    fn now_ms(&self) -> u64 {
        self.0.now() as u64
    }

    fn random(&self, bytes: &mut [u8]) -> io::Result<()> {
        let count = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let given = fill(bytes, &self.0.random(count).map_err(|error| failed(&error))?)?;
        if given == bytes.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

fn descriptor(stream: Stream) -> u32 {
    match stream {
        Stream::Output => 1,
        Stream::Error => 2,
    }
}

fn text(path: &Path) -> io::Result<&str> {
    path.to_str().ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

fn fill(buffer: &mut [u8], from: &Uint8Array) -> io::Result<usize> {
    let from = from.to_vec();
    buffer.get_mut(..from.len()).ok_or(io::ErrorKind::InvalidData)?.copy_from_slice(&from);
    Ok(from.len())
}

fn failed(error: &JsValue) -> io::Error {
    let code = Reflect::get(error, &"code".into()).ok().and_then(|code| code.as_string());
    let kind = match code.as_deref() {
        Some("ENOENT") => io::ErrorKind::NotFound,
        Some("EACCES" | "EPERM") => io::ErrorKind::PermissionDenied,
        Some("EEXIST") => io::ErrorKind::AlreadyExists,
        Some("EISDIR") => io::ErrorKind::IsADirectory,
        Some("EPIPE") => io::ErrorKind::BrokenPipe,
        _ => io::ErrorKind::Other,
    };
    let message = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    io::Error::new(kind, message.unwrap_or_else(|| "the host failed".to_owned()))
}
