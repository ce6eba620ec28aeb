# SPDX-License-Identifier: Apache-2.0
# Qt 5: one QNetworkAccessManager; it asks the program when it is challenged.
from PyQt5.QtCore import QCoreApplication, QEventLoop, QTimer, QUrl
from PyQt5.QtNetwork import QNetworkAccessManager, QNetworkRequest
from steps import PASSWORD, USER, play

application = QCoreApplication([])
manager = QNetworkAccessManager()
asked = set()


def login(reply, authenticator):
    if reply in asked:    # the password was refused: give up
        return
    asked.add(reply)
    authenticator.setUser(USER)
    authenticator.setPassword(PASSWORD)


def status(replies):
    loop = QEventLoop()
    QTimer.singleShot(20000, loop.quit)
    for reply in replies:
        reply.finished.connect(
            lambda: all(r.isFinished() for r in replies) and loop.quit())
    loop.exec_()
    attribute = QNetworkRequest.HttpStatusCodeAttribute
    return [reply.attribute(attribute) for reply in replies]


def fetch(method, url, body):
    request = QNetworkRequest(QUrl(url))
    if method == 'POST':
        request.setHeader(QNetworkRequest.ContentTypeHeader, 'text/plain')
        return status([manager.post(request, body)])[0]
    return status([manager.get(request)])[0]


def together(urls):
    return status([manager.get(QNetworkRequest(QUrl(url))) for url in urls])


manager.authenticationRequired.connect(login)
play(fetch, together)
