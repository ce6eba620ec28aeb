#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A repository of 12 commits in ROOT/repos/r.git, and the back end's programs.
set -eu
root=$1
export HOME="$PWD"
git config --global user.name Alice
git config --global user.email alice@example.org
git init -q seed
for n in $(seq 12); do
    mkdir "seed/$n"
    echo "$n" >"seed/$n/file"
    git -C seed add .
    git -C seed commit -q -m "commit $n"
done
git clone -q --bare seed "$root/repos/r.git"
git -C "$root/repos/r.git" update-server-info
git -C "$root/repos/r.git" config http.receivepack true
rm -rf seed
# In the second one, the first answer takes longer than a nonce lives.
printf '#!/bin/sh\nexec git http-backend\n' >"$root/cgi/git"
# shellcheck disable=SC2016 # for the program
printf '#!/bin/sh\ncase $PATH_INFO in */info/refs) sleep 2.3 ;; esac\nexec git http-backend\n' >"$root/cgi/git-slow"
chmod 755 "$root/cgi/git" "$root/cgi/git-slow"
