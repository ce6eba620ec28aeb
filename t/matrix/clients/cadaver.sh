#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cadaver: the steps are its commands, the login is in .netrc.
set -u
site=$1
printf 'machine 127.0.0.1 login "%s" password "%s"\n' \
    "$(printf %s "$2" | sed 's/\\/&&/g')" "$3" >.netrc
shift 3

for n in 1 2 3; do printf '%1000s' '' >"local$n"; done
for step in "$@"; do
    case $step in
    OPEN*)  echo "open $site${step#* }" ;;
    SLEEP*) sleep "${step#* }" ;;
    *)      echo "$step" ;;
    esac
done | cadaver >said 2>&1
cat said
! grep -q -i 'failed\|could not' said
