home-title = Home
home-needs-me = What needs you
home-nothing-needs-me = Nothing needs you right now.
home-refused = was refused. Open it for the next step.
chart-group = Group
chart-states = Refunds by state
chart-states-says = { $count ->
    [one] { $count } refund is open; closed ones are of the last 30 days.
   *[other] { $count } refunds are open; closed ones are of the last 30 days.
 }
chart-ages = Open refunds by age
chart-ages-says = { $count ->
    [one] { $count } open refund is older than 21 days.
   *[other] { $count } open refunds are older than 21 days.
 }
age-3 = up to 3 days
age-7 = 4 to 7 days
age-14 = 8 to 14 days
age-21 = 15 to 21 days
age-more = more than 21 days
chart-bar = Share
home-request-waits = was answered and waits for you.
