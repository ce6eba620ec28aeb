# SPDX-License-Identifier: Apache-2.0
# Ruby httpclient: one client, in threads too.
require 'httpclient'
require_relative 'steps'

client = HTTPClient.new
client.receive_timeout = 20
client.set_auth(SITE, USER, PASSWORD)
play { |method, url, body| client.request(method, url, body: body).status }
