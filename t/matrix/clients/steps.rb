# SPDX-License-Identifier: Apache-2.0
# The steps of a session, for the Ruby programs: SITE USER PASSWORD STEP...
SITE, USER, PASSWORD, *STEPS = ARGV

# The block is given a method, a URL and a body, and returns the status. Ends the
# program with 1 when one of them is not 200.
def play
  bad = 0
  STEPS.each do |step|
    word, *rest = step.split(' ')
    statuses = begin
      case word
      when 'SLEEP' then sleep(rest[0].to_f) && []
      when 'ALL' then rest.map { |t| Thread.new { yield 'GET', SITE + t, nil } }.map(&:value)
      when 'POST' then [yield(word, SITE + rest[0], 'a' * rest[1].to_i)]
      else [yield(word, SITE + rest[0], nil)]
      end
    rescue StandardError => error
      [error.inspect]
    end
    statuses.reject { |status| status.to_i == 200 }.each do |status|
      bad = 1
      warn "#{step} #{status}"
    end
  end
  exit bad
end
