#!/bin/sh
# Listens on a socket and appends what services write to a file. For looking: it keeps nothing back when the disk is full.
# Tested by scripts/plain-collectors.
# usage: socat.sh SOCKET FILE
exec socat -u "UNIX-LISTEN:$1,fork,unlink-early" "OPEN:$2,creat,append"
