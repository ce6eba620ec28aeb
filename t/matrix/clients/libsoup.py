# SPDX-License-Identifier: Apache-2.0
# libsoup 3.0: one session, which asks the program when it meets a challenge.
import gi
gi.require_version('Soup', '3.0')
from gi.repository import GLib, Soup    # noqa: E402
from steps import PASSWORD, USER, play    # noqa: E402

session = Soup.Session(max_conns_per_host=6, timeout=20)


def login(message, auth, retrying):
    if not retrying:
        auth.authenticate(USER, PASSWORD)
    return not retrying


def message(method, url):
    message = Soup.Message.new(method, url)
    message.connect('authenticate', login)
    return message


def fetch(method, url, body):
    one = message(method, url)
    if body:
        one.set_request_body_from_bytes('text/plain', GLib.Bytes.new(body))
    session.send_and_read(one, None)
    return one.get_status()


def together(urls):
    loop = GLib.MainLoop()
    messages = [message('GET', url) for url in urls]
    missing = len(messages)

    def done(session, result):
        nonlocal missing
        session.send_and_read_finish(result)
        missing -= 1
        if not missing:
            loop.quit()

    for one in messages:
        session.send_and_read_async(one, GLib.PRIORITY_DEFAULT, None, done)
    GLib.timeout_add_seconds(20, loop.quit)
    loop.run()
    return [one.get_status() for one in messages]


play(fetch, together)
