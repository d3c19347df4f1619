//! The ledger: append-only double entry. Each transfer takes an amount from one account to another, so that the sum
//! over all accounts is always zero. Knows no room.

pub mod balance;
pub mod posting;
pub mod verify;

crate::text_column! {
    /// What an account holds. Balances are credits less debits: what is owed is above zero, what is due to us below.
    pub enum AccountKind {
        /// An agency's money with the operator.
        Deposit = "deposit",
        /// Refunds that airlines have confirmed and agencies have not got yet.
        RefundPayable = "refund-payable",
        /// What a carrier owes.
        AirlineReceivable = "airline-receivable",
        /// Money that has come from airlines.
        AirlineCash = "airline-cash",
        ServiceFeeIncome = "service-fee-income",
        /// Airline money that belongs to no refund.
        Unallocated = "unallocated",
        /// Where an agency's own payments come from.
        TopUpSource = "top-up-source",
        /// What agencies pay for changes and extras after the sale.
        ServiceSales = "service-sales",
        /// What the operator gives of its own.
        Goodwill = "goodwill",
    }
}

crate::text_column! {
    /// Why an amount moved.
    pub enum TransferKind {
        AirlineConfirmed = "airline-confirmed",
        AirlineMoney = "airline-money",
        /// The airline paid more or less than it had confirmed.
        Difference = "difference",
        RefundCredit = "refund-credit",
        ServiceFee = "service-fee",
        /// Airline money of a refused refund.
        Unallocated = "unallocated",
        Reversal = "reversal",
        TopUp = "top-up",
        /// The price of an accepted offer.
        ServiceSale = "service-sale",
        Compensation = "compensation",
        /// A file of the airlines' money: it is in the bank and waits to be matched.
        Remittance = "remittance",
        /// A line that is no refund's money.
        RemittanceRejected = "remittance-rejected",
    }
}

crate::named!(TransferKind = "transfer-kind");
