//! Linking a grant with the one that its money comes from.

use jiff::civil::Date;

use crate::agreement::decide::{Case, Drafts};
use crate::agreement::state::Agreement;
use crate::agreement::status::Deed;
use crate::agreement::{AgreementEvent, OnwardGrant, OnwardWish, rules};
use crate::finding::{Context, Findings};
use crate::ids::AgreementId;
use crate::rejection::Rejection;

/// What it is called where commands are written.
const ASKED: &str = "link_onward_grant";

/// What a link needs to know of the agreement that the money comes from.
pub(crate) struct Upstream<'a> {
    /// The agreement; absent if it is not signed.
    pub(crate) agreement: Option<&'a Agreement>,
    /// What standing links already take out of it, by day, in minor units of its currency.
    pub(crate) linked: Vec<(Date, i128)>,
    /// How many agreements its own money went through.
    pub(crate) level: u32,
    /// Whether its own money comes from the agreement that is to be linked.
    pub(crate) is_downstream: bool,
}

/// Decides a link, asked of the downstream agreement.
pub(crate) fn decide(
    context: Context<'_>,
    (id, agreement): (&AgreementId, Option<&Agreement>),
    effective_on: Date,
    (wish, upstream): (&OnwardWish, &Upstream<'_>),
) -> Drafts<AgreementEvent> {
    let subject = Agreement::subject(id);
    let Some(agreement) = agreement else {
        return Err(vec![Rejection::UnknownAgreement(id.clone())]);
    };
    let Some(source) = upstream.agreement else {
        let unknown = wish.upstream_agreement_id.clone();
        return Err(vec![Rejection::UnknownAgreement(unknown)]);
    };
    let case = Case::of(context, id, &subject, agreement);
    let mut findings = Findings::new(context.profile);
    case.own_date(&mut findings, effective_on);
    case.permit_deed(&mut findings, effective_on, (Deed::Settle, ASKED));
    findings.positive("amount", wish.amount, case.currency());
    check_conversion(&case, source, &mut findings, wish);
    if *id == wish.upstream_agreement_id || upstream.is_downstream {
        findings.reject(Rejection::OnwardCycle {
            agreement_id: id.clone(),
            upstream_agreement_id: wish.upstream_agreement_id.clone(),
        });
    }
    if wish.level == Some(0) {
        findings.malformed("level", "counts from 1");
    }
    let fact = (!findings.unusable()).then(|| OnwardGrant {
        upstream_agreement_id: wish.upstream_agreement_id.clone(),
        amount: wish.amount,
        level: wish
            .level
            .unwrap_or_else(|| upstream.level.saturating_add(1)),
        conversion: wish.conversion.clone(),
    });
    if let Some(link) = &fact {
        let new = (effective_on, link.upstream_minor_units());
        let subject = Agreement::subject(&wish.upstream_agreement_id);
        findings.breach(rules::onward_within_received(
            source,
            &subject,
            &upstream.linked,
            new,
        ));
    }
    let fact = fact.map(|link| AgreementEvent::OnwardGrantLinked(Box::new(link)));
    case.conclude(findings, effective_on, fact)
}

fn check_conversion(
    case: &Case<'_>,
    source: &Agreement,
    findings: &mut Findings,
    wish: &OnwardWish,
) {
    let (own, theirs) = (case.currency(), source.currency());
    match &wish.conversion {
        None if own != theirs => {
            let problem = format!("must be given: the upstream agreement is in {theirs}");
            findings.malformed("conversion", problem);
        }
        None => {}
        Some(_) if own == theirs => {
            findings.malformed("conversion", "must be left out: both are in one currency");
        }
        Some(conversion) => {
            findings.positive("conversion.original", conversion.original, theirs);
            let breach = crate::rules::rate_evidence(case.subject, own, Some(conversion));
            findings.breach(breach);
        }
    }
}
