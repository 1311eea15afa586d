//! The demo, small, as a newcomer runs it: the real program, its telephone network, and the judge between them.

use std::process::Command;

#[test]
fn the_demo_ends_with_a_verdict_that_agrees() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let demo = dir.path().join("demo");
    let output = Command::new(env!("CARGO_BIN_EXE_ringback"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["demo", "--contacts", "40", "--listen", "--dir"])
        .arg(&demo)
        .output()
        .expect("the program starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the demo failed:\n{printed}\n{errors}");

    assert_eq!(printed.matches("  agree").count(), 3, "three comparisons agree:\n{printed}");
    assert!(!printed.contains("DIFFER"), "{printed}");
    assert!(printed.contains("prompts made late: 0"), "everything was rendered before it was dialled:\n{printed}");

    // A folder of WAVs with a transcript beside each.
    let calls: Vec<_> =
        std::fs::read_dir(demo.join("calls")).expect("calls").map(|e| e.expect("readable").path()).collect();
    let wavs: Vec<_> = calls.iter().filter(|p| p.extension().is_some_and(|e| e == "wav")).collect();
    assert!(wavs.len() >= 10, "only {} recordings", wavs.len());
    for wav in wavs {
        let transcript =
            std::fs::read_to_string(wav.with_extension("txt")).expect("a transcript beside each recording");
        let reader = hound::WavReader::open(wav).expect("a WAV");
        assert_eq!(reader.spec().sample_rate, 8_000);
        if transcript.contains(" said ") {
            let loudest = reader.into_samples::<i16>().map(|s| s.expect("a sample").unsigned_abs()).max();
            assert!(loudest > Some(1_000), "{} is silent, but:\n{transcript}", wav.display());
        }
    }
    // No whole phone number in what a log collector would see.
    assert!(!errors.contains("+7000"), "a whole number in the log:\n{errors}");
}
