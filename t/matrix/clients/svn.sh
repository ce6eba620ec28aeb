#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# svn: a command for each step.
set -u
site=$1 user=$2 password=$3 bad=0
shift 3

svn() {
    command svn --non-interactive --no-auth-cache --username "$user" \
        --password "$password" "$@"
}

# Ten files, each a request, in one commit.
commit() {
    for n in 1 2 3 4 5 6 7 8 9 10; do echo "$1 $n" >"work/$1-$n"; done
    svn add -q work/"$1"-* && svn commit -q -m "$1" work
}

for step in "$@"; do
    url=$site${step#* }
    case $step in
    LIST*)      svn list "$url" >/dev/null ;;
    CHECKOUT*)  rm -rf work && svn checkout -q "$url" work ;;
    COMMIT*)    commit "${step#* }" ;;
    PARALLEL*)
        rm -rf work
        svn checkout -q --config-option servers:global:http-bulk-updates=no \
            --config-option servers:global:http-max-connections=8 "$url" work
        ;;
    esac || bad=1
done
exit $bad
