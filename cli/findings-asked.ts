import { catalogue } from "../controls/catalogue.ts";
import { splitClasses } from "../shared/classification/classify.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import type { JournalRecords, SeenResource } from "../shared/journal/records.ts";
import { placeOf, places } from "../shared/jurisdictions/places.ts";
import { unknownName } from "../shared/policy/language/problems.ts";
import type { ResidencyPolicy } from "../shared/policy/policy.ts";
import type { Citation, FindingStatus, Severity } from "../shared/types.ts";
import { frameworksKnown, isFramework } from "./compliance.ts";
import { endProgress } from "./journal.ts";
import { assertKnown, valuesOf } from "./values.ts";

export const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low"];
export const STATUSES: readonly FindingStatus[] = [
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

/** What is asked for, each part checked as far as it can be without the journal. */
export interface Asked {
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

/** Options as they were given. Throws Error for what can't be one. Pure. */
export function askedOf(args: Readonly<Record<string, unknown>>): Asked {
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

const SETTLED: readonly FindingStatus[] = ["contained", "exempt", "resolved"];

/** Whether data may still move and somebody has to see to it: what is contained has been stopped, and what is exempt was agreed to. Pure. */
export function isOpen({ status }: Pick<FindingRecord, "status">): boolean {
  return !SETTLED.includes(status);
}

/** What of the journal is needed: it can be larger than this machine's memory. */
export interface Read {
  readonly count: number;
  readonly shown: readonly FindingRecord[];
  /** The resource asked for, in each account that has had it, and all that was found of it. */
  readonly seen: readonly SeenResource[];
  readonly ofResource: readonly FindingRecord[];
  readonly controls: ReadonlySet<string>;
  readonly classes: ReadonlySet<string>;
  readonly citations: readonly Citation[];
}

/** Reads the journal once and keeps what is asked for. */
export async function readJournal(records: JournalRecords, asked: Asked): Promise<Read> {
  const { resource } = asked;
  const shown: FindingRecord[] = [];
  const seen: SeenResource[] = [];
  const ofResource: FindingRecord[] = [];
  const controls = new Set<string>();
  const classes = new Set<string>();
  const citations = new Map<string, Citation>();
  let count = 0;
  for await (const entry of records.all()) {
    if (entry.kind === "resource") {
      if (resource !== undefined && isNamed(entry.seen.resource, resource)) seen.push(entry.seen);
      continue;
    }
    const { finding } = entry;
    count++;
    controls.add(finding.controlId);
    for (const name of splitClasses(finding.classification)) classes.add(name);
    for (const each of finding.citations) citations.set(each.framework, each);
    if (isAskedFor(finding, asked)) shown.push(finding);
    if (resource !== undefined && isNamed(finding.resource, resource)) ofResource.push(finding);
  }
  endProgress();
  return { count, shown, seen, ofResource, controls, classes, citations: [...citations.values()] };
}

/** A name that nothing has would find nothing, which must not pass for good news. Throws Error. @returns the framework asked for, as it is cited */
export function assertNames(asked: Asked, read: Read, policy: ResidencyPolicy | undefined): string | undefined {
  assertKnown("control", "control", asked.controls, [...catalogue.map(({ id }) => id), ...read.controls]);
  assertKnown("classification", "class", asked.classes, [
    ...(policy?.classifications.map(({ name }) => name) ?? []),
    ...read.classes,
  ]);
  const { framework } = asked;
  if (framework === undefined) return undefined;
  const known = frameworksKnown(catalogue, policy, read.citations);
  const cited = known.find((name) => name.toLowerCase() === framework.toLowerCase());
  if (cited === undefined) throw new Error(`--framework: ${unknownName("framework", framework, known)}`);
  return cited;
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
    splitClasses(classification).some((name) => isAmong(name, asked.classes)) &&
    (asked.resource === undefined || isNamed(resource, asked.resource)) &&
    (asked.framework === undefined || isFramework(finding.citations, asked.framework))
  );
}

function isNamed({ arn, name }: FindingRecord["resource"], asked: string): boolean {
  return arn === asked || name === asked;
}

/** The most severe first, then the newest. Pure. */
export function bySeverityAndTime(one: FindingRecord, other: FindingRecord): number {
  const rank = SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity);
  return rank || other.lastSeenAt.localeCompare(one.lastSeenAt) || one.id.localeCompare(other.id);
}
