import { foundInWords } from "../classification/rule-parts.ts";
import type { FindingRecord } from "../journal/journal.ts";
import { holdLines, planLines, sayingLines, waysToDecide } from "../lifecycle/tell-holds.ts";
import { shownArn } from "../shown.ts";
import type { AccessKeyFacts, Exposure, Severity } from "../types.ts";

/** What a ticketing system is told of one finding. The key is the finding's id: one ticket per finding, for ever. */
export interface Ticket {
  readonly key: string;
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

/** A finding -> the ticket that tells it. Pure. */
export function ticketOf(finding: FindingRecord, version = 0): Ticket {
  const { resource, parent } = finding;
  const sections = sectionsOf(finding);
  return {
    key: finding.id,
    title: clean(`[${isWarning(finding) ? "WARNING" : HEADLINE[finding.status]}] ${finding.title}`),
    severity: finding.severity,
    state: STATE[finding.status] ?? "open",
    body: sections.map(({ heading, lines }) => [heading, ...lines.map((line) => `  ${line}`)].join("\n")).join("\n\n"),
    sections,
    labels: {
      control: finding.controlId,
      account: resource.account,
      region: resource.region,
      resource: clean(shownArn(resource)),
      resourceType: resource.type,
      firstSeenAt: finding.firstSeenAt,
    },
    isWaiting: finding.pending !== undefined,
    ...(finding.pending !== undefined && { plan: finding.pending.id }),
    ...(parent !== undefined && { parent }),
    occurrences: finding.occurrence,
    updatedAt: finding.lastSeenAt,
    version,
  };
}

function sectionsOf(finding: FindingRecord): readonly Section[] {
  const { resource, decision, timings } = finding;
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ["What happened", [finding.title, ...causeOf(finding)]],
    [
      "Why it matters",
      [
        finding.why,
        ...decision.reasons.map((reason) => `- ${reason}`),
        `Decided by ${decision.rule}, policy ${decision.policyDigest.slice(0, 12)}.`,
      ],
    ],
    ["What was done", doneAbout(finding)],
    ["What was looked at", lookedAt(finding)],
    ["What may have crossed", crossed(finding.exposure)],
    ["What to do", remedyFor(finding)],
    ["What holds it", holdLines(finding.holds ?? [])],
    ["The plan", finding.pending === undefined ? [] : planLines(finding.pending)],
    ["How to decide", finding.pending === undefined ? [] : waysToDecide(finding.id)],
    ["What was said", sayingLines(finding.sayings ?? [])],
    ["Notes", finding.notes.map((note) => `- ${note}`)],
    ["How to undo it", finding.status === "contained" ? undoing(finding) : []],
    [
      "Facts",
      [
        `finding ${finding.id}, occurrence ${finding.occurrence}, severity ${finding.severity}`,
        `resource ${shownArn(resource)}, account ${resource.account}, ${resource.region}${finding.classification === "" ? "" : `, class ${finding.classification}`}`,
        ...(finding.parent === undefined ? [] : [`a part of the storm ${finding.parent}: one cause, many resources`]),
        `first seen ${finding.firstSeenAt}, last ${finding.lastSeenAt}`,
        ...Object.entries(timings).map(([name, at]) => `${name.replace("At", "")} ${at}`),
        `requirements: ${finding.citations.map(({ framework, reference }) => `${framework} ${reference}`).join("; ")}`,
        `evidence: ${finding.evidence.join(", ")}`,
        `the facts and all that was considered: cordon explain ${finding.id}`,
      ],
    ],
  ];
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([heading, lines]) => ({ heading, lines: lines.map(clean) }));
}

/** Nothing is done yet, whatever Cordon may do here. */
function isWarning({ status, decision }: FindingRecord): boolean {
  return status === "observed" && decision.explanation.verdict === "announced";
}

/** Only of what a person has to put right: what Cordon changes, it says above. */
function remedyFor({ facts, status, decision }: FindingRecord): readonly string[] {
  // What stands in the way of an object's tag comes first, with what to do about it.
  if (facts.kind === "object" && decision.explanation.verdict === "for-a-person" && status !== "resolved")
    return decision.reasons.slice(0, 1);
  return facts.kind === "condition" && !facts.holds && status !== "resolved" ? [facts.remedy] : [];
}

/** Of an object: counts, and no value. Of a key: who has to see to it, and what would stop. */
function lookedAt({ facts }: FindingRecord): readonly string[] {
  if (facts.kind === "access-key") return keyInWords(facts);
  if (facts.kind !== "object") return [];
  return [facts.read, ...facts.found.map((each) => `found ${foundInWords(each)}`)];
}

function keyInWords({ key, status, createdAt, lastUsed, other, owner, reported }: AccessKeyFacts): readonly string[] {
  const used =
    lastUsed === "never"
      ? "never used"
      : "unreadable" in lastUsed
        ? `when it was used last can't be read: ${lastUsed.unreadable}`
        : `used last at ${lastUsed.at}, for ${lastUsed.service} in ${lastUsed.region}`;
  return [
    `key ${key}, ${status.toLowerCase()}, created ${createdAt}, ${used}`,
    ...(other === undefined
      ? []
      : [`the user's other key: ${other.key}, ${other.status.toLowerCase()}, created ${other.createdAt}`]),
    ...(owner === undefined ? [] : [`owner by the user's tags: ${owner}`]),
    ...(reported === undefined
      ? []
      : [`reported by ${reported.by} at ${reported.at}: ${reported.type} (${reported.id})`]),
  ];
}

function causeOf({ principal, signal, sayings = [] }: FindingRecord): readonly string[] {
  const said = sayings.findLast(({ outcome }) => outcome === "done");
  if (signal.source === "decision") return [`Decided by ${said?.by ?? principal?.arn ?? "unknown"}.`];
  if (signal.source === "schedule") return ["Found by a scheduled look; no event has named anybody."];
  const who =
    principal?.arn ??
    principal?.invokedBy ??
    (principal === undefined ? "somebody the event does not name" : principal.type);
  const agent = principal?.agent?.replace(/[[\]]/g, "");
  const how = agent === undefined ? "" : `, with ${shortened(agent, 80)}`;
  return [`Seen by ${signal.name} (${signal.source}) of ${who}${how}.`];
}

function doneAbout(finding: FindingRecord): readonly string[] {
  const { status, changes, exception, decision } = finding;
  const diff = changes.flatMap(({ path, before, after }) => [
    `${path}`,
    `  - ${before === undefined ? "(absent)" : JSON.stringify(before)}`,
    `  + ${after === undefined ? "(absent)" : JSON.stringify(after)}`,
  ]);
  switch (status) {
    case "contained":
      // What is reported of a key that was off already is kept as contained.
      if (finding.run === undefined && finding.facts.kind !== "transfer")
        return ["Nothing: it had been stopped already."];
      return ["Stopped, and verified by reading it again:", ...diff];
    case "observed":
      return [
        isWarning(finding) ? "Nothing yet: this tells what will be." : "Nothing: this control only observes here.",
      ];
    case "awaiting-approval":
      return ["Nothing: a person has to decide.", ...deciders(decision)];
    case "exempt":
      return [
        ...(diff.length > 0 ? ["Put back as it was, and verified by reading it again:", ...diff] : []),
        exception === undefined
          ? "An exception lets it be."
          : `It is let be until ${exception.expiresAt}: ${exception.reason} (${exception.approver}).`,
      ];
    case "waiting":
      return ["Not yet: see the notes."];
    case "resolved":
      return ["The violation is gone."];
    case "inconclusive":
      return ["Not certain yet; it is looked at again:", ...diff];
    default:
      return [
        "It is being changed at this moment. Should this text stay, the change has not gone through: look at the function's log and its dead-letter queue.",
      ];
  }
}

function crossed(exposure: Exposure | undefined): readonly string[] {
  if (exposure === undefined) return [];
  const { objects, bytes, firstAt, lastAt, from, to, isAll, isUnreadable, basis } = exposure;
  const open = `Data could cross from ${from} to ${to}.`;
  // Nothing was counted: a "0" would be read as "nothing crossed".
  if (isUnreadable === true) return [open, basis];
  const count = `${objects.toLocaleString("en-US")} object${objects === 1 ? "" : "s"}, ${readableBytes(bytes)}`;
  return [
    open,
    isAll ? `An estimate: ${count}` : `An estimate: at least ${count}`,
    ...(firstAt === undefined || lastAt === undefined ? [] : [`first written ${firstAt}, last ${lastAt}`]),
    basis,
  ];
}

const UNITS = ["kB", "MB", "GB", "TB", "PB", "EB"];

/** Powers of 1,000, and the exact number beside them. */
function readableBytes(bytes: number): string {
  const exact = `${bytes.toLocaleString("en-US")} byte${bytes === 1 ? "" : "s"}`;
  let unit = -1;
  let value = bytes;
  // 999,950 is 1.0 MB, not 1000.0 kB.
  for (; Math.round(value * 10) >= 10_000 && unit < UNITS.length - 1; unit++) value /= 1_000;
  return unit < 0 ? exact : `${value.toFixed(1)} ${UNITS[unit]} (${exact})`;
}

function deciders({ approval }: FindingRecord["decision"]): readonly string[] {
  if (approval === undefined) return [];
  const hours = approval.validMs / 3_600_000;
  const who = approval.by.length > 0 ? approval.by.join(", ") : "anybody who may call Cordon and has not caused it";
  return [`Who may decide: ${who}; within ${hours} hours.`];
}

function undoing({ id, reversible, facts }: FindingRecord): readonly string[] {
  // An inactive key has been deleted.
  if (facts.kind === "access-key" && facts.status === "Inactive") return [reversible];
  return [
    `cordon rollback ${id} --reason "..."`,
    "It is signed by whoever asks, and never done for whoever caused it.",
    "It restores exactly what was there, as long as nobody has changed it since, and grants an exception that expires.",
    reversible,
  ];
}

/** At most so many letters, cut between words. */
function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).replace(/ \S*$/, "")} ...`;
}

/** Names come from strangers: no control characters, no line breaks, no direction marks. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
}
