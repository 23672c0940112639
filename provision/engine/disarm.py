"""Whether somebody still gets in, after a change that could have locked everybody out."""

from __future__ import annotations

from provision.engine.frames import Frame, parse_frame
from provision.engine.gather import Session
from provision.engine.switch import DISARMED, disarm_script, undo_script
from provision.errors import ConnectError


def disarm(session: Session, target: str) -> bool:
    """Come in anew and disarm the switch; False when the server was faster and took it all back.

    Raises ConnectError when nobody gets in; over the connection that is still there, the change
    is then taken back at once.
    """
    session.progress.step("come in", "again, by a fresh connection")
    nonce = next(session.nonces)
    come_in = session.fresh or session.transport.execute
    try:
        completed = come_in(disarm_script(nonce))
    except ConnectError as error:
        session.progress.done(1)
        raise ConnectError(
            f"no fresh connection gets in ({error.what}); {_take_back(session)}",
            where=target,
            hint="leave `firewall` or `ssh_keys_only` out, or mend what is in their way; then run "
            f"clawprov {session.verb} {target} again",
            log=error.log,
        ) from error
    session.progress.done(0)
    frames = (parse_frame(line, nonce) for line in completed.out.split("\n"))
    return Frame(DISARMED) in frames


def _take_back(session: Session) -> str:
    """Have the change taken back now, where we still can, and say when it is."""
    try:
        session.transport.execute(undo_script(next(session.nonces)))
    except ConnectError:
        return f"the server takes the change back in {session.patience_s} s at most"
    return "the change was taken back"
