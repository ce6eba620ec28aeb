#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A repository of 40 files in ROOT/svn; one in ROOT/slow that takes its time over
# a commit, longer than a nonce lives.
set -eu
root=$1
mkdir tree
for n in $(seq 40); do echo "file $n" >"tree/$n.txt"; done
for repository in svn slow; do
    svnadmin create "$root/$repository"
    svn import -q -m seed tree "file://$root/$repository"
done
rm -rf tree
printf '#!/bin/sh\nexec sleep 2.3\n' >"$root/slow/hooks/start-commit"
chmod 755 "$root/slow/hooks/start-commit"
