# What a newcomer needs: `make demo` and `make test`. Each sets up what is missing first; both are safe to repeat.

CARGO ?= cargo

.PHONY: demo test setup setup-test more-voices check who-answered

demo: setup
	$(CARGO) run --locked --bin ringback -- demo

test: setup setup-test check
	$(CARGO) test --locked --all-targets

# fmt and clippy, as strict as CI is
check:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

# the Russian voice, built from its sources
setup:
	sh setup/voices.sh

# foreign peers that the tests call
setup-test:
	sh setup/peers.sh
	sh setup/ears.sh
	sh setup/sounds.sh

# optional: RHVoice, espeak-ng, a model of Piper
more-voices:
	sh setup/more_voices.sh

# who answered, measured on recorded voices: the figures of src/audio/listen/README.md
who-answered:
	sh setup/answers.sh
	$(CARGO) test --locked --release --test it answered::figures -- --ignored --nocapture
