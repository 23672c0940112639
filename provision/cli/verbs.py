"""Every verb, the module that has it, and its line in the help; imports nothing."""

VERBS = {
    "A gateway": {
        "up": ("server", "make a server a proved gateway; again: change nothing"),
        "plan": ("server", "show what up would change, or the very script it would run"),
        "verify": ("verify", "check a server and prove its gateway from here"),
        "status": ("verify", "how all servers of the inventory are, in two seconds"),
        "watch": ("watch", "look again and again when nobody is there, and send what is new"),
        "audit": ("audit", "grade any server from A to F, with the evidence"),
        "doctor": ("doctor", "name what is wrong with a gateway, why, and what to type"),
        "adopt": ("audit", "take over a gateway that somebody set up; --undo gives it back"),
        "down": ("down", "close the ways in: --access"),
        "render": ("server", "print the files that up would write"),
    },
    "Inside it": {
        "exec": ("inside", "run the gateway's own command line there"),
        "secret": ("inside", "show or set the secret that clients need"),
        "funnel": ("funnel", "open it to the internet for a while: on, off, status"),
        "devices": ("devices", "list the paired devices, let one in, shut one out"),
    },
    "On this machine": {
        "init": ("init", "write a first inventory, explained line by line"),
        "tunnel": ("tunnel", "keep a way from here to a gateway: up, status, down"),
        "open": ("page", "open the Control UI in the browser, through the tunnel"),
        "lab": ("lab", "disposable real servers to try things on"),
    },
}


def show_help() -> str:
    """The overview that `clawprov --help` prints."""
    lines = [
        "Usage: clawprov VERB HOST... [options]",
        "",
        "From a fresh server to a proved, always-on Clawdbot or OpenClaw gateway, over SSH.",
        "HOST is a name of the inventory, an alias of your ssh config, or [user@]address[:port].",
    ]
    for title, verbs in VERBS.items():
        lines += ["", f"{title}:", *(f"  {verb:<8} {help}" for verb, (_, help) in verbs.items())]
    lines += ["", "clawprov VERB --help tells more. Try it all on a box here: clawprov lab up box"]
    return "\n".join(lines) + "\n"
