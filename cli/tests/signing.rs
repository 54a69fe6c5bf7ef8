//! keygen, sign, verify, preview and check of a plan file, as one types them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;
use std::process::Output;

use common::{CONFIG, run};
use parlour::authoring::Names;
use parlour::plan::Plan;
use parlour_signing::{PublicKey, Token};
use tempfile::TempDir;

fn text(output: &Output) -> (Option<i32>, String, String) {
    let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), utf8(&output.stdout), utf8(&output.stderr))
}

/// What a command that must succeed printed.
fn done(arguments: &[&str]) -> String {
    let (code, out, error) = text(&run(arguments, ""));
    assert_eq!(code, Some(0), "{arguments:?}: {out}{error}");
    out
}

/// What a command printed that found a problem (1) or could not be done (2).
fn failed(code: i32, arguments: &[&str]) -> String {
    let (found, out, error) = text(&run(arguments, ""));
    assert_eq!(found, Some(code), "{arguments:?}: {out}{error}");
    out + &error
}

struct Bench {
    dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { dir: TempDir::new().unwrap() };
        std::fs::write(bench.at("parlour.json"), CONFIG).unwrap();
        bench
    }

    fn at(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// A key pair: the file of its private half, and its public half.
    fn key(&self, name: &str) -> (String, String) {
        let file = self.at(name);
        let public = done(&["keygen", "-o", &file]).trim().to_owned();
        (file, public)
    }

    fn built(&self, options: &[&str]) -> String {
        let (config, plan) = (self.at("parlour.json"), self.at("plan.bin"));
        done(&[&["build", &config, "-o", &plan], options].concat());
        plan
    }
}

#[test]
fn keygen_writes_a_secret_for_its_owner_alone_and_never_over_another() {
    let bench = Bench::new();
    let (file, public) = bench.key("site.key");
    assert!(PublicKey::parse(&public).is_ok(), "{public}");
    let secret = std::fs::read_to_string(&file).unwrap();
    assert!(secret.starts_with("# A private key of Parlour") && secret.contains(&public), "{secret}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let line = failed(2, &["keygen", "-o", &file]);
    assert!(line.contains("site.key") && line.contains("left as it is"), "{line}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), secret);
    assert_ne!(bench.key("other.key").1, public);
}

#[test]
fn a_plan_is_signed_verified_and_told_apart_from_every_other() {
    let bench = Bench::new();
    let ((ours, known), (theirs, unknown)) = (bench.key("ours.key"), bench.key("theirs.key"));
    let plan = bench.built(&["--expires", "2999-01-31", "--plan-version", "5"]);
    let unsigned = std::fs::read(&plan).unwrap();
    fn verify<'a>(plan: &'a str, key: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&["verify", plan, "--key", key], more].concat()
    }
    let verify = |more: &[&'static str]| verify(&plan, &known, more);

    assert!(failed(1, &verify(&[])).contains("not signed"));
    assert!(done(&["sign", &plan, "--key", &ours]).contains(&format!("version 5 signed by {known}")));
    assert!(done(&verify(&["--site", "shop.example", "--after", "5"])).contains("version 5 is taken"));
    for (more, expect) in [
        (["--site", "other.example"], "is for shop.example and not for other.example"),
        (["--after", "6"], "version 5, older than 6"),
        (["--at", "2999-02-01T00:00:00Z"], "expired on 2999-02-01T00:00:00Z"),
    ] {
        let line = failed(1, &verify(&more));
        assert!(line.contains(expect), "{line}");
    }
    assert!(failed(1, &["verify", &plan, "--key", &unknown]).contains("not known here"));

    done(&["sign", &plan, "--key", &theirs]);
    for key in [&known, &unknown] {
        done(&["verify", &plan, "--key", key]);
    }
    let mut file = std::fs::read(&plan).unwrap();
    assert_eq!(Plan::split(&file).unwrap().0, unsigned, "signing changes nothing of the plan");
    *file.last_mut().unwrap() ^= 1;
    std::fs::write(&plan, &file).unwrap();
    assert!(failed(1, &verify(&[])).contains("changed after it was signed"));
    let report = failed(1, &["check", &plan]);
    assert!(report.contains("NOT SOUND") && report.contains("error: the plan was changed"), "{report}");

    let broken = failed(2, &["sign", &plan, "--key", &bench.at("parlour.json")]);
    assert!(broken.contains("no private key"), "{broken}");
    assert!(failed(2, &["verify", &plan, "--key", "short"]).contains("no public key"));
}

#[test]
fn building_the_same_again_leaves_a_signed_plan_as_it_is_and_a_change_rises_unsigned() {
    let bench = Bench::new();
    let (ours, known) = bench.key("ours.key");
    let plan = bench.built(&[]);
    done(&["sign", &plan, "--key", &ours]);
    let signed = std::fs::read(&plan).unwrap();
    bench.built(&[]);
    assert!(std::fs::read(&plan).unwrap() == signed, "the signature is lost");
    std::fs::write(bench.at("parlour.json"), CONFIG.replace("Sale", "Summer sale")).unwrap();
    bench.built(&[]);
    assert!(failed(1, &["verify", &plan, "--key", &known]).contains("not signed"));
    std::fs::write(bench.at("parlour.json"), CONFIG).unwrap();
    bench.built(&[]);
    assert_eq!(
        Plan::decode(&std::fs::read(&plan).unwrap()).unwrap().version(),
        3,
        "what is taken back is newer"
    );
}

#[test]
fn check_tells_what_a_plan_file_holds_and_when_it_ends() {
    let bench = Bench::new();
    let (ours, known) = bench.key("ours.key");
    let plan = bench.built(&["--expires", "30d"]);
    done(&["sign", &plan, "--key", &ours]);
    let report = done(&["check", &plan]);
    let hash = format!("{:016x}", Plan::decode(&std::fs::read(&plan).unwrap()).unwrap().hash());
    for line in [
        "site       shop.example".to_owned(),
        "version    1".into(),
        format!("hash       {hash}"),
        format!("signature  {known} sound"),
    ] {
        assert!(report.lines().any(|found| found == line), "{line} in\n{report}");
    }
    assert!(!report.contains("warning"), "{report}");
    let report = done(&["check", &bench.built(&["--expires", "13d"])]);
    assert!(report.contains("warning: the plan expires in 13 days"), "{report}");
    let expired = bench.built(&["--expires", "2020-01-01"]);
    assert!(failed(1, &["check", &expired]).contains("error: the plan has expired"));
    let json: serde_json::Value =
        serde_json::from_str(&failed(1, &["check", "--format", "json", &expired])).unwrap();
    assert_eq!((&json["ok"], &json["expires"]), (&false.into(), &"2020-01-02T00:00:00Z".into()));
    for wrong in ["soon", "0d", "2020-13-01"] {
        let line = failed(2, &["build", &bench.at("parlour.json"), "-o", &plan, "--expires", wrong]);
        assert!(line.contains("write 90d"), "{line}");
    }
}

#[test]
fn a_preview_link_carries_what_it_forces_where_and_until_when() {
    let bench = Bench::new();
    let (file, public) = bench.key("parlour.preview-key");
    let public = PublicKey::parse(&public).unwrap();
    let link = |more: &[&str]| {
        let asked =
            ["preview", "-e", "banner", "-v", "big", "--url", "https://shop.example/a?b=1#c", "-k", &file];
        done(&[&asked, more].concat())
    };
    let now_ms = u64::try_from(parlour_cli::serve::now_ms()).unwrap();
    for (more, days) in [(&[][..], 7), (&["--for", "1d"], 1)] {
        let printed = link(more);
        let (page, rest) = printed.trim().split_once("&parlour-preview=").unwrap();
        assert_eq!(page, "https://shop.example/a?b=1");
        let token = Token::verify(rest.strip_suffix("#c").unwrap(), public, now_ms).unwrap();
        assert_eq!(
            (token.site.as_str(), token.experiment.as_str(), token.variant.as_str()),
            ("shop.example", "banner", "big")
        );
        assert_eq!((token.expires_ms - now_ms) / 60_000 / 60 / 24, days);
    }
    for (more, expect) in [(["--for", "91d"], "longer than 90d"), (["--for", "week"], "no length of time")] {
        let asked = ["preview", "-e", "a", "-v", "b", "--url", "https://a.example/", "-k", &file];
        assert!(failed(2, &[&asked, &more[..]].concat()).contains(expect));
    }
    let nowhere = failed(2, &["preview", "-e", "a", "-v", "b", "--url", "shop.example", "-k", &file]);
    assert!(nowhere.contains("begins with https://"), "{nowhere}");
}

#[test]
fn a_plan_with_drafts_is_made_only_when_asked_for() {
    let bench = Bench::new();
    let keys = |plan: &str| -> Vec<String> {
        let plan = Plan::decode(&std::fs::read(Path::new(plan)).unwrap()).unwrap();
        Names::read(&plan).experiments.into_iter().map(|named| named.key).collect()
    };
    std::fs::write(bench.at("parlour.json"), CONFIG.replacen("\"running\"", "\"draft\"", 1)).unwrap();
    let without = keys(&bench.built(&[]));
    let with = keys(&bench.built(&["--drafts"]));
    assert_eq!(with.len(), without.len() + 1, "{with:?}");
}
