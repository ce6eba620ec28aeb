# SPDX-License-Identifier: Apache-2.0
# Python urllib: one opener, the digest handler of the standard library.
import urllib.request
from steps import PASSWORD, SITE, USER, play, threads

passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
passwords.add_password(None, SITE, USER, PASSWORD)
handler = urllib.request.HTTPDigestAuthHandler(passwords)
opener = urllib.request.build_opener(handler)


def fetch(method, url, body):
    request = urllib.request.Request(url, body, method=method)
    with opener.open(request, timeout=20) as answer:
        answer.read()
        return answer.status


play(fetch, threads(fetch))
