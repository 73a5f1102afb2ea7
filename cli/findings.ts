import { catalogue } from "../controls/catalogue.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import type { SeenResource } from "../shared/journal/records.ts";
import { placeOf, places } from "../shared/jurisdictions/places.ts";
import type { FindingStatus, Severity } from "../shared/types.ts";
import { command, exitCodes } from "./command.ts";
import { answersFor, frameworksKnown, isFramework, type ResourceAnswer } from "./compliance.ts";
import { endProgress, JOURNAL_SETTINGS, openRecords } from "./journal.ts";
import { POLICY_SETTINGS, policyInUse } from "./policy-in-use.ts";
import { redactFinding } from "./redact.ts";
import { type Cell, type Colour, isColoured, renderTable } from "./table.ts";
import { counted, plain, toSeconds } from "./text.ts";
import { assertKnown, valuesOf } from "./values.ts";

const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low"];
const STATUSES: readonly FindingStatus[] = [
  "observed",
  "awaiting-approval",
  "containing",
  "inconclusive",
  "waiting",
  "rolling-back",
  "exempt",
  "contained",
  "resolved",
];

/** `cordon findings`: what Cordon has found, from the journal; and whether a resource complies (S4). */
export const findings = command(
  {
    name: "findings",
    summary: "What Cordon has found, from the journal; with --resource, whether that resource complies",
    notes: `Most severe first, then the newest. SINCE is when the finding came to stand as it does.
Options that take several values take them separated by commas.

Open is all but resolved: what is contained can be switched on again, and what is exempt is let be for a time only.

With --resource it is answered whether that resource complies: by all its findings (those of --framework), whichever of them are shown; by the class of its
data, which has to be known and allowed where the resource lies; and only if a control of Cordon's looks at such resources for that framework.
What Cordon has never seen is not said to comply.

Who caused, decided or granted something, and which keys and tags move, is shown only with --reveal.

${JOURNAL_SETTINGS}
${POLICY_SETTINGS}
It reads the whole table (dynamodb:Scan).

Exit code: 0 nothing open among what is shown, and with --resource that it complies; 1 something open, or not said to comply; 2 it could not be run.`,
  },
  {
    status: { type: "string", description: `Only these: ${STATUSES.join(", ")}`, valueHint: "status" },
    open: { type: "boolean", description: "Only what is open: all but resolved" },
    control: { type: "string", description: "Only of these controls (cordon catalogue lists them)", valueHint: "id" },
    severity: { type: "string", description: `Only these: ${SEVERITIES.join(", ")}`, valueHint: "severity" },
    account: { type: "string", description: "Only of resources in these accounts, 12 digits", valueHint: "id" },
    region: { type: "string", description: "Only of resources in these Regions", valueHint: "name" },
    classification: { type: "string", description: "Only about data of these classes", valueHint: "name" },
    resource: { type: "string", description: "Only of this resource: its ARN, or a bucket's name", valueHint: "arn" },
    framework: { type: "string", description: "Only those that cite this framework, such as GDPR", valueHint: "name" },
    policy: { type: "string", description: "The policy file to go by where it matters", valueHint: "file" },
    json: { type: "boolean", description: "The same as JSON" },
    reveal: { type: "boolean", description: "Show also who, which keys and which tags" },
  },
  async (args) => {
    const asked = askedOf(args);
    const { table, records } = openRecords(process.env);
    const all: FindingRecord[] = [];
    const seen: SeenResource[] = [];
    for await (const entry of records.all()) {
      if (entry.kind === "finding") all.push(entry.finding);
      else if (asked.resource !== undefined && isNamed(entry.seen.resource, asked.resource)) seen.push(entry.seen);
    }
    endProgress();

    const needsPolicy = asked.resource !== undefined || asked.framework !== undefined || asked.classes !== undefined;
    const inUse = needsPolicy ? await policyInUse(args.policy, process.env) : undefined;
    const frameworks = frameworksKnown(catalogue, inUse?.policy, all);
    assertKnown(
      "framework",
      "framework",
      asked.framework && [frameworks.get(asked.framework.toLowerCase()) ?? asked.framework],
      frameworks.values(),
    );
    assertKnown("control", "control", asked.controls, [
      ...catalogue.map(({ id }) => id),
      ...all.map(({ controlId }) => controlId),
    ]);
    assertKnown("classification", "class", asked.classes, [
      ...(inUse?.policy.classifications.map(({ name }) => name) ?? []),
      ...all.map(({ classification }) => classification),
    ]);

    const shown = all.filter((finding) => isAskedFor(finding, asked)).sort(bySeverityAndTime);
    const answers =
      asked.resource === undefined || inUse === undefined
        ? undefined
        : answersFor({ ...asked, resource: asked.resource }, seen, all, catalogue, inUse.policy);
    const open = shown.filter(isOpen).length;
    const told = args.reveal ? shown : shown.map(redactFinding);
    const counts = { shown: shown.length, open, inJournal: all.length, byStatus: countsByStatus(shown) };
    if (args.json) {
      const report = {
        table,
        ...(answers !== undefined && { resource: asked.resource, answers }),
        counts,
        findings: told,
      };
      process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    } else {
      process.stdout.write(describeAnswers(answers) + describeFindings(told, isColoured()) + describeCounts(counts));
    }
    const isFine = open === 0 && (answers ?? []).every(({ complies }) => complies === "yes");
    return isFine ? exitCodes.fine : exitCodes.wrong;
  },
);

/** What is asked for, each part checked as far as it can be without the journal. */
interface Asked {
  readonly statuses?: readonly string[] | undefined;
  readonly isOpenOnly: boolean;
  readonly controls?: readonly string[] | undefined;
  readonly severities?: readonly string[] | undefined;
  readonly accounts?: readonly string[] | undefined;
  readonly regions?: readonly string[] | undefined;
  readonly classes?: readonly string[] | undefined;
  readonly resource?: string | undefined;
  readonly framework?: string | undefined;
}

function askedOf(args: Readonly<Record<string, unknown>>): Asked {
  const text = (name: string) => args[name] as string | undefined;
  const asked: Asked = {
    statuses: valuesOf("status", text("status")),
    isOpenOnly: args.open === true,
    controls: valuesOf("control", text("control")),
    severities: valuesOf("severity", text("severity")),
    accounts: valuesOf("account", text("account")),
    regions: valuesOf("region", text("region")),
    classes: valuesOf("classification", text("classification")),
    resource: text("resource")?.trim(),
    framework: text("framework")?.trim(),
  };
  assertKnown("status", "status", asked.statuses, STATUSES);
  assertKnown("severity", "severity", asked.severities, SEVERITIES);
  for (const account of asked.accounts ?? [])
    if (!/^\d{12}$/.test(account)) throw new Error(`--account: found "${account}", expected 12 digits`);
  assertKnown(
    "region",
    "Region",
    asked.regions?.filter((region) => placeOf(region) === undefined),
    places.keys(),
  );
  if (asked.resource === "") throw new Error("--resource is empty: expected an ARN, or a bucket's name");
  if (asked.framework === "") throw new Error("--framework is empty: expected a framework, such as GDPR");
  return asked;
}

/** Whether a finding is one that still matters: all but the resolved ones. Pure. */
export function isOpen({ status }: Pick<FindingRecord, "status">): boolean {
  return status !== "resolved";
}

function isAskedFor(finding: FindingRecord, asked: Asked): boolean {
  const { status, controlId, severity, resource, classification } = finding;
  const isAmong = (value: string, values: readonly string[] | undefined) => values?.includes(value) ?? true;
  return (
    isAmong(status, asked.statuses) &&
    (!asked.isOpenOnly || isOpen(finding)) &&
    isAmong(controlId, asked.controls) &&
    isAmong(severity, asked.severities) &&
    isAmong(resource.account, asked.accounts) &&
    isAmong(resource.region, asked.regions) &&
    isAmong(classification, asked.classes) &&
    (asked.resource === undefined || isNamed(resource, asked.resource)) &&
    (asked.framework === undefined || isFramework(finding.citations, asked.framework))
  );
}

function isNamed({ arn, name }: FindingRecord["resource"], asked: string): boolean {
  return arn === asked || name === asked;
}

function bySeverityAndTime(one: FindingRecord, other: FindingRecord): number {
  const rank = SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity);
  return rank || (one.lastSeenAt < other.lastSeenAt ? 1 : -1);
}

const COLOURS: Readonly<Record<FindingStatus, Colour>> = {
  observed: "red",
  "awaiting-approval": "red",
  containing: "yellow",
  inconclusive: "yellow",
  waiting: "red",
  "rolling-back": "yellow",
  exempt: "yellow",
  contained: "green",
  resolved: "grey",
};

function describeFindings(shown: readonly FindingRecord[], colours: boolean): string {
  if (shown.length === 0) return "";
  const head = ["ID", "STATUS", "SEVERITY", "CLASS", "RESOURCE", "MOVES", "SINCE", "TITLE"];
  const rows = shown.map((finding): readonly Cell[] => {
    const { id, status, severity, classification, resource, lastSeenAt, title } = finding;
    const isLoud = severity === "critical" && isOpen(finding);
    return [
      { text: id },
      { text: status, colour: COLOURS[status] },
      { text: severity, colour: isLoud ? "red" : undefined },
      { text: classification || "-" },
      { text: plain(`${resource.name} (${resource.account})`) },
      { text: moves(finding) },
      { text: toSeconds(lastSeenAt) },
      { text: plain(title) },
    ];
  });
  return `${renderTable(head, rows, colours)}\n`;
}

function moves({ facts, resource }: FindingRecord): string {
  if (facts.kind !== "transfer") return resource.region;
  return `${facts.from} -> ${facts.to ?? (facts.active ? "unknown" : "nowhere")}`;
}

function countsByStatus(shown: readonly FindingRecord[]): Readonly<Record<string, number>> {
  const used = STATUSES.map((status) => [status, shown.filter((each) => each.status === status).length] as const);
  return Object.fromEntries(used.filter(([, count]) => count > 0));
}

interface Counts {
  readonly shown: number;
  readonly open: number;
  readonly inJournal: number;
  readonly byStatus: Readonly<Record<string, number>>;
}

function describeCounts({ shown, open, inJournal, byStatus }: Counts): string {
  const statuses = Object.entries(byStatus).map(([status, count]) => `${count} ${status}`);
  const list = statuses.length > 0 ? `: ${statuses.join(", ")}` : "";
  const rest = inJournal > shown ? `; ${inJournal - shown} more in the journal` : "";
  return `${counted(shown, "finding")}, ${open} open${list}${rest}.\n`;
}

function describeAnswers(answers: readonly ResourceAnswer[] | undefined): string {
  if (answers === undefined) return "";
  return answers
    .map(({ sentence, about }) => `${[plain(sentence), ...about.map((line) => `  ${plain(line)}`)].join("\n")}\n\n`)
    .join("");
}
