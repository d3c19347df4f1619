//! Who does something: a person with one role, on the agency's side or the operator's.

use crate::kernel::language::Language;
use serde::{Deserialize, Serialize};

crate::text_column! {
    /// What a user may do. The first five belong to an agency, the last three to the operator.
    pub enum Role {
        Admin = "admin",
        CustomerService = "customer-service",
        Operations = "operations",
        Finance = "finance",
        Developer = "developer",
        OperatorAgent = "operator-agent",
        OperatorFinance = "operator-finance",
        Supervisor = "supervisor",
    }
}

impl Role {
    /// The roles that an agency's own users have.
    pub const OF_AGENCIES: &'static [Self] = &[Self::Admin, Self::CustomerService, Self::Operations, Self::Finance, Self::Developer];

    /// Whether the role belongs to the operator's team.
    #[must_use]
    pub fn is_operator(self) -> bool {
        !Self::OF_AGENCIES.contains(&self)
    }

    /// Whether the role may do this.
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        use Role::{Admin, CustomerService, Developer, Finance, Operations, OperatorAgent, OperatorFinance, Supervisor};
        match permission {
            Permission::SeeBookings => true,
            Permission::RequestRefunds | Permission::RaiseRequests => matches!(self, Admin | CustomerService | Operations),
            Permission::WriteRequests => !matches!(self, Developer | Finance),
            Permission::ConfirmIncidents => !matches!(self, Developer | Finance | OperatorFinance),
            Permission::SeeRefunds | Permission::SeeRequests => !matches!(self, Developer),
            Permission::SeeMoney => matches!(self, Admin | Finance | OperatorFinance | Supervisor),
            Permission::TopUp => matches!(self, Admin | Finance),
            Permission::ManageUsers => matches!(self, Admin),
            Permission::WorkDesk => matches!(self, OperatorAgent | OperatorFinance | Supervisor),
            Permission::TalkToAirline => matches!(self, OperatorAgent | Supervisor),
            Permission::PostMoney => matches!(self, OperatorFinance | Supervisor),
            Permission::ManageAgencies | Permission::ManageRules => matches!(self, Supervisor),
        }
    }
}

/// What routes ask for. One word for each thing that some role may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    SeeBookings,
    /// Quote and submit refunds for the own agency's bookings.
    RequestRefunds,
    SeeRefunds,
    /// Service requests and their attachments.
    SeeRequests,
    /// Open service requests for the own agency's bookings.
    RaiseRequests,
    /// Write in a request's conversation.
    WriteRequests,
    /// Say whether the airline changed or cancelled a flight.
    ConfirmIncidents,
    /// Balance and transactions.
    SeeMoney,
    /// Declare transfers to the own agency's deposit, and choose how its money is told.
    TopUp,
    /// The users of one's own agency.
    ManageUsers,
    /// The operations desk: see it, take and hand over.
    WorkDesk,
    /// Submit to the airline and record its answers.
    TalkToAirline,
    /// Record the airline's money and credit deposits.
    PostMoney,
    ManageAgencies,
    /// Load rule sets and put them in use.
    ManageRules,
}

/// The signed-in person of a request, or the program itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub user_id: String,
    pub email: String,
    pub name: String,
    pub role: Role,
    /// Empty for the operator's team.
    pub agency_id: Option<String>,
    pub agency_name: Option<String>,
    pub language: Language,
    /// IANA name of the zone in which this person reads times.
    pub zone_name: String,
}

impl Actor {
    /// The agency whose rows this person may see; nothing means all of them (operator).
    #[must_use]
    pub fn scope(&self) -> Scope {
        match &self.agency_id {
            Some(id) => Scope::Agency(id.clone()),
            None => Scope::Operator,
        }
    }
}

/// Whose rows a query may return. Taken from the session, never from the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Agency(String),
    Operator,
}

impl Scope {
    /// The agency's id, or nothing for the operator.
    #[must_use]
    pub fn agency_id(&self) -> Option<&str> {
        match self {
            Self::Agency(id) => Some(id),
            Self::Operator => None,
        }
    }

    /// Whether a row of this agency may be seen.
    #[must_use]
    pub fn includes(&self, agency_id: &str) -> bool {
        self.agency_id().is_none_or(|own| own == agency_id)
    }
}
