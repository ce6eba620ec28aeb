# SPDX-License-Identifier: Apache-2.0
# Python requests: one session; in each thread it logs in anew.
import requests
from requests.auth import HTTPDigestAuth
from steps import PASSWORD, USER, play, threads

session = requests.Session()
session.auth = HTTPDigestAuth(USER, PASSWORD)


def fetch(method, url, body):
    return session.request(method, url, data=body, timeout=20).status_code


play(fetch, threads(fetch))
