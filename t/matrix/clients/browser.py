# SPDX-License-Identifier: Apache-2.0
# The steps of a session in a browser: a page that is loaded, then fetch() in it.
import json
import steps


class Prompt:
    """Answers one prompt, and cancels the others."""
    def __init__(self):
        self.count = 0

    def answer(self):
        self.count += 1
        return (steps.USER, steps.PASSWORD) if self.count == 1 else None


def play(browser):
    """browser.load(url); browser.evaluate(expression), which awaits a promise."""
    loaded = False

    def fetch(method, url, body):
        nonlocal loaded
        if not loaded:
            loaded = True
            browser.load(url)
            return browser.evaluate(
                'performance.getEntriesByType("navigation")[0].responseStatus')
        return browser.evaluate(request(method, url, body))

    def together(urls):
        requests = ','.join(request('GET', url, None) for url in urls)
        return json.loads(browser.evaluate(
            f'Promise.all([{requests}]).then(all => JSON.stringify(all))'))

    try:
        steps.play(fetch, together)
    finally:
        browser.close()


def request(method, url, body):
    options = {'method': method, 'cache': 'no-store'}
    if body:
        options['body'] = body.decode()
    return (f'fetch({json.dumps(url)}, {json.dumps(options)})'
            '.then(answer => answer.text().then(() => answer.status))')
