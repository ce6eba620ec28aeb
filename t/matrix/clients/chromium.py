# SPDX-License-Identifier: Apache-2.0
# Chromium, headless, by the DevTools protocol over a pipe.
import fcntl
import json
import os
import subprocess
from browser import Prompt, play

COMMAND = '''chromium --headless --no-sandbox --disable-gpu --disable-quic
    --no-first-run --disable-background-networking --disable-component-update
    --disable-sync --no-proxy-server --user-data-dir=profile
    --remote-debugging-pipe'''.split()


class Chromium:
    def __init__(self):
        child_in, self.out = os.pipe()
        self.inp, child_out = os.pipe()

        def pipes():    # the browser's descriptors 3 and 4
            high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 60) for fd in (child_in, child_out)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [*COMMAND, '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1', 'about:blank'],
            preexec_fn=pipes, pass_fds=(3, 4), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(child_in)
        os.close(child_out)
        self.buffer, self.number, self.session = b'', 0, None
        self.results, self.loaded, self.prompt = {}, set(), Prompt()
        self.open_tab()

    def open_tab(self):
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        self.call('Page.enable')
        self.call('Page.setLifecycleEventsEnabled', enabled=True)
        self.call('Fetch.enable', handleAuthRequests=True)

    def send(self, method, **params):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': params}
        if self.session:
            message['sessionId'] = self.session
        os.write(self.out, json.dumps(message).encode() + b'\0')
        return self.number

    def read(self):
        while b'\0' not in self.buffer:
            data = os.read(self.inp, 65536)
            if not data:
                raise EOFError('the browser is gone')
            self.buffer += data
        text, self.buffer = self.buffer.split(b'\0', 1)
        self.react(json.loads(text))

    def react(self, message):
        method, params = message.get('method'), message.get('params', {})
        if 'id' in message:
            self.results[message['id']] = message
        elif method == 'Fetch.requestPaused':
            self.send('Fetch.continueRequest', requestId=params['requestId'])
        elif method == 'Fetch.authRequired':
            login = self.prompt.answer()
            response = {'response': 'CancelAuth'} if not login else {
                'response': 'ProvideCredentials', 'username': login[0], 'password': login[1]}
            self.send('Fetch.continueWithAuth', requestId=params['requestId'],
                      authChallengeResponse=response)
        elif method == 'Page.lifecycleEvent' and params['name'] == 'load':
            self.loaded.add(params['loaderId'])

    def call(self, method, **params):
        number = self.send(method, **params)
        while number not in self.results:
            self.read()
        return self.results.pop(number)['result']

    def load(self, url):
        loader = self.call('Page.navigate', url=url)['loaderId']
        while loader not in self.loaded:
            self.read()

    def evaluate(self, expression):
        return self.call('Runtime.evaluate', expression=expression,
                         awaitPromise=True, returnByValue=True)['result'].get('value')

    def close(self):
        self.session = None
        self.send('Browser.close')
        self.process.wait(15)


play(Chromium())
