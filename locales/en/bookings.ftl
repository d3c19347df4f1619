yes = Yes
no = No
any = Any
reset = Reset
filters = Filters
filters-all = { $count ->
    [0] All filters
   *[other] All filters ({ $count } in use)
}
status = Status
airline = Airline
passenger = Passenger
passengers = Passengers
passengers-count = { $count ->
    [one] { $count } passenger
   *[other] { $count } passengers
 }
order-no = Booking number
pnr = PNR
ticket-no = Ticket number
journey = Journey
departure = Departure
arrival = Arrival
departure-from = Departure from
departure-to = Departure to
created = Created
created-from = Created from
created-to = Created to
total = Total
count = Number
sum = Sum
fare = Fare
tax = Taxes
price = Price
segment = Segment
phone = Telephone
refund = Refund
has-refund = Has a refund
include-refund = Include refund
payment-channel = Payment channel

booking-status-unpaid = Unpaid
booking-status-ticketing = Ticketing
booking-status-ticketed = Issued
booking-status-cancelled = Cancelled
payment-channel-deposit = Pre-payment
payment-channel-vcc = Virtual credit card
journey-type = Journey type
journey-type-one-way = One way
journey-type-round-trip = Round trip
passenger-type = Type
passenger-type-adult = Adult
passenger-type-child = Child
passenger-type-infant = Infant
direction = Direction
direction-outbound = Outbound
direction-inbound = Inbound
product = Product
product-code = Code
product-type-checked-baggage = Checked baggage
product-type-cabin-baggage = Cabin baggage
product-type-seat = Seat
product-type-other = Other
refundability-T = Not refundable
refundability-H = Refundable less the penalty
refundability-F = Refundable without penalty

bookings-title = My Bookings
bookings-none = No booking yet. Orders appear here as soon as they are imported.
bookings-none-match = No booking matches these filters. Take one away, or reset them all.
booking-title = Booking { $order }
booking-details = Booking Details
booking-header = Booking
strip = The booking at a glance
local-time-of = { $city } time
e-ticket = E-Ticket
e-ticket-title = Itinerary and e-ticket
leaves-soon = Departure is less than 24 hours away. The airline’s own Manage My Booking is the fastest way now.
leaves-soon-site = Open { $airline }
tab-info = Booking Info
tab-fees = Fee Info
tab-ancillaries = Ancillary Info
tab-refunds = Refund Info
tab-emails = Email List
tab-requests = Request History
tab-incidents = Incident Management

payment-time = Payment time
ticketing-limit = Ticketing limit
manage-booking = Manage booking
airline-website = Airline’s website
airline-login = MMB login e-mail
airline-pnr = Airline PNR
airline-extra = Extra information
airline-bookings-none = The order names no booking at an airline.
card-ending = Card ending in { $digits }
trip = Trip
times-are-local = All times are local to the airport.
flight = Flight
fare-family = Fare family
operated-by = operated by { $carrier }
terminal = Terminal { $terminal }
gender = Gender
nationality = Nationality

refund-rules = Refund rules
refund-rules-voluntary = Voluntary refund, per passenger
refund-rules-none = The order has no refund rules. A refund can be asked for; the airline decides the amount.
window-when = When
window-until = Until ({ $city } time)
window-penalty = Airline penalty
window-fare = Fare and taxes
window-more-than = More than { $to } before departure
window-between = { $from } to { $to } before departure
window-after = After departure
now = now
duration-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
 }
duration-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
 }
duration-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
 }
no-show-T = No-show: who has not cancelled { $cutoff } before departure gets nothing back.
no-show-H = No-show: who has not cancelled { $cutoff } before departure pays the no-show fee as well.
no-show-F = No-show: refundable also for who has not cancelled { $cutoff } before departure.

fees-settled-in = Settled in { $currency }
fees-other = Other amounts
vendor-total = Airline’s total
fee-per-passenger = Service fee per passenger
fee-per-order = Service fee per order
ancillaries-none = No baggage, seats or other extras were bought.
emails-contacts = Contacts
emails-whose = Whose
emails-at-airline = Login at { $airline }
emails-none = No e-mail about this booking has been received here. Airlines may write straight to the addresses above.
booking-no-requests = No service request has been raised for this booking.
booking-no-incidents = No schedule change or cancellation by the airline is known for this booking.
