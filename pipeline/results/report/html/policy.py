"""The policy of a page: which scripts and styles may be used, and that nothing is loaded.

The policy names the hashes of the page's own scripts and of its style. So a text that is taken for
markup by mistake cannot run, and no address can be asked for anything.
"""

import base64
import hashlib
from collections.abc import Iterable


def policy_of(scripts: Iterable[str], styles: Iterable[str], images: str = "data:") -> str:
    """Return the policy of a page that has these scripts and styles.

    ``images`` are sources of images. A page without a style in ``styles`` may use any style, which
    is for libraries that write styles into elements.
    """
    named = " ".join(map(_hash, styles)) or "'unsafe-inline'"
    return (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts))}; style-src {named}; "
        f"img-src {images}; form-action 'none'; base-uri 'none'"
    )


def escaped(script: str) -> str:
    """Return a script that does not end the element in which it stands."""
    return script.replace("</script", "<\\/script")


def _hash(part: str) -> str:
    digest = hashlib.sha256(part.encode("utf-8", "replace")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
