import { CordonError } from "../shared/errors.ts";
import type {
  Brake,
  ControlRecord,
  Entries,
  FindingRecord,
  Journal,
  Known,
  ResourceRecord,
  RunRecord,
  SeenClass,
  Storm,
} from "../shared/journal/journal.ts";
import { counterKey, resourceKey, runKey } from "../shared/journal/keys.ts";
import { openFindings, partsOf, pruned } from "../shared/journal/resource-item.ts";
import type { ResourceRef } from "../shared/types.ts";

/** What of a record belongs to the resource, and so to every control on it. */
type Shared = Omit<ResourceRecord, keyof ControlRecord | "controlId" | "others">;

interface Item {
  readonly shared: Shared;
  readonly byControl: Readonly<Record<string, ControlRecord>>;
  /** Written by quiet looks too, and so not with what the version guards. */
  readonly sentTo: Readonly<Record<string, readonly string[]>>;
  readonly quiet: Readonly<Record<string, string>>;
}

const UNKNOWN: Known = { version: 0, openFindings: 0 };
const EMPTY: Omit<Shared, "resource"> = { version: 0, leaseUntilMs: 0, runs: 0, ownRequests: [] };

/**
 * A journal in this process's memory, for trying out: the pipeline runs as deployed and no table hears of it. It takes and refuses what `DynamoDbJournal` does
 * (test/cli/memory-journal.test.ts holds them together). Evidence is counted as written without being kept.
 */
export class MemoryJournal implements Journal {
  readonly #resources = new Map<string, Item>();
  readonly #known = new Map<string, Known>();
  readonly #runs = new Map<string, RunRecord>();
  readonly #findings = new Map<string, FindingRecord>();
  readonly #evidence = new Set<string>();
  readonly #counters = new Map<string, number>();
  readonly #storms = new Map<string, Storm & { readonly nextAtMs: number }>();
  readonly #proofs = new Set<string>();
  #brake: Brake | undefined;

  /** What was journalled of a resource before. Takes the place of whatever is known of it; to be called before the first event about it. */
  seed(
    resource: ResourceRef,
    controlId: string,
    {
      classification,
      classSource,
      findings = {},
    }: Partial<Pick<ResourceRecord, "classification" | "classSource" | "findings">>,
  ): void {
    this.#put({
      ...this.recordOf(resource, controlId),
      ...(classification !== undefined && { classification }),
      ...(classSource !== undefined && { classSource }),
      findings,
    });
  }

  /** Every finding as it was recorded last, in the order in which they came up. */
  findings(): readonly FindingRecord[] {
    return [...this.#findings.values()].map(copyOf);
  }

  known(resource: ResourceRef, controlId: string): Known {
    return this.#known.get(memoryKey(resource, controlId)) ?? UNKNOWN;
  }

  async recordQuiet(
    resource: ResourceRef,
    controlId: string,
    seen: SeenClass & { readonly atMs: number },
  ): Promise<boolean> {
    const { pk } = resourceKey(resource);
    const item = this.#resources.get(pk);
    if (item !== undefined && !isQuiet(item, controlId, seen)) return false;
    const { account, region, type, arn, name, version } = resource;
    const { classification, classSource, sentTo, quiet, atMs } = seen;
    this.#resources.set(pk, {
      byControl: item?.byControl ?? {},
      sentTo: { ...item?.sentTo, ...(sentTo !== undefined && { [controlId]: sentTo }) },
      quiet: { ...item?.quiet, ...(quiet !== undefined && { [controlId]: quiet }) },
      shared: {
        ...(item?.shared ?? EMPTY),
        resource: { account, region, type, arn, name, ...(version !== undefined && { version }) },
        seenAt: new Date(atMs).toISOString(),
        ...(classification !== undefined && { classification }),
        ...(classification !== undefined && classSource !== undefined && { classSource }),
      },
    });
    return true;
  }

  async open(
    resource: ResourceRef,
    controlId: string,
    scope = "",
  ): Promise<{ record: ResourceRecord; brake?: Brake; storm?: Storm }> {
    const record = this.recordOf(resource, controlId);
    this.#remember(record);
    const storm = this.#storms.get(scope);
    return {
      record,
      ...(this.#brake !== undefined && { brake: this.#brake }),
      ...(storm !== undefined && { storm: stormOf(storm) }),
    };
  }

  async beginStorm(scope: string, storm: Omit<Storm, "isOn">): Promise<void> {
    const last = this.#storms.get(scope);
    if (last !== undefined && last.generation >= storm.generation) return;
    this.#storms.set(scope, { ...storm, isOn: true, nextAtMs: storm.lastAtMs });
  }

  async takeTurn(
    scope: string,
    { generation, nowMs, intervalMs }: { generation: number; nowMs: number; intervalMs: number },
  ): Promise<number | undefined> {
    const storm = this.#storms.get(scope);
    if (storm?.isOn !== true || storm.generation !== generation) return undefined;
    const turnMs = Math.max(storm.nextAtMs, nowMs);
    this.#storms.set(scope, { ...storm, nextAtMs: turnMs + intervalMs, lastAtMs: nowMs });
    return turnMs;
  }

  async endStorm(
    scope: string,
    generation: number,
    unlessSinceMs = Number.MAX_SAFE_INTEGER,
  ): Promise<number | undefined> {
    const storm = this.#storms.get(scope);
    if (storm === undefined || storm.generation !== generation) return undefined;
    if (storm.lastAtMs > unlessSinceMs) return storm.lastAtMs;
    this.#storms.set(scope, { ...storm, isOn: false });
    return undefined;
  }

  async useProof(proof: string): Promise<boolean> {
    if (this.#proofs.has(proof)) return false;
    this.#proofs.add(proof);
    return true;
  }

  async switchBrake({ isOn, ...brake }: Brake & { readonly isOn: boolean }): Promise<void> {
    this.#brake = isOn ? brake : undefined;
  }

  async count(scope: string, windowMs: number, nowMs: number): Promise<number> {
    const { pk, sk } = counterKey(scope, Math.floor(nowMs / windowMs));
    const count = (this.#counters.get(`${pk} ${sk}`) ?? 0) + 1;
    this.#counters.set(`${pk} ${sk}`, count);
    return count;
  }

  async save(record: ResourceRecord, next: ResourceRecord, entries: Entries): Promise<ResourceRecord> {
    const { resource, controlId } = record;
    const { claimedRun, finishedRun, findings = [], evidence = [] } = entries;
    const { pk } = resourceKey(resource);
    const evidenceKeys = evidence.map(({ key }) => `${pk} ${key}`);
    const isHolding =
      isUnmoved(this.#resources.get(pk), record) &&
      !evidenceKeys.some((key) => this.#evidence.has(key)) &&
      (claimedRun === undefined || !this.#runs.has(keyOfRun(resource, claimedRun.number))) &&
      (finishedRun === undefined || this.#runs.has(keyOfRun(resource, finishedRun.number)));
    if (!isHolding) {
      this.#known.delete(memoryKey(resource, controlId));
      throw new CordonError("conflict", `the journal of ${resource.arn} has moved on`);
    }
    const saved = { ...next, version: record.version + 1, findings: pruned(next.findings) };
    this.#put(saved);
    for (const key of evidenceKeys) this.#evidence.add(key);
    for (const finding of findings) this.#findings.set(finding.id, copyOf(finding));
    if (claimedRun !== undefined) this.#runs.set(keyOfRun(resource, claimedRun.number), copyOf(claimedRun));
    if (finishedRun !== undefined) {
      const key = keyOfRun(resource, finishedRun.number);
      const { verification: _, ...claimed } = this.#runs.get(key) as RunRecord;
      this.#runs.set(key, copyOf({ ...claimed, ...finishedRun }));
    }
    this.#remember(saved);
    return saved;
  }

  async readRun(resource: ResourceRef, number: number): Promise<RunRecord | undefined> {
    return copyOf(this.#runs.get(keyOfRun(resource, number)));
  }

  async readClass(resource: ResourceRef): Promise<Pick<ResourceRecord, "classification" | "classSource">> {
    const { classification, classSource } = (await this.open(resource, "")).record;
    return {
      ...(classification !== undefined && { classification }),
      ...(classSource !== undefined && { classSource }),
    };
  }

  async readFinding(id: string): Promise<FindingRecord | undefined> {
    return copyOf(this.#findings.get(id));
  }

  #put(record: ResourceRecord): void {
    const { byControl, sentTo, quiet, shared } = partsOf(record);
    const { pk } = resourceKey(record.resource);
    const stored = this.#resources.get(pk);
    const item: Item = {
      // An update: what the record doesn't say stays as it is.
      shared: { ...stored?.shared, ...copyOf(shared) },
      byControl,
      sentTo: { ...stored?.sentTo, ...(sentTo !== undefined && { [record.controlId]: sentTo }) },
      quiet: { ...stored?.quiet, ...(quiet !== undefined && { [record.controlId]: quiet }) },
    };
    this.#resources.set(pk, copyOf(item));
  }

  /** The resource's record, as `open` would give it; nobody is taken to have seen it. */
  recordOf(resource: ResourceRef, controlId: string): ResourceRecord {
    const item = copyOf(this.#resources.get(resourceKey(resource).pk));
    const { [controlId]: own = { findings: {} }, ...others } = item?.byControl ?? {};
    const [sentTo, quiet] = [item?.sentTo[controlId], item?.quiet[controlId]];
    return {
      ...(item?.shared ?? EMPTY),
      ...own,
      resource,
      controlId,
      others,
      ...(sentTo !== undefined && { sentTo }),
      ...(quiet !== undefined && { quiet }),
    };
  }

  #remember(record: ResourceRecord): void {
    const { version, classification, classSource } = record;
    this.#known.set(memoryKey(record.resource, record.controlId), {
      version,
      openFindings: openFindings(record),
      ...(classification !== undefined && { classification }),
      ...(classSource !== undefined && { classSource }),
    });
  }
}

function stormOf({ generation, isOn, lastAtMs, nextAtMs = 0, findingId }: Storm): Storm {
  return { generation, isOn, lastAtMs, nextAtMs, findingId };
}

/** Nothing open, nobody at work, and no class journalled that the one seen may not replace. */
function isQuiet({ shared, byControl }: Item, controlId: string, seen: SeenClass & { readonly atMs: number }): boolean {
  const own = byControl[controlId];
  const isOpen = own !== undefined && openFindings(own) > 0;
  return !isOpen && shared.leaseUntilMs <= seen.atMs && mayReplace(shared, seen);
}

/** A tag's class replaces those of no higher rank, the default's only another default. */
function mayReplace({ classification, classSource }: Shared, seen: SeenClass): boolean {
  if (classification === undefined) return true;
  if (seen.classification === undefined) return false;
  if (seen.classSource === "default") return classSource === "default";
  return seen.notAbove.includes(classification);
}

/** No item at all stands for version 0. The class may have changed without a version. */
function isUnmoved(item: Item | undefined, { version, classification }: ResourceRecord): boolean {
  if (item === undefined) return version === 0 && classification === undefined;
  return item.shared.version === version && item.shared.classification === classification;
}

function memoryKey(resource: ResourceRef, controlId: string): string {
  return `${controlId} ${resourceKey(resource).pk}`;
}

function keyOfRun(resource: ResourceRef, number: number): string {
  const { pk, sk } = runKey(resource, number);
  return `${pk} ${sk}`;
}

/** As a table gives it back: nobody's later change shows in it, and what is undefined is not there. */
function copyOf<Value>(value: Value): Value {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as Value);
}
