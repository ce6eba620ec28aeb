# SPDX-License-Identifier: Apache-2.0
# pycurl: one libcurl handle for all requests; a handle each when all at once.
import pycurl
from steps import PASSWORD, USER, play


def handle():
    curl = pycurl.Curl()
    curl.setopt(pycurl.HTTPAUTH, pycurl.HTTPAUTH_DIGEST)
    curl.setopt(pycurl.USERNAME, USER.encode())
    curl.setopt(pycurl.PASSWORD, PASSWORD.encode())
    curl.setopt(pycurl.WRITEFUNCTION, lambda data: None)
    curl.setopt(pycurl.TIMEOUT, 20)
    return curl


curl = handle()


def fetch(method, url, body):
    curl.setopt(pycurl.URL, url)
    if method == 'POST':
        curl.setopt(pycurl.POSTFIELDS, body)
    else:
        curl.setopt(pycurl.HTTPGET, 1)
    curl.perform()
    return curl.getinfo(pycurl.RESPONSE_CODE)


def together(urls):
    multi = pycurl.CurlMulti()
    handles = []
    for url in urls:
        one = handle()
        one.setopt(pycurl.URL, url)
        multi.add_handle(one)
        handles.append(one)
    active = len(urls)
    while active:
        active = multi.perform()[1]
        multi.select(1.0)
    return [one.getinfo(pycurl.RESPONSE_CODE) for one in handles]


play(fetch, together)
