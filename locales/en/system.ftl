menu-system = System
system-title = System
system-books = Books
system-books-clean = Checked on { $at }: the books are clean.
system-books-differ = Checked on { $at }: the books are not clean
system-books-running = A check began on { $at } and has not ended.
system-books-never = The books were not checked yet.
system-books-hint = The program checks every night that each balance is the sum of its transfers and that each refund, claim and remittance adds up. “afterfare verify” does it at once.
system-backup = Backup
system-backup-at = The last backup was made on { $at }.
system-backup-never = No backup was made yet.
system-backup-hint = “afterfare backup FILE” writes everything into one file while the portal serves. Do it every day, and keep the files on another machine.
system-refunds = Open refunds
system-overdue = Past their deadline
system-oldest = Oldest one not with its airline
system-waiting = What waits
system-outbox = Mails to send
system-unmatched = { $count ->
    [one] { $count } open line of airline money
   *[other] { $count } open lines of airline money
}
system-program = Program
system-version = Version
system-database = Database
system-readers = Connections that read
system-writers = Connections that write
system-of-idle = { $open } open, { $idle } idle
system-metrics = Prometheus metrics
system-metrics-off = Off: set AFTERFARE_METRICS_LISTEN
system-backup-lacks = { $count ->
    [one] { $count } attached file was not on the disk.
   *[other] { $count } attached files were not on the disk.
}
