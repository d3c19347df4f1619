menu-reports = Reports
reports-title = Reports
report-months = Months
report-kind = Asked for by
report-go = Show
report-table = The same as a table
report-expected-received = Expected and received, by airline and month
report-days-to-money = Days to the money, by airline
report-state-age = Open refunds by state and age
report-attainment = Submitted in time, by week
report-differences = Differences from the estimate, by reason
report-month = Month
report-week = Week from
report-refunds = Refunds
report-expected = Expected
report-received = Received
report-p50 = Half within
report-p90 = Nine of ten within
report-in-time = In time
report-late = Late
report-percent-in-time = In time, %
report-difference-sum = Sum of the differences
report-age-three-weeks = 8 to 21 days
report-age-two-months = 22 to 60 days
report-of = { $received } of { $expected }
report-days = { $p50 } / { $p90 } days
report-count = { $count }
report-percent = { $percent } %, { $late } late
report-difference = { $count } · { $amount }
report-label = { $word } { $more }
report-plain = { $text }
report-expected-sentence = { $airline } is the furthest behind in one month: { $amount } are still to come.
report-expected-nothing = Everything that was expected has come.
report-days-sentence = { $airline } takes the longest: nine of ten refunds were paid within { $days } days.
report-days-nothing = No refund was paid in this time.
report-none-judged = nothing was due
report-age-sentence = { $count ->
    [0] No open refund is older than 60 days.
    [one] { $count } open refund is older than 60 days.
   *[other] { $count } open refunds are older than 60 days.
}
report-attainment-sentence = { $percent } % of all refunds were submitted to the airline in time.
report-differences-sentence = { $count ->
    [one] The most frequent reason, once: { $reason }
   *[other] The most frequent reason, { $count } times: { $reason }
}
report-differences-nothing = Everything came as it was estimated.
