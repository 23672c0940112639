"""Every verb, the module that has it, and its line in the help; imports nothing."""

VERBS = {
    "A gateway": {
        "up": ("server", "make a server a proved gateway; again: change nothing"),
        "plan": ("server", "show what up would change, or the very script it would run"),
        "verify": ("server", "check a server and prove its gateway from here"),
        "render": ("server", "print the files that up would write"),
    },
    "Inside it": {
        "exec": ("inside", "run the gateway's own command line there"),
        "secret": ("inside", "show or set the secret that clients need"),
    },
    "On this machine": {
        "init": ("init", "write a first inventory, explained line by line"),
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
