"""The apply script as a job of the server's own supervisor.

A job outlives the connection that started it. At most one runs at a time: its unit name is the
lock, `owner` beside its log says whose it is. It refuses to start when another job has run since
the facts were gathered, which it sees by the size of the audit file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from provision.engine.frames import equipped, pack_changes, whole
from provision.engine.switch import PATIENCE_S, guarded
from provision.model.facts import Facts, Probe
from provision.model.plan import Plan
from provision.model.secret import Secret
from provision.model.shell import Sh, heredoc, joined, sh

UNIT = "clawprov-apply.service"
RUN = "/run/clawprov"
AUDIT = "/var/lib/clawprov/audit.jsonl"
LIMIT_S = 3600
STALE = "stale"
BUSY = "busy"

PROBE = Probe(
    "job:apply",
    sh(
        "systemctl show {} -p ActiveState -p MainPID\n"
        "cat {} 2>/dev/null\n"
        'echo "serial=$(cat {} 2>/dev/null | wc -c)"',
        UNIT,
        f"{RUN}/owner",
        AUDIT,
    ),
)

# A pid that no process has makes tail stop at the end of what is there already.
_FOLLOW = sh(
    "pid=$(systemctl show {} -p MainPID); pid=${pid#*=}\n"
    '[ "${pid:-0}" != 0 ] || pid=2147483647\n'
    'tail -n +1 -s 0.1 --pid="$pid" -f "$log" 2>/dev/null',
    UNIT,
)


@dataclass(frozen=True, slots=True)
class Job:
    """The job that a machine last had, and how many bytes its audit file has."""

    running: bool
    who: str
    since: str
    nonce: str
    serial: int


def read_job(facts: Facts) -> Job:
    """The job as the last gather saw it; a machine that was not asked has none."""
    asked = facts.readings.get(PROBE.id)
    seen = asked.pairs() if asked else {}
    return Job(
        running=seen.get("ActiveState") in ("active", "activating"),
        who=seen.get("who", ""),
        since=seen.get("since", ""),
        nonce=seen.get("nonce", ""),
        serial=int(seen.get("serial", "0")),
    )


def apply_script(
    plan: Plan, *, serial: int, who: str, verb: str, nonce: str, patience_s: int = PATIENCE_S
) -> Sh:
    """One script that hands the plan's commands to the supervisor and follows their output.

    What could lock us out is taken back after `patience_s` seconds unless we come in again.
    """
    steps = _job(plan, pack_changes(guarded(plan.changes, patience_s)), serial, who, verb, nonce)
    start = sh(
        "systemd-run --quiet --collect --unit={} --description={} -p RuntimeMaxSec={} "
        '-p StandardOutput=append:"$log" -p StandardError=append:"$log" sh "$job" 2>>"$log" || {\n'
        'rm -f "$job"; systemctl is-active --quiet {} && frame busy || cat "$log"; return; }',
        UNIT,
        f"clawprov {verb}",
        LIMIT_S,
        UNIT,
    )
    return whole(
        joined(
            [
                sh("job={} log={}", f"{_run(nonce)}.sh", f"{_run(nonce)}.log"),
                sh('umask 077; mkdir -p {}; : >"$log"', RUN),
                heredoc(sh('cat >"$job"'), Secret(steps.text, shown=steps.shown)),
                sh("umask 022"),
                start,
                _FOLLOW,
            ]
        ),
        nonce,
    )


def attach_script(nonce: str) -> Sh:
    """A script that follows the job that is already running."""
    return whole(joined([sh("log={}", f"{_run(nonce)}.log"), _FOLLOW]), nonce)


def _run(nonce: str) -> str:
    """The path of a run's files, without ending; it is no secret, unlike the nonce."""
    return f"{RUN}/{hashlib.sha256(nonce.encode()).hexdigest()[:12]}"


def _job(plan: Plan, steps: Sh, serial: int, who: str, verb: str, nonce: str) -> Sh:
    """What runs under the supervisor; it removes its own file first, since it may hold secrets."""
    entry = {"who": who, "verb": verb, "plan": plan.digest}
    begun = entry | {
        "product": plan.product,
        "changes": [change.resource for change in plan.changes],
    }
    owner = sh("(umask 077; printf 'who=%s\\nsince=%s\\nnonce=%s\\n' {}", who)
    body = [
        sh("rm -f {}", f"{_run(nonce)}.sh"),
        sh(
            "(umask 077; mkdir -p {}; touch {}) || { frame unwritable; return; }",
            str(PurePosixPath(AUDIT).parent),
            AUDIT,
        ),
        sh('[ "$(wc -c <{})" = {} ] || { frame stale; return; }', AUDIT, serial),
        sh('{} "$(date -u +%FT%TZ)" "$NONCE" >{})', owner, f"{RUN}/owner"),
        sh("audit {}", _members(begun)),
        sh("steps() {\n{}\n}", steps),
        sh("steps; ended=$?"),
        sh('audit {}"$ended"', _members(entry) + ',"exit":'),
        sh("frame done"),
        sh("find {} -name '*.log' ! -path {} -delete", RUN, f"{_run(nonce)}.log"),
    ]
    return whole(equipped(joined(body)), nonce)


def _members(entry: Mapping[str, object]) -> str:
    """The members of a JSON object, without its braces."""
    return json.dumps(entry, separators=(",", ":"))[1:-1]
