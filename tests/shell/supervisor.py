"""A supervisor that is a fake of ours: it runs one job at a time, apart from who asked for it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from place import Place

RUN = """
log=; for word; do case $word in StandardOutput=append:*) log=${word#*append:} ;; esac; done
stat -c %a "$word" "$log" >$ROOT/modes; grep -c hunter2 "$word" >$ROOT/secrets
echo "$*" >$ROOT/asked
rm -f $ROOT/pid; echo "$log $word" >$ROOT/jobs
while [ ! -e $ROOT/pid ]; do sleep 0.01; done
"""
# Reaps its children at once, as systemd does.
SUPERVISOR = """
while read -r log script; do
  SHELL "$script" >>"$log" 2>&1 </dev/null & echo $! >pid.new; mv pid.new pid; wait
done <>jobs
"""
CTL = """
pid=$(cat $ROOT/pid 2>/dev/null || echo 0); kill -0 "$pid" 2>/dev/null || pid=0
case $1 in
  is-active) [ "$pid" != 0 ] ;;
  *) case "$pid $*" in *ActiveState*)
       if [ "$pid" = 0 ]; then echo ActiveState=inactive; else echo ActiveState=active; fi ;;
     esac
     echo "MainPID=$pid" ;;
esac
"""


@contextmanager
def supervised(place: Place) -> Iterator[Place]:
    """The place with a supervisor; what it runs works in the place's folder."""
    place.fake("systemd-run", RUN)
    place.fake("systemctl", CTL)
    os.mkfifo(place.root / "jobs")
    supervise = SUPERVISOR.replace("SHELL", " ".join(place.shell))
    supervisor = subprocess.Popen(["dash", "-c", supervise], cwd=place.root)
    try:
        yield place
    finally:
        supervisor.kill()
        supervisor.wait()
