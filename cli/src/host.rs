//! The machine itself, as the portable commands see it.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use parlour_command::host::{Host, Stream, Terminal};

#[derive(Debug)]
pub struct Machine;

impl Host for Machine {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".part");
        std::fs::write(&partial, bytes)?;
        std::fs::rename(&partial, path)
    }

    fn create_secret(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)?.write_all(bytes)
    }

    fn input(&self, buffer: &mut [u8]) -> io::Result<usize> {
        io::stdin().lock().read(buffer)
    }

    fn output(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        match stream {
            Stream::Output => {
                let mut out = io::stdout().lock();
                out.write_all(bytes)?;
                out.flush()
            }
            Stream::Error => io::stderr().lock().write_all(bytes),
        }
    }

    fn terminal(&self, stream: Stream) -> Option<Terminal> {
        let (is_terminal, size) = match stream {
            Stream::Output => (io::stdout().is_terminal(), terminal_size::terminal_size_of(io::stdout())),
            Stream::Error => (io::stderr().is_terminal(), terminal_size::terminal_size_of(io::stderr())),
        };
        let columns = size.map_or(80, |(width, _)| usize::from(width.0));
        // https://no-color.org
        let has_colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        is_terminal.then_some(Terminal { columns, has_colour })
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(crate::serve::now_ms()).unwrap_or_default()
    }

    fn random(&self, bytes: &mut [u8]) -> io::Result<()> {
        getrandom::fill(bytes).map_err(io::Error::other)
    }
}
