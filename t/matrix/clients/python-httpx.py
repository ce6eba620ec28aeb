# SPDX-License-Identifier: Apache-2.0
# Python httpx: one client, in threads too.
import httpx
from steps import PASSWORD, USER, play, threads


def utf8(request):
    """Its answer to a challenge would otherwise have to be ASCII."""
    request.headers.encoding = 'utf-8'


client = httpx.Client(auth=httpx.DigestAuth(USER, PASSWORD), timeout=20,
                      event_hooks={'request': [utf8]})


def fetch(method, url, body):
    return client.request(method, url, content=body).status_code


play(fetch, threads(fetch))
