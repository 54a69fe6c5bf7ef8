//! Writes the seeds for libFuzzer: `cargo run --example seeds`, in fuzz/. They land in corpus/TARGET/.

fn main() -> std::io::Result<()> {
    for (target, _) in parlour_fuzz::TARGETS {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        std::fs::create_dir_all(&folder)?;
        for (n, seed) in parlour_fuzz::seeds::of(target).iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{n}")), seed)?;
        }
    }
    Ok(())
}
