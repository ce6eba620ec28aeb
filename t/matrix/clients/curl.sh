#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# curl: one process for all GET requests in a row. curl.sh [--parallel] SITE ...
set -u
options=
[ "$1" != --parallel ] || { options='--parallel --parallel-max 20'; shift; }
site=$1 user=$2 password=$3 bad=0
shift 3

# Options and then URLs; the answers themselves go nowhere.
get() {
    # shellcheck disable=SC2086 # none, or words
    curl --silent --show-error --fail --globoff --max-time 20 --digest \
        --user "$user:$password" $options "$@" >/dev/null || bad=1
}

# Takes the GET steps that the list of steps begins with.
urls() {
    for step in "$@"; do
        [ "${step%% *}" = GET ] || break
        echo "$site${step#* }"
    done
}

while [ $# -gt 0 ]; do
    case $1 in
    SLEEP*) sleep "${1#* }" ;;
    ALL*)
        # shellcheck disable=SC2046,SC2086 # a URL has no blank
        get --parallel $(printf "$site%s " ${1#* })
        ;;
    POST*)
        length=${1##* } path=${1#* }
        get --data "$(printf "%${length}s" | tr ' ' a)" "$site${path% *}"
        ;;
    GET*)
        list=$(urls "$@")
        # shellcheck disable=SC2086
        get $list
        shift $(($(echo "$list" | wc -l) - 1))
        ;;
    esac
    shift
done
exit $bad
