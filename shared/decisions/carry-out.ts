import type { AnyControl, Control } from "../control.ts";
import type { Cordon } from "../cordon.ts";
import type { FindingRecord } from "../journal/journal.ts";
import { approve } from "../lifecycle/approve.ts";
import { aware } from "../lifecycle/aware.ts";
import { BRAKES, tellBrake } from "../lifecycle/brake.ts";
import { extend } from "../lifecycle/extend.ts";
import { principalOf } from "../lifecycle/person.ts";
import { reject } from "../lifecycle/reject.ts";
import { rollBack } from "../lifecycle/roll-back.ts";
import { endStorm, STORMS } from "../lifecycle/storm.ts";
import { closeStrayReport, isStrayReport } from "../lifecycle/stray-reports.ts";
import { type Decider, deciderName, mayNot, objectionToBrake } from "../policy/may-decide.ts";
import { withoutFinding } from "../runtime/answer.ts";
import type { ResourceRef, Result, Saying } from "../types.ts";
import type { BrakeOrder, Order } from "./order.ts";

/** Everything that decisions are carried out with. */
export interface Office {
  readonly cordon: Omit<Cordon, "control">;
  readonly controls: readonly AnyControl<unknown>[];
  /** The cell's own account and Region. */
  readonly cell: ResourceRef;
}

/**
 * Carries out an order, or says why not. Whether somebody may decide is settled where the finding's record is at hand: who caused it is in there.
 *
 * Side effects: may change a customer's resource; writes the journal.
 * @throws CordonError `unavailable`, `lease-held`, `conflict`
 */
export async function carryOut(order: Order, decider: Decider, office: Office, deadlineMs: number): Promise<Result> {
  if (isAboutBrake(order)) return switchBrake(order, decider, office);
  const { cordon, controls } = office;
  const { action, findingId, reason } = order;
  const finding = await cordon.journal.readFinding(findingId);
  if (finding === undefined) return refused(`there is no finding ${findingId} that was ever more than compliant`);
  if (action === "close") return close(finding, { action, reason, decider }, office);
  const control = controls.find(({ meta }) => meta.id === finding.controlId);
  if (finding.controlId === STORMS.id) return refused("a storm is ended by cordon close, and by nothing else");
  if (finding.controlId === BRAKES.id)
    return refused("the brake is taken off by cordon brake off, and by nothing else");
  if (control === undefined) return refused(`this deployment does not know the control ${finding.controlId}`);
  if (isStray(finding, control))
    return refused("there is nothing that Cordon could do about it: a person settles it, and cordon close ends it");
  if (!isChanging(control))
    return refused(
      `${control.meta.id} changes nothing, so that there is nothing to decide: a person puts it right in AWS`,
    );
  const own = { ...cordon, control };
  switch (order.action) {
    case "approve": {
      const plan = order.plan === undefined ? {} : { plan: order.plan };
      return approve({ action: order.action, finding, reason, decider, ...plan }, own, deadlineMs);
    }
    case "reject": {
      const { expiresAtMs, plan } = order;
      const shown = plan === undefined ? {} : { plan };
      return reject({ action: order.action, finding, reason, decider, expiresAtMs, ...shown }, own, deadlineMs);
    }
    case "extend":
      return extend({ action: order.action, finding, reason, decider, untilMs: order.untilMs }, own, deadlineMs);
    case "roll-back": {
      const { expiresAtMs, run } = order;
      const shown = run === undefined ? {} : { run };
      return rollBack({ action: order.action, finding, reason, decider, expiresAtMs, ...shown }, own, deadlineMs);
    }
    case "aware":
      return aware({ action: order.action, finding, reason, decider }, own, deadlineMs);
    default:
      return order satisfies never;
  }
}

function isAboutBrake(order: Order): order is BrakeOrder {
  return order.action === "brake-on" || order.action === "brake-off";
}

function isChanging(control: AnyControl<unknown>): control is Control<unknown> {
  return control.changes !== "nothing";
}

function refused(reason: string): Result {
  return withoutFinding("", null, "refused", reason);
}

function isStray(finding: FindingRecord, control: AnyControl<unknown> | undefined): control is Control<unknown> {
  if (control === undefined) return false;
  const { subject } = control.meta;
  return isStrayReport(finding, { ...(subject !== undefined && { subject }), changes: isChanging(control) });
}

/** Ends a storm, or settles a report that fits nobody. Of a storm: what comes from now on is made at full speed, what has its turn keeps it. It lets no data leave, so that whoever caused it may do so. */
async function close(
  finding: FindingRecord,
  {
    action,
    reason,
    decider,
  }: { readonly action: Saying["action"]; readonly reason: string; readonly decider: Decider },
  { cordon, controls }: Office,
): Promise<Result> {
  const { policy, journal, clock } = cordon;
  const control = controls.find(({ meta }) => meta.id === finding.controlId);
  const stray = isStray(finding, control) ? control : undefined;
  const answer = (status: Result["status"], why: string): Result => ({
    ...withoutFinding(finding.controlId, finding.resource, status, why),
    findingId: finding.id,
    occurrence: finding.occurrence,
  });
  if (finding.controlId !== STORMS.id && stray === undefined)
    return answer("refused", `it is no storm's finding; expected one of ${STORMS.id}`);
  if (finding.status !== "awaiting-approval")
    return answer("refused", `${stray ? "it is settled" : "the storm is over"}: its finding is ${finding.status}`);
  const why = mayNot(decider, policy.limits.approvals.by, policy);
  if (why !== undefined || decider.kind !== "proved") return answer("refused", why ?? "who asks is not proved");
  const nowMs = clock.nowMs();
  const by = deciderName(decider, policy);
  const at = new Date(nowMs).toISOString();
  const saying: Saying = { action, at, by, how: decider.how, reason, outcome: "done" };
  if (stray !== undefined) {
    const ending = { saying, principal: principalOf(decider) };
    await closeStrayReport(stray.meta, finding, ending, { journal, policy }, nowMs);
    return answer("compliant", `settled by ${by}: it is told again when it is reported again`);
  }
  await endStorm(finding, { kind: "person", saying, principal: principalOf(decider) }, { journal, policy }, nowMs);
  return answer("compliant", `ended by ${by}: changes are made at full speed again, and counted anew`);
}

/** The switch first: it takes effect with the next event; then the finding that tells of it. Should that fail, the sweep tells it. */
async function switchBrake(
  { action, reason }: BrakeOrder,
  decider: Decider,
  { cordon, cell }: Office,
): Promise<Result> {
  const { journal, policy, clock } = cordon;
  const answer = (status: Result["status"], why: string) => withoutFinding(BRAKES.id, cell, status, why);
  const why = objectionToBrake(decider, policy);
  if (why !== undefined || decider.kind !== "proved") return answer("refused", why ?? "who asks is not proved");
  const isOn = action === "brake-on";
  const nowMs = clock.nowMs();
  const by = deciderName(decider, policy);
  await journal.switchBrake({ isOn, reason, by, at: new Date(nowMs).toISOString() });
  const saying = `switched ${isOn ? "on" : "off"} by ${by} (${decider.how}): ${reason}`;
  await tellBrake(journal, cell, policy.digest, nowMs, { by: principalOf(decider), saying });
  return answer(
    isOn ? "observed" : "compliant",
    isOn
      ? `the brake is on by ${by}: from the next event on nothing is contained; a person's rollback still is carried out`
      : `the brake is off by ${by}: what left meanwhile is looked at within half an hour, or with its next event, and contained`,
  );
}
