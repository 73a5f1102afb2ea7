import { type DynamoDBClient, paginateScan, type ScanCommandInput } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { sortAwsError, unavailable } from "../aws/aws-errors.ts";
import { CordonError } from "../errors.ts";
import type { FindingRecord } from "./journal.ts";
import type { EvidenceAsked, JournalEntry, JournalRecords, ReachedState, SeenResource } from "./records.ts";
import { sentToAttribute } from "./resource-item.ts";

/**
 * The journal's records in the cell's table, by Scan (consistent, page by page), of which only what is needed is sent over.
 *
 * @param controlIds the controls of which it is told where they saw data being sent to
 * @param onPage is told after each page how many items have been read
 */
export function recordsInTable(
  client: DynamoDBClient,
  table: string,
  controlIds: readonly string[],
  onPage: (read: number) => void = () => {},
): JournalRecords {
  async function* scan(input: ScanCommandInput): AsyncGenerator<Record<string, unknown>> {
    let items = 0;
    try {
      for await (const { Items = [], ScannedCount = 0 } of paginateScan({ client }, input)) {
        items += ScannedCount;
        onPage(items);
        for (const item of Items) yield unmarshall(item);
      }
    } catch (error) {
      throw failed(table, error);
    }
  }
  async function* read(kinds: readonly JournalEntry["kind"][]): AsyncGenerator<JournalEntry> {
    for await (const item of scan(scanOf(table, kinds, controlIds))) yield entryOf(item, controlIds);
  }
  return {
    async *findings() {
      for await (const entry of read(["finding"])) if (entry.kind === "finding") yield entry.finding;
    },
    async *resources() {
      for await (const entry of read(["resource"])) if (entry.kind === "resource") yield entry.seen;
    },
    all: () => read(["finding", "resource"]),
    async *evidence(asked) {
      // IN () is no expression: no kind, no evidence.
      if (asked.kinds.length === 0) return;
      for await (const item of scan(evidenceScanOf(table, asked))) yield stateOf(item as unknown as EvidenceItem);
    },
  };
}

/** What of an item is needed, by the kind of item that has it. */
const ATTRIBUTES: Readonly<Record<JournalEntry["kind"], readonly string[]>> = {
  finding: ["record"],
  resource: ["resource", "classification", "classSource", "seenAt"],
};

function scanOf(
  table: string,
  kinds: readonly JournalEntry["kind"][],
  controlIds: readonly string[],
): ScanCommandInput {
  const names = [
    "entity",
    ...kinds.flatMap((kind) => ATTRIBUTES[kind]),
    ...(kinds.includes("resource") ? controlIds.map(sentToAttribute) : []),
  ];
  return {
    TableName: table,
    ConsistentRead: true,
    FilterExpression: `#n0 IN (${kinds.map((_, index) => `:k${index}`).join(", ")})`,
    ProjectionExpression: names.map((_, index) => `#n${index}`).join(", "),
    ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#n${index}`, name])),
    ExpressionAttributeValues: marshall(Object.fromEntries(kinds.map((kind, index) => [`:k${index}`, kind]))),
  };
}

function entryOf(item: Record<string, unknown>, controlIds: readonly string[]): JournalEntry {
  if (item.entity === "finding") return { kind: "finding", finding: item.record as FindingRecord };
  const { resource, classification, classSource, seenAt } = item as unknown as SeenResource;
  const sentTo = controlIds.flatMap((id) => {
    const regions = item[sentToAttribute(id)] as readonly string[] | undefined;
    return regions === undefined ? [] : [[id, regions] as const];
  });
  return {
    kind: "resource",
    seen: {
      resource,
      sentTo: Object.fromEntries(sentTo),
      ...(classification !== undefined && { classification }),
      ...(classSource !== undefined && { classSource }),
      ...(seenAt !== undefined && { seenAt }),
    },
  };
}

/** What of an entry of evidence is sent over, by its path in the item. */
const EVIDENCE_PATHS = [
  "findingId",
  "controlId",
  "occurrence",
  "kind",
  "at",
  "content.resource",
  "content.finding.part",
  "content.finding.facts",
  "content.decision.rule",
  "content.decision.reasons",
  "content.decision.policyDigest",
  "content.decision.explanation",
  "content.signal.principal",
  "content.signal.causedByCordon",
  "content.run.kind",
  "content.exception",
] as const;

function evidenceScanOf(table: string, { kinds, sinceMs }: EvidenceAsked): ScanCommandInput {
  const names = [...new Set(["entity", ...EVIDENCE_PATHS.flatMap((path) => path.split("."))])];
  const nameOf = (path: string) =>
    path
      .split(".")
      .map((name) => `#n${names.indexOf(name)}`)
      .join(".");
  const among = kinds.map((_, index) => `:k${index}`).join(", ");
  return {
    TableName: table,
    ConsistentRead: true,
    // Times are all in UTC and equally long, so that letters put them in order.
    FilterExpression: `${nameOf("entity")} = :entity AND ${nameOf("kind")} IN (${among}) AND ${nameOf("at")} >= :since`,
    ProjectionExpression: EVIDENCE_PATHS.map(nameOf).join(", "),
    ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#n${index}`, name])),
    ExpressionAttributeValues: marshall({
      ":entity": "evidence",
      ":since": new Date(sinceMs).toISOString(),
      ...Object.fromEntries(kinds.map((kind, index) => [`:k${index}`, kind])),
    }),
  };
}

/** As `recordsOf` (shared/lifecycle/records.ts) writes it; evidence of an exception alone has neither finding nor decision, signal or run. */
interface EvidenceItem extends Pick<ReachedState, "findingId" | "controlId" | "occurrence" | "kind" | "at"> {
  readonly content: Pick<ReachedState, "resource" | "decision"> & {
    readonly finding?: Pick<ReachedState, "part" | "facts">;
    readonly signal?: Pick<ReachedState, "principal"> & { readonly causedByCordon?: boolean };
    readonly run?: { readonly kind: NonNullable<ReachedState["run"]> } | null;
    readonly exception?: ReachedState["exception"] | null;
  };
}

function stateOf({ findingId, controlId, occurrence, kind, at, content }: EvidenceItem): ReachedState {
  const { resource, finding, decision, signal, run, exception } = content;
  const principal = signal?.causedByCordon === true ? undefined : signal?.principal;
  return {
    findingId,
    controlId,
    occurrence,
    kind,
    at,
    resource,
    ...(finding?.part !== undefined && { part: finding.part }),
    ...(finding?.facts !== undefined && { facts: finding.facts }),
    ...(decision !== undefined && { decision }),
    ...(principal !== undefined && { principal }),
    ...(run?.kind !== undefined && { run: run.kind }),
    ...(exception != null && { exception }),
  };
}

function failed(table: string, error: unknown): unknown {
  const { kind, code, message } = sortAwsError(error);
  if (code === "ResourceNotFoundException") {
    return new CordonError(
      "misconfigured",
      `There is no table "${table}" in this account and Region: set CORDON_TABLE to Cordon's table, and AWS_REGION to the cell's Region.`,
      { cause: error },
    );
  }
  if (kind === "denied") {
    return new CordonError(
      "denied",
      `AWS refused Scan of the table "${table}", which takes dynamodb:Scan: ${message}`,
      {
        cause: error,
      },
    );
  }
  return unavailable("Scan", error);
}
