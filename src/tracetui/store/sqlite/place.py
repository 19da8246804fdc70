"""What a folder's disk is: one over the network, where SQLite's write-ahead log fails, or one that nobody can write.

The log is shared between processes by memory that only one machine has. Two machines that open a database over the
network spoil it, without an error.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

from tracetui.errors import StoreError

ALLOWED_BY = "TRACETUI_ALLOW_NETWORK_DISK"
"""Environment variable by which somebody says that no other machine opens the database."""

MOUNTS = Path("/proc/self/mountinfo")

_NETWORK = frozenset(
    """nfs nfs4 cifs smb smb2 smb3 smbfs afs ncp ncpfs coda ceph lustre gpfs beegfs glusterfs pvfs2 orangefs davfs
    fuse.sshfs fuse.s3fs fuse.gcsfuse fuse.rclone fuse.glusterfs fuse.ceph-fuse fuse.davfs fuse.davfs2 fuse.curlftpfs
    fuse.cifs fuse.nfs fuse.juicefs fuse.goofys fuse.mount-s3""".split()
)
"""Names of file systems that other machines can open too."""

_ESCAPED = r"\\([0-7]{3})"


def check_disk(path: Path) -> None:
    """Make sure that a database can be written where it is.

    Raises:
        StoreError: It is on a disk over the network, and nobody has said that this machine alone opens it.
    """
    found = file_system(path.parent)
    if found in _NETWORK and not os.environ.get(ALLOWED_BY):
        raise StoreError(
            f"{path} is on a network disk ({found}), where a database is spoilt once two machines open it.",
            hint=f"Name a file on a disk of this machine with --db; or set {ALLOWED_BY}=1 where no other opens it.",
        )


def is_read_only(folder: Path) -> bool:
    """Whether nobody can write on the disk of a folder."""
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def file_system(folder: Path) -> str:
    """The name of the file system that a folder is on; empty where the system does not tell."""
    return _file_system(os.path.realpath(folder), MOUNTS)


@lru_cache(maxsize=16)
def _file_system(folder: str, mounts: Path) -> str:
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    found, longest = "", -1
    for line in lines:
        before, _, after = line.partition(" - ")
        columns = before.split(" ")
        if len(columns) > 4 and after:
            point = columns[4]
            if "\\" in point:
                point = re.sub(_ESCAPED, lambda match: chr(int(match[1], 8)), point)
            # of two at one place the later one covers the earlier
            if len(point) >= longest and (folder == point or folder.startswith(point.rstrip("/") + "/")):
                found, longest = after.split(" ")[0], len(point)
    return found
