notices-title = Notices
notices-newest = Newest first
notices-none = Nothing to tell you yet. What changes in your refunds, requests and bookings is told here.
notices-read-all = Mark all as read
notices-by-mail = By e-mail
bell-unread = { $count ->
    [one] Notices: one unread
   *[other] Notices: { $count } unread
}
bell-unread-many = Notices: more than { $count } unread
case-kind-refund = Refund
case-kind-request = Request
case-kind-incident = Incident
case-kind-compensation = Compensation
account-mail = E-mail about your cases
account-mail-hint = A digest comes at 8 in the morning of your time zone. The bell shows everything all the same.
account-mail-failed = E-mail to you was given up after many tries. If the address above is wrong, ask your Admin for an account with the right one; otherwise ask your mail administrators. The bell shows everything all the same.
mail-wish-each = At once
mail-wish-daily = Once a day
mail-wish-off = None

mail-subject-refund = Refund { $number } · { $order }
mail-subject-request = Request { $number } · { $order }
mail-subject-incident = Incident { $number } · { $order }
mail-subject-compensation = Compensation { $number }
mail-subject-digest = { $count ->
    [one] One thing has changed
   *[other] { $count } things have changed
}
mail-greeting = Hello { $name },
mail-footer = You get this mail from Afterfare, the portal of { $operator }. How often is set under your account:

notice-refund-begun = Refund { $number } of order { $order } ({ $airline }) was submitted.
notice-claim-begun = Refund claim { $number } of order { $order } ({ $airline }) came in with its proof.
notice-void-begun = Order { $order } ({ $airline }) is to be voided: refund { $number }.
notice-refund-submit-by = It must be with the airline by { $time }.
notice-incident-changed = { $airline } changed the schedule of order { $order }.
notice-incident-cancelled = { $airline } cancelled a flight of order { $order }.
notice-incident-next = Look at it, and confirm what happened: then a refund needs no other proof.
notice-incident-confirmed = Order { $order }: { $name } confirmed “{ $result }”.
notice-incident-refund = An involuntary refund can be submitted from the booking’s Incident Management tab, without further proof.
notice-incident-nothing = It gives no right to an involuntary refund.
notice-request-opened = { $name } raised a request: { $category }.
notice-request-answer-by = Answer by { $time }.
notice-request-message = { $name } wrote:
notice-message-body = { $body }
notice-request-processed = If nothing more is said, the request completes at { $time }.
notice-offer = { $kind }: { $amount }.
notice-offer-what = { $what }
notice-offer-until = Accept or decline it by { $time }.
notice-compensation = { $amount } were credited to your deposit as a compensation: { $reason }.
notice-compensation-waits = { $name } proposes a compensation of { $amount } for { $agency }. It needs your decision.
