# Two commands do it all: `make demo` and `make test`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
BOX    ?= demo
LAB    := $(BIN)/clawprov lab
# What the lab needs from Debian: boxes, their network, the Node mirror; busybox and shellcheck for tests.
DEBIAN := systemd-container mmdebstrap nftables iproute2 apt-utils gnupg xz-utils openssl \
          openssh-client procps e2fsprogs util-linux npm busybox shellcheck
SUDO   := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: help setup debian demo demo-down test fast box tailscale tailnet bench smoke lint clean

help:
	@echo "make demo   a box on this machine, a real gateway in it, and the proof"
	@echo "make test   all tests; boxes too where this machine can boot them"

setup: $(VENV)/.made

$(VENV)/.made: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "clawprov needs Python 3.11 or newer; try make PYTHON=python3.12")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || ! command -v apt-get >/dev/null || \
	  { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -qq -y python3-venv >/dev/null; }
	@$(PYTHON) -m venv $(VENV)
	@echo "installing clawprov and its tools into $(VENV)"
	@$(BIN)/pip install -q --upgrade 'pip>=25.1'
	@$(BIN)/pip install -q -e . --group test --group lint
	@touch $@

debian:
	@command -v apt-get >/dev/null || { echo "no apt-get here: the lab will say what it misses" >&2; exit 0; }; \
	missing=; for p in $(DEBIAN); do dpkg -s $$p >/dev/null 2>&1 || \
	  { [ $$p = npm ] && command -v npm >/dev/null; } || missing="$$missing $$p"; done; \
	if [ "$$missing" ]; then echo "installing$$missing"; $(SUDO) apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -qq -y --no-install-recommends $$missing >/dev/null; fi

demo: setup debian
	@$(SUDO) $(LAB) up $(BOX) --json >$(VENV)/$(BOX).json
	@$(SUDO) $(BIN)/clawprov up $(BOX) --yes \
	  -I "$$($(BIN)/python -c 'import json, sys; print(json.load(sys.stdin)["inventory"])' <$(VENV)/$(BOX).json)"
	@echo
	@echo "look around:   $(SUDO) $(LAB) ssh $(BOX)"
	@echo "in the box:    systemctl status clawdbot-gateway, clawdbot health, ls /opt/clawprov"
	@echo "do it again:   make demo   (changes nothing)"
	@echo "remove it all: make demo-down"

demo-down:
	@$(SUDO) $(LAB) down --all --purge

test: DEBIAN += chromium chromium-driver libnss3-tools  # the Control UI is tried in a real browser
test: setup debian tailscale lint fast box

fast: setup
	$(BIN)/pytest -n 2 tests/unit tests/cases tests/golden tests/shell tests/ssh

box: setup
	$(SUDO) $(BIN)/pytest tests/box
	$(SUDO) $(BIN)/pytest tests/tailnet

# Compiles for minutes, so it begins early and beside all else; tests/tailnet waits for it, and says what went wrong.
tailscale: setup
	@$(SUDO) sh -c 'nice $(BIN)/python -m tests.tailnet build >/dev/null 2>&1 &'

tailnet: setup debian
	@$(SUDO) $(BIN)/python -m tests.tailnet up

bench: setup debian
	$(SUDO) $(BIN)/python -m tests.bench

smoke: setup
	@[ "$(HOSTS)" ] || { echo "which server? make smoke HOSTS=ssh://root@203.0.113.7" >&2; exit 2; }
	$(BIN)/pytest tests/smoke --hosts="$(HOSTS)" $(OPTIONS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
