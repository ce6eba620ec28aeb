# SPDX-License-Identifier: Apache-2.0
# Ruby mechanize: one agent. It puts the name and the password into the URL, and
# takes them out again there: they have to be escaped.
require 'mechanize'
require_relative 'steps'

agent = Mechanize.new
agent.read_timeout = 20
agent.add_auth(SITE, CGI.escape(USER), CGI.escape(PASSWORD))
play { |_, url, body| (body ? agent.post(url, body) : agent.get(url)).code }
