# SPDX-License-Identifier: Apache-2.0
# The steps of a session, for the Python programs: SITE USER PASSWORD STEP...
import sys
import time
from concurrent.futures import ThreadPoolExecutor

SITE, USER, PASSWORD = sys.argv[1:4]


def play(fetch, together=None):
    """fetch(method, url, body) and together(urls) return the status or statuses.

    Ends the program with 1 when one of them is not 200.
    """
    bad = 0
    for step in sys.argv[4:]:
        word, *rest = step.split(' ')
        try:
            if word == 'SLEEP':
                time.sleep(float(rest[0]))
                statuses = []
            elif word == 'ALL':
                statuses = together([SITE + target for target in rest])
            else:
                body = b'a' * int(rest[1]) if word == 'POST' else None
                statuses = [fetch(word, SITE + rest[0], body)]
        except Exception as error:
            statuses = [repr(error)]
        for status in statuses:
            if status != 200:
                bad += 1
                print(step, status, file=sys.stderr)
    sys.exit(bad > 0)


def threads(fetch):
    """All at once, each in a thread."""
    def together(urls):
        with ThreadPoolExecutor(len(urls)) as pool:
            return list(pool.map(lambda url: fetch('GET', url, None), urls))
    return together
