#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# wget and wget2: one process for all GET requests in a row. wget.sh PROGRAM SITE ...
set -u
program=$1 site=$2 user=$3 password=$4 bad=0
shift 4

get() {
    "$program" --no-verbose --tries=1 --timeout=20 --output-document=/dev/null \
        --user="$user" --password="$password" "$@" || bad=1
}

# Takes the GET steps that the list of steps begins with.
urls() {
    for step in "$@"; do
        [ "${step%% *}" = GET ] || break
        echo "$site${step#* }"
    done
}

threads=
[ "$program" = wget ] || threads=--max-threads=1
while [ $# -gt 0 ]; do
    case $1 in
    SLEEP*) sleep "${1#* }" ;;
    ALL*)    # wget2 only
        # shellcheck disable=SC2046,SC2086 # a URL has no blank
        get --max-threads=10 $(printf "$site%s " ${1#* })
        ;;
    POST*)
        length=${1##* } path=${1#* }
        get --post-data="$(printf "%${length}s" | tr ' ' a)" "$site${path% *}"
        ;;
    GET*)
        list=$(urls "$@")
        # shellcheck disable=SC2086
        get $threads $list
        shift $(($(echo "$list" | wc -l) - 1))
        ;;
    esac
    shift
done
exit $bad
