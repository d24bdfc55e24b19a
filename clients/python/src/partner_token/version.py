"""The version, said once: the package's metadata and the User-Agent take it from here."""

VERSION = "0.1.0"
