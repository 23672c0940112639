"""The commands that give us a shell as root; our script comes on its standard input."""

# sshd reads a command's output and errors from two pipes, and sends them in any order: only one
# pipe keeps an error in the section that it belongs to. The quotes are for every login shell.
# Forced commands and the files of a login shell speak before READY, or on the other pipe.
READY = "clawprov is root"
SHELL = f"sh -c 'echo {READY}; exec sh -s 2>&1'"
# LC_ALL: what it says is read here, in English.
SUDO = f'sh -c "LC_ALL=C exec sudo -n {SHELL}"'
# -k: sudo asks although it was told lately, so that the password is never read by our shell.
SUDO_ASKING = f"sudo -k -S -p '' {SHELL}"
