-- The list of refunds of which a part has come: few among many, newest first, of everybody and of one agency.
CREATE INDEX refunds_held_newest ON refunds (kind, registered_at, id) WHERE held_minor > 0;
CREATE INDEX refunds_held_of_agency_newest ON refunds (agency_id, kind, registered_at, id) WHERE held_minor > 0;
