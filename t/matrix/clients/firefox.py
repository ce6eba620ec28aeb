# SPDX-License-Identifier: Apache-2.0
# Firefox, headless, by WebDriver BiDi: JSON over a WebSocket.
import base64
import json
import os
import socket
import subprocess
import time
from browser import Prompt, play

# No host but ours, no first page, and nothing in the background.
PREFERENCES = {
    'network.dns.disabled': True, 'network.proxy.type': 0,
    'network.captive-portal-service.enabled': False,
    'network.connectivity-service.enabled': False,
    'app.update.enabled': False, 'app.normandy.enabled': False,
    'browser.aboutwelcome.enabled': False, 'browser.safebrowsing.downloads.enabled': False,
    'browser.startup.homepage_override.mstone': 'ignore', 'browser.startup.page': 0,
    'datareporting.policy.dataSubmissionEnabled': False, 'extensions.update.enabled': False,
    'services.settings.server': 'http://127.0.0.1:9/', 'toolkit.telemetry.enabled': False,
}


class Firefox:
    def __init__(self):
        os.mkdir('profile')
        with open('profile/user.js', 'w') as file:
            for name, value in PREFERENCES.items():
                file.write(f'user_pref({json.dumps(name)}, {json.dumps(value)});\n')
        self.process = subprocess.Popen(
            ['firefox-esr', '--headless', '--no-remote', '--profile', 'profile',
             '--remote-debugging-port=0', 'about:blank'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.connect(self.port())
        self.number, self.results, self.prompt = 0, {}, Prompt()
        self.call('session.new', capabilities={})
        self.context = self.call('browsingContext.getTree')['contexts'][0]['context']
        self.call('session.subscribe', events=['network.authRequired'])
        self.call('network.addIntercept', phases=['authRequired'])

    def port(self):
        while self.process.poll() is None:
            try:
                with open('profile/WebDriverBiDiServer.json') as file:
                    return json.load(file)['ws_port']
            except (OSError, ValueError):
                time.sleep(0.05)
        raise EOFError('the browser is gone')

    def connect(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), 50)
        self.stream = self.socket.makefile('rb')
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((
            f'GET /session HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n'
            f'Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n'
            'Sec-WebSocket-Version: 13\r\n\r\n').encode())
        while self.stream.readline().strip():
            pass

    def send(self, method, **params):
        self.number += 1
        text = json.dumps({'id': self.number, 'method': method, 'params': params}).encode()
        # One text frame; Firefox takes no mask of zeros, so each byte's is 1.
        size = bytes([0x80 | len(text)]) if len(text) < 126 else b'\xfe' + len(text).to_bytes(2, 'big')
        self.socket.sendall(b'\x81' + size + b'\1\1\1\1' + bytes(byte ^ 1 for byte in text))
        return self.number

    def read(self):
        head = self.stream.read(2)
        if len(head) < 2:
            raise EOFError('the browser is gone')
        length = head[1]
        if length > 125:
            length = int.from_bytes(self.stream.read(2 if length == 126 else 8), 'big')
        text = self.stream.read(length)
        if head[0] == 0x81:
            self.react(json.loads(text))

    def react(self, message):
        if message['type'] != 'event':
            self.results[message['id']] = message
        elif message['method'] == 'network.authRequired':
            login = self.prompt.answer()
            request = message['params']['request']['request']
            if login:
                self.send('network.continueWithAuth', request=request, action='provideCredentials',
                          credentials={'type': 'password', 'username': login[0], 'password': login[1]})
            else:
                self.send('network.continueWithAuth', request=request, action='cancel')

    def call(self, method, **params):
        number = self.send(method, **params)
        while number not in self.results:
            self.read()
        message = self.results.pop(number)
        if message['type'] == 'error':
            raise RuntimeError(message['message'])
        return message['result']

    def load(self, url):
        self.call('browsingContext.navigate', context=self.context, url=url, wait='complete')

    def evaluate(self, expression):
        answer = self.call('script.evaluate', expression=expression,
                           target={'context': self.context}, awaitPromise=True)
        return answer.get('result', {}).get('value')

    def close(self):
        self.send('browser.close')
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


play(Firefox())
