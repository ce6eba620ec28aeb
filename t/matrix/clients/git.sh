#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# git: a command for each step, which asks a program for the name and password.
set -u
site=$1 bad=0
export LOGIN_USER="$2" LOGIN_PASSWORD="$3"
shift 3

# shellcheck disable=SC2016 # for the program
printf '%s\n' '#!/bin/sh' 'case $1 in' \
    'Username*) printf "%s\n" "$LOGIN_USER" ;;' \
    '*) printf "%s\n" "$LOGIN_PASSWORD" ;;' 'esac' >askpass
chmod 700 askpass
export GIT_ASKPASS="$PWD/askpass" GIT_TERMINAL_PROMPT=0
git config --global user.name Alice
git config --global user.email alice@example.org

# A commit with a body that is worth the name.
push() {
    seq 1 20000 >clone/numbers && git -C clone add . &&
        git -C clone commit -q -m numbers && git -C clone push -q
}

for step in "$@"; do
    url=$site${step#* }
    case $step in
    LIST*)      git ls-remote "$url" >/dev/null ;;
    CLONE*)     rm -rf clone && git clone -q "$url" clone ;;
    SERIAL*)    rm -rf clone && git -c http.maxRequests=1 clone -q "$url" clone ;;
    PUSH*)      push ;;
    esac || bad=1
done
exit $bad
