import { splitClasses } from "../shared/classification/classify.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import type { JournalRecords, SeenResource } from "../shared/journal/records.ts";
import type { Classification, ResidencyPolicy } from "../shared/policy/policy.ts";
import type { FindingStatus, ResourceRef } from "../shared/types.ts";

/** Whether data of a class may be at a place. `unknown`: the place can't be told, or policy doesn't know the class. */
export type Residency = "inside" | "outside" | "unknown";

/** Resources of one class in one Region of one account. */
export interface HeldRow {
  readonly classification: string;
  readonly region: string;
  readonly account: string;
  readonly residency: Residency;
  readonly resources: readonly SeenResource[];
}

/** Resources of one class, Region and account that send data to one Region. */
export interface SentRow extends Omit<HeldRow, "region"> {
  readonly from: string;
  /** Undefined: it can't be told where to. */
  readonly to: string | undefined;
  /** How the findings stand that say so; `allowed`: policy has nothing against it. */
  readonly because: FindingStatus | "allowed";
}

/** What of the journal matters to the question where data of some classes is. */
export interface Places {
  readonly held: readonly HeldRow[];
  readonly sent: readonly SentRow[];
  /** Resources with data of which no class is known: they may hold any. */
  readonly unclassified: readonly SeenResource[];
}

/** Data on its way, by a finding that is neither contained nor resolved. */
interface Leak {
  readonly resource: string;
  readonly to: string | undefined;
  readonly status: FindingStatus;
}

/** What is kept of the journal before it is known which classes are asked for: names can only be checked against all of it. */
export interface Memory {
  readonly resources: readonly SeenResource[];
  readonly leaks: readonly Leak[];
}

/** Reads the journal once. Resources of Cordon's own, which no control about data has seen, are left out. */
export async function readMemory(records: JournalRecords): Promise<Memory> {
  const resources: SeenResource[] = [];
  const leaks: Leak[] = [];
  for await (const entry of records.all()) {
    if (entry.kind === "finding") leaks.push(...leaksOf(entry.finding));
    else if (entry.seen.classification !== undefined || Object.keys(entry.seen.sentTo).length > 0)
      resources.push(entry.seen);
  }
  return { resources, leaks };
}

function leaksOf({ status, facts, resource }: FindingRecord): readonly Leak[] {
  const movesNothing = facts.kind !== "transfer" && facts.kind !== "unreadable";
  if (status === "resolved" || status === "contained" || movesNothing) return [];
  if (facts.kind === "transfer" && !facts.active) return [];
  return [{ resource: keyOf(resource), to: facts.kind === "transfer" ? facts.to : undefined, status }];
}

/** Where data of these classes is and where it goes, each place held against the class's residency. Pure. */
export function placesOf({ resources, leaks }: Memory, classes: readonly string[], policy: ResidencyPolicy): Places {
  const held = new Map<string, HeldRow & { readonly resources: SeenResource[] }>();
  const sent = new Map<string, SentRow & { readonly resources: SeenResource[] }>();
  const leaking = Map.groupBy(leaks, ({ resource }) => resource);
  const unclassified: SeenResource[] = [];
  for (const seen of resources) {
    const { classification, resource } = seen;
    if (classification === undefined) unclassified.push(seen);
    if (classification === undefined) continue;
    const names = splitClasses(classification);
    if (!names.some((name) => classes.includes(name))) continue;
    const { account, region } = resource;
    const known = names.map((name) => policy.classifications.find((each) => each.name === name));
    const shared = { classification, account, resources: [] };
    add(held, [classification, region, account], seen, { ...shared, region, residency: residencyAt(region, known) });
    for (const [to, because] of waysOut(seen, leaking.get(keyOf(resource)) ?? [])) {
      const row = { ...shared, resources: [], from: region, to, because, residency: residencyAt(to, known) };
      add(sent, [classification, to ?? "", region, account, because], seen, row);
    }
  }
  return { held: sorted(held), sent: sorted(sent), unclassified };
}

/** Each Region that a resource sends data to, with how that stands. Where no finding says so, nothing is wrong with it. */
function waysOut(
  { sentTo }: SeenResource,
  leaks: readonly Leak[],
): readonly (readonly [string | undefined, SentRow["because"]])[] {
  const regions = [...new Set(Object.values(sentTo).flat())];
  const known = regions.flatMap((to) => {
    const found = [...new Set(leaks.filter((leak) => leak.to === to).map(({ status }) => status))];
    return (found.length === 0 ? (["allowed"] as const) : found).map((because) => [to, because] as const);
  });
  const untold = new Set(leaks.filter(({ to }) => to === undefined).map(({ status }) => status));
  return [...known, ...[...untold].map((status) => [undefined, status] as const)];
}

/** Data of several classes may be only where each of them may. */
function residencyAt(place: string | undefined, classes: readonly (Classification | undefined)[]): Residency {
  const found = classes.map((known) => residencyOf(place, known));
  if (found.includes("outside")) return "outside";
  return found.includes("unknown") ? "unknown" : "inside";
}

function residencyOf(place: string | undefined, known: Classification | undefined): Residency {
  if (known === undefined) return "unknown";
  if (known.anywhere) return "inside";
  if (place === undefined) return "unknown";
  return known.places.includes(place) ? "inside" : "outside";
}

function add<Row extends { readonly resources: SeenResource[] }>(
  rows: Map<string, Row>,
  key: readonly string[],
  seen: SeenResource,
  fresh: Row,
): void {
  const id = key.join(" ");
  const row = rows.get(id) ?? fresh;
  row.resources.push(seen);
  rows.set(id, row);
}

function sorted<Row extends HeldRow | SentRow>(rows: ReadonlyMap<string, Row>): readonly Row[] {
  const byArn = (one: SeenResource, other: SeenResource) => one.resource.arn.localeCompare(other.resource.arn);
  return [...rows]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([, row]) => ({ ...row, resources: [...row.resources].sort(byArn) }));
}

function keyOf({ account, arn }: ResourceRef): string {
  return `${account} ${arn}`;
}
