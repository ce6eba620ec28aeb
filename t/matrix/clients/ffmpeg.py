# SPDX-License-Identifier: Apache-2.0
# ffmpeg: reads each file as raw sound, and sends some; a process each.
import subprocess
import tempfile
from urllib.parse import quote
from steps import PASSWORD, USER, play

RAW = ['-f', 'u8', '-ar', '8000', '-ac', '1']
LOGIN = f'http://{quote(USER, safe="")}:{quote(PASSWORD, safe="")}@'


def ffmpeg(*options):
    command = ['ffmpeg', '-nostdin', '-hide_banner', '-loglevel', 'error']
    run = subprocess.run([*command, *options])
    return 200 if run.returncode == 0 else f'exit status {run.returncode}'


def fetch(method, url, body):
    url = url.replace('http://', LOGIN)
    if method == 'GET':
        return ffmpeg(*RAW, '-i', url, '-f', 'null', '-')
    with tempfile.NamedTemporaryFile() as sound:
        sound.write(body)
        sound.flush()
        return ffmpeg(*RAW, '-i', sound.name, '-f', 'u8', '-method', 'POST', url)


play(fetch)
