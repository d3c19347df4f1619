menu-remittances = Remittances
remittances-title = Remittances
remittances-none = No payment file was imported yet. Import an airline's or the bank's file to match its lines with refunds.
remittance = Remittance
remittance-title = Remittance { $number }
remittance-files = Files
remittance-import = Import a payment file
remittance-source = Source
remittance-source-hint = The airline or bank whose files look like this. Its columns are kept for the next file.
remittance-lines = Lines
remittance-line = Line
remittance-file-sum = In the file
remittance-matched = Matched
remittance-open = Open
remittance-rejected = Rejected
remittance-sums = What became of the money
remittance-all-lines = lines in the file
remittance-new-title = Import a payment file
remittance-new-about = A file of an airline or a bank, one line per payment. You see how its columns are read before anything happens.
remittance-read-go = Read the file
remittance-nothing-yet = Nothing is imported yet.
remittance-no-lines = Below the first row there are no lines in this file.
remittance-draft-title = How the file is read
remittance-columns = Columns
remittance-columns-about = Choose which column means what. The choice is kept for the next file of this source.
remittance-look-again = Look again
remittance-preview = First lines as they are read
remittance-preview-none = No line can be read this way. Choose the column of the amount, and its currency.
remittance-line-count = { $count ->
    [one] { $count } line
   *[other] { $count } lines
}
remittance-unreadable = { $count ->
    [one] { $count } line cannot be read
   *[other] { $count } lines cannot be read
}
remittance-leave-out = These lines hold no money: keep them as rejected
remittance-leave-out-needed = { $count ->
    [one] { $count } line cannot be read. Choose other columns, or say that it holds no money.
   *[other] { $count } lines cannot be read. Choose other columns, or say that they hold no money.
}
remittance-money-unreadable = { $count ->
    [one] { $count } line may hold money that cannot be read. Correct it in the file, or choose other columns, decimals or dates. Nothing was imported.
   *[other] { $count } lines may hold money that cannot be read. Correct them in the file, or choose other columns, decimals or dates. Nothing was imported.
}
remittance-alike = Another file, { $number }, has the very same lines. Nothing was imported. If these are other payments, say so and import again.
remittance-other-payments = These are other payments
remittance-import-go = { $count ->
    [one] Import { $count } line
   *[other] Import { $count } lines
}
remittance-import-about = The lines are compared with the refunds that wait for money. Nothing is credited yet.
remittance-same = The very same file is being imported by somebody else.
remittance-overtaken = Somebody has changed this line or its refund meanwhile. Open it again to see how it stands.
remittance-posting = { $count ->
    [one] { $count } exact match is being posted.
   *[other] { $count } exact matches are being posted.
}
remittance-post-go = { $count ->
    [one] Post { $count } exact match
   *[other] Post { $count } exact matches
}
remittance-post-about = Each refund is credited to its agency's deposit, less the fee.
done-remittance-there = This file was imported before: here it is. Nothing was changed.
done-remittance-imported = The file was imported. Nothing is credited yet.
done-line-matched = The line was matched.
done-line-undone = The match was undone by a reversal; the line is open again.
done-line-rejected = What was open of the line is rejected.
done-line-reopened = The line is open again.
done-line-handed-over = The line was handed over.
field-amount = Amount
field-currency = Currency
field-paid_on = Day
field-reference = Airline reference
field-refund_no = Refund ID
field-order_no = Booking number
field-pnr = PNR
field-ticket = Ticket number
field-passenger = Passenger
mapping-fixed-currency = Currency, where no column has it
mapping-dates = Dates as
mapping-decimals = Amounts are written as
mapping-column-missing = The file has no column “{ $column }”. Choose another.
mapping-no-amount = Choose the column of the amount.
mapping-no-currency = Choose the column of the currency, or write the currency of all lines, such as USD.
line-status-unmatched = Open
line-status-proposed = Proposed
line-status-matched = Matched
line-status-rejected = Rejected
finding-exact = Exact
finding-suggested = Suggested
finding-short-paid = Short-paid
finding-over-paid = Over-paid
finding-unknown = Unknown
finding-card = Paid to a card
finding-no-amount = No amount
allocation-held = Held until the rest comes
allocation-settled = Credited
allocation-undone = Undone
rejection-not-ours = Not our money
rejection-returned = Returned to the sender
rejection-other-business = Of another business
rejection-duplicate = Paid twice by the airline
rejection-no-amount = No amount
rejection-other = Another reason
line-title = { $number }, line { $line }
line-heading = Line { $line }
line-finding = Finding
line-owner = Owner
line-named-by = Names
line-rejected-as = Rejected as
line-came = As it came
line-as-it-came = As it came:
line-matches = Matches
line-candidates = Refunds that it may belong to
line-candidates-none = No refund that waits for money is like this line. Look for one by its number, order, PNR or the airline's reference.
line-find = Refund ID, booking number, PNR or airline reference
line-find-none = No refund that is still open has this number.
line-why = Why
line-expected = Expected
line-held = held:
line-take = Takes
line-take-of = Amount for refund { $number }
line-difference-of = Reason of the difference of refund { $number }
line-more = More to come
line-more-of = More is to come for refund { $number }
line-not-usable = Does not wait for money of this currency
line-match-about = One line may pay several refunds, and several lines one refund: mark “More to come” until the last. What the refunds do not take stays open.
line-match-go = Match and credit
line-reject = No refund's money
line-reject-why = Why
line-reject-go = Reject
line-owner-to = Owner
line-owner-go = Hand over
line-reopen-go = Reopen
line-reopen-about = It is a refund's money after all.
match-undo-go = Undo
match-undo-about = Undoing takes the credit back from the deposit by a reversal; all lines of that refund are open again.
match-nothing = Write how much of the line each refund takes.
match-too-much = This is more than is open of the line.
match-no-such-refund = Refund { $number } does not wait for money of this currency.
match-card = Refund { $number } is paid to the customer's card by the airline; it is never credited to a deposit.
match-unexplained = Refund { $number }: { $actual } came, { $estimated } was estimated. Choose the reason of the difference, or mark that more is to come.
match-below-floor = The agency's deposit does not hold this credit any more, so it cannot be taken back. Agree on it with the agency first.
why-refund-no = Names the refund { $value }
why-reference = Airline reference { $value }
why-order = Booking number { $value }
why-pnr = PNR { $value }
why-ticket = Ticket { $value }
why-expected = Expected { $value }
why-amount = The same amount, { $value }
why-near = A near amount, { $value }
why-name = The passenger's name, { $value }
why-day = Expected about this day, { $value }
why-found = Found by “{ $value }”
unmatched-title = Open money
unmatched-none = Every line is matched or rejected.
unmatched-all = Everybody's
unmatched-mine = Mine
unmatched-ages = By age
age-week = Up to 7 days
age-month = 8 to 30 days
age-two-months = 31 to 60 days
age-older = Older
overdue-title = Overdue airlines
overdue-about = Refunds whose money is past the day that the airline named, or 21 days after submission where it named none; and claims whose money has not come by the day they name.
overdue-none = No airline is late.
overdue-kind = Kind
overdue-no-amount = Without an amount
overdue-refunds = Refunds
overdue-sum = Owed
overdue-since = Late since
overdue-count = { $count ->
    [one] { $count } refund
   *[other] { $count } refunds
}
overdue-unknown = { $count ->
    [one] { $count } without an amount
   *[other] { $count } without an amount
}
filter-overdue = Only overdue
transfer-kind-remittance = Airline's payment file
transfer-kind-remittance-rejected = Line that is no refund's money
remittance-compare-go = Compare again
done-remittance-compared = The open lines were compared again.
held-title = Refunds whose money is not complete
held-about = A part is here and is held; each is credited when the rest has come, or when somebody matches the last line with the reason of the difference.
held-all = These wait the longest. All of them, the newest first:
line-event-matched = { $amount } matched with { $refunds }.
line-event-unmatched = The match with { $refund } was undone by a reversal.
line-event-rejected = { $amount } rejected: { $why }.
line-event-reopened = { $amount } opened again.
line-event-handed-over = Handed over to { $to }.
