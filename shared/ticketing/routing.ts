import { journalledClasses } from "../classification/classify.ts";
import type { FindingRecord } from "../journal/journal.ts";
import type { Classification, ResidencyPolicy } from "../policy/policy.ts";
import { type TicketRoute, ticketRules } from "../policy/tickets.ts";
import { quietUntilMs } from "../policy/time-of-day.ts";

/** The routes that a finding's ticket goes by, in the order of the policy. Pure. */
export function routesOf(finding: FindingRecord, policy: ResidencyPolicy): readonly TicketRoute[] {
  return ticketRules(policy).routes.filter((route) => isMeant(route, finding, policy));
}

/**
 * Until when a finding's ticket has to wait for quiet hours; undefined when it may be told now. Critical ones never wait. Pure.
 *
 * @param nowMs since the epoch
 */
export function holdUntilMs(
  finding: Pick<FindingRecord, "severity">,
  policy: ResidencyPolicy,
  nowMs: number,
): number | undefined {
  const { quietHours } = ticketRules(policy);
  return quietHours === undefined || finding.severity === "critical" ? undefined : quietUntilMs(quietHours, nowMs);
}

/**
 * Whether all that a finding tells may be kept where a route lies: its data may live there, of whichever class it is. Where the class can't be told, data of every class has to be
 * allowed there; what is not about data may be told anywhere. Pure.
 */
export function liesWithin(
  { places }: Pick<TicketRoute, "places">,
  finding: Pick<FindingRecord, "classification">,
  policy: ResidencyPolicy,
): boolean {
  const classes = classesOf(finding, policy) ?? policy.classifications;
  return classes.every((each) => each.anywhere || places.every((place) => each.places.includes(place)));
}

/** The classes of a finding's data, none where it is not about data; undefined when they can't be told. Pure. */
export function classesOf(
  { classification }: Pick<FindingRecord, "classification">,
  policy: ResidencyPolicy,
): readonly Classification[] | undefined {
  // Should a policy have a class of that name: nobody could tell the two apart.
  if (classification === "unknown") return undefined;
  return journalledClasses(classification === "" ? undefined : classification, policy);
}

function isMeant(
  { severities, accounts, controls, regions, classifications }: TicketRoute,
  finding: FindingRecord,
  policy: ResidencyPolicy,
): boolean {
  const { severity, controlId, resource } = finding;
  const has = <Value>(list: readonly Value[] | undefined, value: Value) => list?.includes(value) ?? true;
  return (
    has(severities, severity) &&
    has(accounts, resource.account) &&
    has(controls, controlId) &&
    has(regions, resource.region) &&
    isOfClass(classifications, classesOf(finding, policy))
  );
}

/** Data whose class can't be told may be of any: rather one person too many hears of it. */
function isOfClass(wanted: readonly string[] | undefined, classes: readonly Classification[] | undefined): boolean {
  return wanted === undefined || classes === undefined || classes.some(({ name }) => wanted.includes(name));
}
