desk-title = Operations desk
desk-views = Views
desk-empty = Nothing here. Well done: look at another view.
order-and-pnr = Order / PNR
due = Due
assignee = Assignee
view-to-submit = To submit
view-waiting-for-airline = Waiting for airline
view-airline-refunding = Airline refunding
view-due-to-credit = Due to credit
view-overdue = Overdue
view-mine = Mine
view-unassigned = Unassigned
desk-left = { $time } h left
desk-left-days = { $count ->
    [one] { $count } day left
   *[other] { $count } days left
 }
desk-overdue-by = { $time } h overdue
desk-overdue-by-days = { $count ->
    [one] { $count } day overdue
   *[other] { $count } days overdue
 }
