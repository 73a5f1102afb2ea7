import type { FindingRecord } from "../journal/journal.ts";
import type { ResidencyPolicy } from "../policy/policy.ts";
import type { TicketRoute } from "../policy/tickets.ts";
import { shownArn } from "../shown.ts";
import type { Severity } from "../types.ts";
import { clocksOf } from "./clocks.ts";
import { type Block, sectionsOf } from "./content/block.ts";
import { done, toDo } from "./content/done.ts";
import { crossed } from "./content/exposure.ts";
import { facts } from "./content/facts.ts";
import { happened } from "./content/happened.ts";
import { law } from "./content/law.ts";
import { ownerOf } from "./content/owner.ts";
import { isWarning, summary } from "./content/summary.ts";
import { undo } from "./content/undo.ts";
import { LEFT_OUT, NOTHING_WITHHELD, type Withholding, withholdingFor } from "./content/withhold.ts";
import { oneLine } from "./text.ts";

/** What a ticketing system is told of one finding. The key is the finding's id: one ticket per finding, for ever. */
export interface Ticket {
  readonly key: string;
  /** The finding that it is about, by which people ask: a finding's later tickets have keys of their own. A group's is its key. */
  readonly finding: string;
  readonly title: string;
  readonly severity: Severity;
  readonly state: "open" | "contained" | "exempt" | "resolved";
  /** Plain text with lines; what somebody paged at night reads. */
  readonly body: string;
  /** The same in its parts, for systems that set it their own way. Every line is one line, of what people and strangers have named: an adapter escapes it. */
  readonly sections: readonly Section[];
  /** What tickets are sorted and searched by. */
  readonly labels: TicketLabels;
  /** Whether a person's decision is waited for. */
  readonly isWaiting: boolean;
  /** The id of the plan that is waited about: an order that carries it is about nothing else. */
  readonly plan?: string;
  /** The finding of the storm that this is a part of. */
  readonly parent?: string;
  /** How often the problem has come. */
  readonly occurrences: number;
  readonly updatedAt: string;
  /** Rises with each state of the finding, so that of two the newer is known: tickets are put more than once, and at times out of order. */
  readonly version: number;
}

export interface Section {
  readonly heading: string;
  readonly lines: readonly string[];
}

export interface TicketLabels {
  readonly control: string;
  readonly account: string;
  readonly region: string;
  /** As it is shown (shared/shown.ts). */
  readonly resource: string;
  readonly resourceType: string;
  readonly firstSeenAt: string;
  /** What it is required by: `GDPR Art. 44`. */
  readonly requirements: readonly string[];
}

/** Where tickets go that are no tracker's: this machine. */
export interface TicketAdapter {
  readonly name: string;
  /** Opens the ticket or brings it up to date; putting the same twice, or an older version after a newer one, changes nothing. */
  put(ticket: Ticket): Promise<void>;
}

const STATE: Partial<Record<FindingRecord["status"], Ticket["state"]>> = {
  contained: "contained",
  exempt: "exempt",
  resolved: "resolved",
};

const HEADLINE: Record<FindingRecord["status"], string> = {
  observed: "OBSERVED",
  "awaiting-approval": "NEEDS A DECISION",
  containing: "BEING CONTAINED",
  contained: "CONTAINED",
  inconclusive: "NOT CERTAIN YET",
  waiting: "ON AGAIN, TO BE CONTAINED",
  "rolling-back": "BEING ROLLED BACK",
  exempt: "EXEMPT",
  resolved: "RESOLVED",
};

/**
 * A finding -> the ticket that tells all of it. Pure.
 *
 * @param policy whose clocks run; left out, none does
 */
export function ticketOf(finding: FindingRecord, version = 0, policy?: ResidencyPolicy): Ticket {
  return ticketWith(finding, version, policy, NOTHING_WITHHELD);
}

/**
 * A finding -> the ticket as a route may have it: where the route lies outside of where the finding's data may live, what policy does not let go is left out, and the
 * ticket says so. Pure.
 *
 * @param version rises with each state of the finding
 */
export function ticketFor(
  finding: FindingRecord,
  version: number,
  route: TicketRoute,
  policy: ResidencyPolicy,
): Ticket {
  const withholding = withholdingFor(finding, route, policy);
  return ticketWith(finding, version, policy, withholding, route);
}

function ticketWith(
  finding: FindingRecord,
  version: number,
  policy: ResidencyPolicy | undefined,
  withholding: Withholding,
  route?: TicketRoute,
): Ticket {
  const { resource, parent } = finding;
  const isResourceTold = withholding.lets(["resource"]);
  const subject = isResourceTold
    ? withholding.scrub(finding.title)
    : `${finding.controlTitle}: account ${resource.account}, ${resource.region}`;
  const told = sectionsOf(blocksOf(finding, policy), withholding);
  const sections = withNotice(told, withholding, route);
  return {
    key: finding.id,
    finding: finding.id,
    title: oneLine(`[${isWarning(finding) ? "WARNING" : HEADLINE[finding.status]}] ${subject}`),
    severity: finding.severity,
    state: STATE[finding.status] ?? "open",
    body: sections.map(({ heading, lines }) => [heading, ...lines.map((line) => `  ${line}`)].join("\n")).join("\n\n"),
    sections,
    labels: {
      control: finding.controlId,
      account: resource.account,
      region: resource.region,
      resource: isResourceTold ? oneLine(withholding.scrub(shownArn(resource))) : LEFT_OUT,
      resourceType: resource.type,
      firstSeenAt: finding.firstSeenAt,
      requirements: finding.citations.map(({ framework, reference }) => `${framework} ${reference}`),
    },
    isWaiting: finding.pending !== undefined,
    ...(finding.pending !== undefined && { plan: finding.pending.id }),
    ...(parent !== undefined && { parent }),
    occurrences: finding.occurrence,
    updatedAt: finding.lastSeenAt,
    version,
  };
}

/** All that there is to tell, in the order in which it is read. */
function blocksOf(finding: FindingRecord, policy: ResidencyPolicy | undefined): readonly Block[] {
  const clocks = policy && clocksOf(finding, policy);
  const maxMs = policy?.limits.exception.maxMs;
  return [
    ...summary(finding, clocks, ownerOf(finding, policy ?? {})),
    ...happened(finding),
    ...done(finding),
    crossed(finding.exposure),
    ...law(finding.id, clocks),
    ...toDo(finding),
    ...undo(finding, maxMs === undefined ? undefined : maxMs / 86_400_000),
    ...facts(finding),
  ];
}

/** Whoever reads a ticket that is not whole has to know it before he reads on. */
function withNotice(
  told: readonly Section[],
  withholding: Withholding,
  route: TicketRoute | undefined,
): readonly Section[] {
  const kept = withholding.kept();
  const [first, ...more] = told;
  if (kept.length === 0 || first === undefined || route === undefined) return told;
  const notice = `left out for this route (it lies in ${route.liesIn.join(", ")}): ${kept.join(", ")}`;
  return [{ ...first, lines: [...first.lines, notice] }, ...more];
}
