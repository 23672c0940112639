"""A secret in the keyring of the desktop: macOS Keychain, GNOME, KWallet, Windows."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from provision.errors import SecretError, UsageError
from provision.model.secret import Secret
from provision.secrets.form import check_secret

SERVICE = "clawprov"
_OTHERWISE = "or keep it elsewhere: `auth: {keep: file}`"


@dataclass(frozen=True, slots=True)
class KeptInKeyring:
    """The entry `name` of the service clawprov, in whatever keyring this machine has."""

    name: str

    def read(self) -> Secret | None:
        library = _load()
        try:
            text = library.get_password(SERVICE, self.name)
        except Exception as error:  # backends are plug-ins, and raise what they like
            raise _unusable(error) from error
        if not text:
            return None
        try:
            check_secret(text, "it")
        except UsageError as error:
            hint = f"keyring del {SERVICE} {self.name}   (`clawprov up` keeps the server's again)"
            what = f"the entry {SERVICE} {self.name} of your keyring holds no secret"
            raise SecretError(what, hint=hint) from error
        return Secret(text)

    def write(self, secret: Secret) -> None:
        if self.read() == secret:
            return
        try:
            _load().set_password(SERVICE, self.name, secret.value)
        except Exception as error:
            raise _unusable(error) from error


def _load() -> ModuleType:
    try:
        import keyring  # not everyone has it, and it takes its time
    except ImportError as error:
        hint = f"pip install 'clawprov[keyring]', {_OTHERWISE}"
        raise SecretError("`keep: keyring` needs the keyring package", hint=hint) from error
    return keyring


def _unusable(error: Exception) -> SecretError:
    said = str(error).partition("\n")[0].partition(". ")[0] or type(error).__name__
    hint = f"`keyring diagnose` tells more; unlock it, {_OTHERWISE}"
    return SecretError(f"your keyring cannot be used: {said}", hint=hint)
