"""Whether a folder is on a network file system, where processes can't share SQLite's WAL safely.

The WAL needs memory that all processes on the file share, and locks that hold: only one host's
own file systems promise both. Told by the type in `/proc/self/mountinfo`; where that file does not
exist (macOS, Windows) nothing is known and nothing is refused.
"""

import os
from pathlib import Path

_MOUNTINFO = Path("/proc/self/mountinfo")
_NETWORK = (
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "davfs"),
    *("9p", "virtiofs", "drvfs", "vboxsf", "prl_fs", "vmhgfs"),  # a host's folder in its guest
    *("ceph", "gfs2", "ocfs2", "lustre", "gpfs", "beegfs"),
)
_NETWORK_FUSE = (
    *("sshfs", "glusterfs", "ceph", "juicefs", "mfs", "s3fs", "gcsfuse", "rclone", "davfs2"),
    *("gvfsd-fuse", "vmhgfs-fuse", "grpcfuse", "osxfs"),
)


def network_type(folder: Path, mountinfo: Path = _MOUNTINFO) -> str | None:
    """The type of the network file system that `folder` is on, or None when it is a local one."""
    try:
        lines = mountinfo.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    kind = _type_of_mount(os.path.realpath(folder), lines)
    is_network = kind in _NETWORK or kind.partition(".")[2] in _NETWORK_FUSE
    return kind if is_network else None


def _type_of_mount(folder: str, lines: list[str]) -> str:
    """The type of the innermost mount above `folder`; of two on one point the later covers."""
    best, kind = -1, ""
    for line in lines:
        mount, separator, source = line.partition(" - ")
        fields = mount.split(" ")
        if not separator or len(fields) < 5:
            continue
        point = _unescape(fields[4])
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:
            best, kind = len(point), source.split(" ")[0]
    return kind


def _unescape(point: str) -> str:
    """Mount points write space, tab, newline and backslash as three octal digits."""
    if "\\" not in point:
        return point
    for code in ("\\040", "\\011", "\\012", "\\134"):
        point = point.replace(code, chr(int(code[1:], 8)))
    return point
