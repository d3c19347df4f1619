//! A refund form as an agent types it, and what can be read of it.

use serde::Deserialize;

use super::command::Code;
use super::model::{Content, Form, MOST_TICKETS, Tax, coupons_of, masked_card};
use super::ticket_number::TicketNumber;
use crate::kernel::money::{Currency, Money};
use crate::refund_calculation::refund_form::{Commission, FIXED_POINTS, FormFigures, MOST_TAXES, percent, points};
use crate::web::form::{MOST_MINOR, Problems, optional, optional_prose, required};
use crate::web::words::Message;

/// Characters of a gross refund and of a deduction, as the form has room for.
const AMOUNT: usize = 10;
/// Characters of a tax and of a commission.
const SMALL_AMOUNT: usize = 9;

/// The fields of the form, exactly as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The version of the form that the page showed.
    pub version: i64,
    /// Which button was pressed; `application`: the airline is asked first.
    pub go: String,
    /// `mask` when the form was shown so.
    pub view: String,
    pub number: String,
    pub last_digits: String,
    pub check_digit: String,
    pub coupons: Vec<String>,
    pub passenger_name: String,
    pub passenger_type: String,
    pub form_of_payment: String,
    /// `Y` or `N`.
    pub electronic: String,
    pub gross: String,
    pub deduction: String,
    pub rate: String,
    pub commission: String,
    pub tax_code: Vec<String>,
    pub tax_amount: Vec<String>,
    pub remark_code: String,
    pub remark: String,
    pub credit_card: String,
    pub waiver: String,
    pub waiver_type: String,
    /// Whether the seats are given back.
    pub seats: String,
}

/// What was read.
#[derive(Debug)]
pub struct Read {
    pub number: TicketNumber,
    pub content: Content,
    /// Which ticket of the set and which coupon of it.
    pub coupons: Vec<(usize, i64)>,
    pub figures: FormFigures,
    pub rate_points: Option<i64>,
}

/// Why a form could not be read.
#[derive(Debug)]
pub enum Unread {
    Code(Code),
    Problems(Problems),
}

impl Typed {
    /// What stands on a form that is shown.
    #[must_use]
    pub fn of(form: &Form) -> Self {
        let content = form.content.clone();
        let rate = form.rate_points.map(percent);
        let plain = |money: Money| money.decimal().to_string();
        Self {
            version: form.version,
            go: String::new(),
            view: String::new(),
            number: form.ticket_number().map(|number| number.to_string()).unwrap_or_default(),
            last_digits: content.last_digits,
            check_digit: content.check_digit,
            coupons: content.coupons,
            passenger_name: content.passenger_name,
            passenger_type: content.passenger_type,
            form_of_payment: content.form_of_payment,
            electronic: if content.electronic { "Y" } else { "N" }.to_owned(),
            gross: plain(form.gross),
            deduction: plain(form.deduction),
            commission: if rate.is_none() { plain(form.commission) } else { String::new() },
            rate: rate.unwrap_or_default(),
            tax_code: content.taxes.iter().map(|tax| tax.code.clone()).collect(),
            tax_amount: content.taxes.iter().map(|tax| plain(tax.amount)).collect(),
            remark_code: content.remark_code,
            remark: content.remark,
            credit_card: content.credit_card,
            waiver: content.waiver,
            waiver_type: content.waiver_type,
            seats: if content.seats_released { "Y" } else { "" }.to_owned(),
        }
    }

    /// The groups of coupons, as many as a form has.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        let mut groups = self.coupons.clone();
        groups.resize(MOST_TICKETS, String::new());
        groups
    }

    /// The taxes, as many places as a form has.
    #[must_use]
    pub fn taxes(&self) -> Vec<(String, String)> {
        let mut taxes: Vec<_> = self.tax_code.iter().cloned().zip(self.tax_amount.iter().cloned()).collect();
        taxes.resize(MOST_TAXES, (String::new(), String::new()));
        taxes
    }

    /// Reads the fields of a form in a currency; `fixed` where something is hidden behind it.
    ///
    /// # Errors
    /// The host's code, or what is wrong with each field.
    pub fn read(&self, currency: Currency, fixed: bool) -> Result<Read, Unread> {
        let mut problems = Problems::default();
        let number = TicketNumber::parse(&self.number).map_err(|_| Unread::Code(Code::TicketFormat))?;
        let amount = |text: &str| amount_of(text, AMOUNT, currency);
        let small = |text: &str| amount_of(text, SMALL_AMOUNT, currency);
        let gross = problems.take("gross", amount(&self.gross));
        let deduction = problems.take("deduction", amount(&self.deduction));
        let taxes = problems.take("taxes", self.read_taxes(currency));
        let (rate, typed_amount) = (self.rate.trim(), self.commission.trim());
        let commission = if fixed {
            if points(rate) != Some(FIXED_POINTS) || !typed_amount.is_empty() {
                return Err(Unread::Code(Code::CommissionRate));
            }
            Some(Commission::Rate(FIXED_POINTS))
        } else {
            match (points(rate), typed_amount.is_empty()) {
                _ if rate.is_empty() => problems.take("commission", small(typed_amount)).map(Commission::Amount),
                (None, _) => problems.take("rate", Err(Message::new("bsp-rate-wrong"))),
                (Some(0), false) => problems.take("commission", small(typed_amount)).map(Commission::Amount),
                (Some(_), false) => problems.take("commission", Err(Message::new("bsp-rate-or-amount"))),
                (Some(points), true) => Some(Commission::Rate(points)),
            }
        };
        let groups: Vec<String> = self.coupons.iter().map(|group| group.trim().to_owned()).collect();
        let count = groups.iter().rposition(|group| !group.is_empty()).map_or(0, |last| last + 1);
        let groups: Vec<String> =
            groups[..count].iter().map(|group| if group.is_empty() { "0000".to_owned() } else { group.clone() }).collect();
        let coupons = problems.take("coupons", coupons_of(&groups).ok_or_else(|| Message::new("bsp-coupons-wrong")));
        let content = self.content(groups, &mut problems);
        match (gross, deduction, taxes, commission, coupons) {
            (Some(gross), Some(deduction), Some(taxes), Some(commission), Some(coupons)) if problems.is_empty() => Ok(Read {
                number,
                figures: FormFigures { gross, taxes: taxes.iter().map(|tax| tax.amount).collect(), deduction, commission },
                rate_points: match commission {
                    Commission::Rate(points) => Some(points),
                    Commission::Amount(_) => None,
                },
                content: Content { taxes, ..content },
                coupons,
            }),
            _ => Err(Unread::Problems(problems)),
        }
    }

    fn read_taxes(&self, currency: Currency) -> Result<Vec<Tax>, Message> {
        let pairs = self.tax_code.iter().zip(&self.tax_amount).map(|(code, amount)| (code.trim(), amount.trim()));
        let mut taxes = Vec::new();
        for (code, text) in pairs.filter(|(code, text)| !code.is_empty() || !text.is_empty()) {
            if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(Message::new("bsp-tax-code"));
            }
            let amount = amount_of(text, SMALL_AMOUNT, currency).map_err(|_| Message::new("bsp-tax-amount").text("code", code))?;
            taxes.push(Tax { code: code.to_uppercase(), amount });
        }
        if taxes.len() > MOST_TAXES {
            return Err(Message::new("bsp-too-many-taxes").count("max", i64::try_from(MOST_TAXES).unwrap_or(0)));
        }
        Ok(taxes)
    }

    fn content(&self, coupons: Vec<String>, problems: &mut Problems) -> Content {
        let mut short = |field: &'static str, text: &str, most: usize| {
            problems.take(field, optional(text, most)).flatten().map(|text| text.to_uppercase()).unwrap_or_default()
        };
        let last_digits = short("last_digits", &self.last_digits, 7);
        let check_digit = short("check_digit", &self.check_digit, 1);
        let passenger_type = short("passenger_type", &self.passenger_type, 3);
        let form_of_payment = masked_card(&short("form_of_payment", &self.form_of_payment, 18));
        let remark_code = short("remark_code", &self.remark_code, 2);
        let credit_card = masked_card(&short("credit_card", &self.credit_card, 22));
        let (waiver, waiver_type) = (short("waiver", &self.waiver, 14), short("waiver_type", &self.waiver_type, 2));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(&last_digits) {
            problems.add("last_digits", "bsp-last-digits");
        }
        if !digits(&check_digit) {
            problems.add("check_digit", "bsp-check-digit-wrong");
        }
        Content {
            last_digits,
            check_digit,
            coupons,
            passenger_name: problems.take("passenger_name", required(&self.passenger_name, 46)).unwrap_or_default().to_uppercase(),
            passenger_type,
            form_of_payment,
            electronic: self.electronic != "N",
            taxes: Vec::new(),
            remark_code,
            remark: problems.take("remark", optional_prose(&self.remark, 12)).flatten().unwrap_or_default(),
            credit_card,
            waiver,
            waiver_type,
            seats_released: !self.seats.is_empty(),
        }
    }
}

/// An amount that is not below zero; nothing typed is zero.
fn amount_of(text: &str, width: usize, currency: Currency) -> Result<Money, Message> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Money::zero(currency));
    }
    let amount =
        Money::parse(text, currency).ok().filter(|_| text.len() <= width).filter(|amount| (0..=MOST_MINOR).contains(&amount.minor));
    amount.ok_or_else(|| Message::new("bsp-amount").text("currency", currency))
}
