import { catalogue } from "../controls/catalogue.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import type { FindingStatus } from "../shared/types.ts";
import { command, exitCodes } from "./command.ts";
import { answersFor, type ResourceAnswer } from "./compliance.ts";
import {
  askedOf,
  assertNames,
  bySeverityAndTime,
  isOpen,
  readJournal,
  SEVERITIES,
  STATUSES,
} from "./findings-asked.ts";
import { JOURNAL_SETTINGS, openRecords } from "./journal.ts";
import { POLICY_SETTINGS, policyInUse } from "./policy-in-use.ts";
import { redactFinding } from "./redact.ts";
import { type Cell, type Colour, isColoured, renderTable } from "./table.ts";
import { counted, plain, toSeconds } from "./text.ts";

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
    open: { type: "boolean", description: "Only what somebody has to see to: all but contained, exempt and resolved" },
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
    const read = await readJournal(records, asked);
    const needsPolicy = asked.resource !== undefined || asked.framework !== undefined || asked.classes !== undefined;
    const policy = needsPolicy ? (await policyInUse(args.policy, process.env)).policy : undefined;
    const framework = assertNames(asked, read, policy);

    const shown = [...read.shown].sort(bySeverityAndTime);
    const answers =
      asked.resource === undefined || policy === undefined
        ? undefined
        : answersFor({ framework, resource: asked.resource }, read.seen, read.ofResource, catalogue, policy);
    const open = shown.filter(isOpen).length;
    const told = args.reveal ? shown : shown.map(redactFinding);
    const counts = { shown: shown.length, open, inJournal: read.count, byStatus: countsByStatus(shown) };
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
