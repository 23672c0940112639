"""A secret in a file that nobody else can read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp

from provision.errors import SecretError, UsageError
from provision.model.secret import Secret
from provision.secrets.form import check_secret

_OTHERWISE = "or say where to keep it: `auth: {keep: keyring}`, `auth: {keep: none}`"


def read_line(path: Path) -> Secret:
    """The secret that a person's own file holds as its one line; raises SecretError where not."""
    try:
        text = path.expanduser().read_text(encoding="utf-8").strip()
        check_secret(text, "what it holds")
    except OSError as error:
        what = f"cannot read it: {_reason(error)}"
        raise SecretError(what, where=str(path), hint="name another in the inventory") from error
    except (UnicodeError, UsageError) as error:
        hint = "put the secret there, as its only line"
        raise SecretError("holds no secret", where=str(path), hint=hint) from error
    return Secret(text)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One line in the file at `path`, 0600 in a folder that is 0700."""

    path: Path

    def read(self) -> Secret | None:
        try:
            text = self.path.read_text(encoding="utf-8").removesuffix("\n")
            check_secret(text, "what it holds")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(f"cannot read it: {_reason(error)}") from error
        except (UnicodeError, UsageError) as error:
            hint = f"rm {self.path}   (`clawprov up` keeps the server's there again)"
            raise SecretError("holds no secret", where=str(self.path), hint=hint) from error
        return Secret(text)

    def write(self, secret: Secret) -> None:
        folder = self.path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_mode & 0o077:
                folder.chmod(0o700)
            if self.read() == secret and not self.path.stat().st_mode & 0o077:
                return
            self._replace(f"{secret.value}\n")
        except OSError as error:
            raise self._unusable(f"cannot keep the secret here: {_reason(error)}") from error

    def _replace(self, text: str) -> None:
        """Whoever reads the file finds the old text or the new one, all of it."""
        descriptor, part = mkstemp(dir=self.path.parent, prefix=".part-")  # 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(part).replace(self.path)
        finally:
            Path(part).unlink(missing_ok=True)

    def _unusable(self, what: str) -> SecretError:
        return SecretError(what, where=str(self.path), hint=f"make it yours, {_OTHERWISE}")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
