import type { AnyControl, Detection } from "../shared/control.ts";
import { CordonError, describeError } from "../shared/errors.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import { handleSignal } from "../shared/pipeline.ts";
import type { PolicyInForce } from "../shared/policy/policy.ts";
import { inTurn } from "../shared/runtime/in-turn.ts";
import { eventsOf } from "../shared/signals/control-events.ts";
import { parseSignals } from "../shared/signals/parse-signals.ts";
import { asObject, asText, type Json } from "../shared/signals/shapes.ts";
import type { Clock, Decision, DecisionKind, Result, Signal } from "../shared/types.ts";
import { journalledOf, judgeLook, statesOf } from "./judge-event.ts";
import type { Live } from "./live.ts";
import { MemoryJournal } from "./memory-journal.ts";
import { readEvents } from "./replay-events.ts";
import type { EventFile } from "./replay-files.ts";
import { Slots } from "./slots.ts";

export interface ReplayOptions {
  readonly controls: readonly AnyControl<unknown>[];
  readonly live: Live;
  readonly policy: PolicyInForce;
  readonly clock: Clock;
  /** Events under way at a time; those about one resource go one after the other all the same. */
  readonly concurrency: number;
  /** Only events from then on, and before then. One that tells no time is never left out. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Is told how many bytes of all files have been read. */
  readonly onProgress?: (doneBytes: number, file: string) => void;
}

/** What a control made of the events. `gone`: the resource is no longer there. */
export interface ControlTally {
  readonly controlId: string;
  heard: number;
  ignored: number;
  refused: number;
  failed: number;
}

/** What could not be understood, or not be judged; the same reason in one file is told once, with the first place it was met at. */
export interface Trouble {
  readonly file: string;
  readonly where?: string;
  readonly reason: string;
  times: number;
}

/** How a resource stood when one control looked at it last. */
interface Standing {
  readonly controlId: string;
  readonly arn: string;
  readonly compliant: number;
  /** Of what is not compliant, policy's own decision, by finding. */
  readonly decisions: ReadonlyMap<string, Decision>;
  /** What can't be told yet, and why. */
  readonly unclear: readonly Remark[];
  /** The resource is no longer there, and why that is thought. */
  readonly gone?: string;
}

/** Something to know of a resource that is no finding. */
export interface Remark {
  readonly arn: string;
  readonly reason: string;
}

/** A finding as it was recorded in observe mode, with the decision that policy alone would have come to. */
export interface ReplayedFinding extends FindingRecord {
  /** What was decided under this replay's ceiling. */
  readonly recordedAs: DecisionKind;
}

export interface ReplayOutcome {
  readonly events: { readonly read: number; readonly outsideWindow: number; readonly notEvents: number };
  readonly controls: readonly (ControlTally & {
    readonly decisions: Readonly<Record<DecisionKind, number>>;
    readonly unclear: number;
  })[];
  /** Everything that is not compliant. */
  readonly findings: readonly ReplayedFinding[];
  readonly unclear: readonly Remark[];
  readonly gone: readonly Remark[];
  readonly refused: readonly Trouble[];
  readonly failed: readonly Trouble[];
  /** Troubles that were counted but not kept. */
  readonly untold: number;
}

/** Nothing is changed: what a run may do is capped, whatever policy says. */
const CEILING = { mode: "observe", reason: "a replay, which changes nothing" } as const;
/** A pipeline in observe mode only reads; this is for its own book-keeping. */
const DEADLINE_MS = 60_000;
/** Reasons kept; a directory full of something else must not fill the memory. */
const MAX_TROUBLES = 200;

/**
 * Runs recorded events through the pipeline in observe mode, with a journal in memory: live state is read, nothing is written anywhere. Policy's own
 * decision, without the ceiling, is made of the same look.
 *
 * @throws CordonError `misconfigured`, and whatever is a mistake in Cordon itself; what is wrong with a file, a record or a resource is told in the outcome
 */
export async function replayFiles(files: readonly EventFile[], options: ReplayOptions): Promise<ReplayOutcome> {
  const run = new Replay(options);
  const slots = new Slots(options.concurrency);
  let doneBytes = 0;
  for (const { path, bytes } of files) {
    const tell = (readBytes: number) => options.onProgress?.(doneBytes + readBytes, path);
    tell(0);
    for await (const recorded of readEvents(path, tell)) {
      if (recorded.kind === "no-event") run.skip();
      else if (recorded.kind === "refused") run.refuse(path, recorded.where, recorded.reason);
      else for (const work of run.hear(recorded.event, path, recorded.where)) await slots.begin(work);
    }
    doneBytes += bytes;
  }
  await slots.end();
  return run.outcome();
}

class Replay {
  readonly #options: ReplayOptions;
  readonly #journal = new MemoryJournal();
  readonly #seeded = new Set<string>();
  readonly #standings = new Map<string, Standing>();
  readonly #tallies: ReadonlyMap<string, ControlTally>;
  readonly #refused = new Map<string, Trouble>();
  readonly #failed = new Map<string, Trouble>();
  #untold = 0;
  #read = 0;
  #outside = 0;
  #notEvents = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#tallies = new Map(
      options.controls.map(({ meta: { id } }) => [id, { controlId: id, heard: 0, ignored: 0, refused: 0, failed: 0 }]),
    );
  }

  skip(): void {
    this.#notEvents++;
  }

  refuse(file: string, where: string | undefined, reason: string): void {
    this.#note(this.#refused, file, where, reason);
  }

  /** The work that an event brings: one for each signal that a control hears in it. */
  hear(event: Json, file: string, where: string): readonly (() => Promise<void>)[] {
    if (this.#isOutside(timeOf(event))) {
      this.#outside++;
      return [];
    }
    this.#read++;
    const refusals = new Set<string>();
    const works: (() => Promise<void>)[] = [];
    for (const control of this.#options.controls) {
      const tally = this.#tally(control);
      for (const parsed of parseSignals(event, eventsOf(control.meta))) {
        if (parsed.kind === "ignored") tally.ignored++;
        else if (parsed.kind === "refused") {
          tally.refused++;
          refusals.add(parsed.reason);
        } else if (this.#isOutside(parsed.signal.at)) this.#outside++;
        else {
          tally.heard++;
          const { signal } = parsed;
          works.push(() => inTurn(signal.resource.arn, () => this.#treat(control, signal, file, where)));
        }
      }
    }
    for (const reason of refusals) this.refuse(file, where, reason);
    return works;
  }

  /** One signal through the pipeline, and what policy alone says of the same look. */
  async #treat(control: AnyControl<unknown>, signal: Signal, file: string, where: string): Promise<void> {
    const { live, policy, clock } = this.#options;
    const { resource } = signal;
    const key = `${control.meta.id} ${resource.account} ${resource.arn}`;
    try {
      await this.#seed(control, signal, key);
      const journalled = journalledOf(this.#journal.recordOf(resource, control.meta.id));
      let detection: Detection<unknown> | undefined;
      const remembering: AnyControl<unknown> = {
        ...control,
        detect: async (ref, ports, asked) => {
          detection = await control.detect(ref, ports, asked);
          return detection;
        },
      };
      const { ports } = live;
      const readAtMs = clock.nowMs();
      const cordon = { control: remembering, ports, policy, journal: this.#journal, clock, ceiling: CEILING };
      const { results } = await handleSignal(signal, cordon, readAtMs + DEADLINE_MS);
      const seen = detection as Detection<unknown> | undefined;
      const about = { controlId: control.meta.id, arn: resource.arn };
      if (seen === undefined || seen.kind === "absent") {
        this.#standings.set(key, { ...standingOf(about, [], results), gone: seen?.reason ?? "it was not looked at" });
        return;
      }
      const look = { kind: "seen", signal, detection: seen, journalled, readAtMs } as const;
      const outcome = judgeLook(control, look, { policy, nowMs: readAtMs });
      this.#standings.set(key, standingOf(about, outcome.kind === "judged" ? outcome.judged : [], results));
    } catch (error) {
      if (!(error instanceof CordonError) || error.kind === "misconfigured") throw error;
      const isForeign = error.kind === "foreign-account";
      this.#tally(control)[isForeign ? "refused" : "failed"]++;
      this.#note(isForeign ? this.#refused : this.#failed, file, where, describeError(error));
    }
  }

  /** What was journalled before comes into play with the first event about a resource. */
  async #seed(control: AnyControl<unknown>, signal: Signal, key: string): Promise<void> {
    if (this.#seeded.has(key)) return;
    const { resource } = signal;
    const { live, policy, clock } = this.#options;
    const asked = { policy, signal, deadlineMs: clock.nowMs() + DEADLINE_MS, clock };
    const { exceptions, classification, classSource } = await live.journalled(resource, control, asked);
    const findings = statesOf(exceptions, this.#options.clock.nowMs());
    if (classification !== undefined || Object.keys(findings).length > 0)
      this.#journal.seed(resource, control.meta.id, {
        findings,
        ...(classification !== undefined && { classification }),
        ...(classSource !== undefined && { classSource }),
      });
    this.#seeded.add(key);
  }

  outcome(): ReplayOutcome {
    const standings = [...this.#standings.values()];
    const recorded = new Map(this.#journal.findings().map((record) => [record.id, record]));
    const findings = standings.flatMap(({ decisions }) =>
      [...decisions].flatMap(([id, decision]): ReplayedFinding[] => {
        const record = recorded.get(id);
        return record === undefined ? [] : [{ ...record, decision, evidence: [], recordedAs: record.decision.kind }];
      }),
    );
    return {
      events: { read: this.#read, outsideWindow: this.#outside, notEvents: this.#notEvents },
      controls: [...this.#tallies.values()].map((tally) => {
        const own = standings.filter(({ controlId }) => controlId === tally.controlId);
        return { ...tally, decisions: countsOf(own), unclear: own.flatMap(({ unclear }) => unclear).length };
      }),
      findings: findings.sort(byUrgency),
      unclear: standings.flatMap(({ unclear }) => unclear),
      gone: standings.flatMap(({ arn, gone }) => (gone === undefined ? [] : [{ arn, reason: gone }])),
      refused: [...this.#refused.values()],
      failed: [...this.#failed.values()],
      untold: this.#untold,
    };
  }

  #isOutside(at: string | undefined): boolean {
    const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = this.#options;
    const atMs = Date.parse(at ?? "");
    return !Number.isNaN(atMs) && (atMs < sinceMs || atMs >= untilMs);
  }

  #tally(control: AnyControl<unknown>): ControlTally {
    return this.#tallies.get(control.meta.id) as ControlTally;
  }

  #note(troubles: Map<string, Trouble>, file: string, where: string | undefined, reason: string): void {
    const key = `${file} ${reason}`;
    const known = troubles.get(key);
    if (known !== undefined) known.times++;
    else if (troubles.size >= MAX_TROUBLES) this.#untold++;
    else troubles.set(key, { file, ...(where !== undefined && { where }), reason, times: 1 });
  }
}

/** When an event happened, as far as its outside tells. */
function timeOf(event: Json): string | undefined {
  const records = Array.isArray(event.Records) && event.Records.length === 1 ? asObject(event.Records[0]) : event;
  return (
    asText(records?.eventTime) ??
    asText(asObject(records?.detail)?.eventTime) ??
    asText(records?.configurationItemCaptureTime) ??
    asText(records?.time)
  );
}

function standingOf(
  { controlId, arn }: Pick<Standing, "controlId" | "arn">,
  judged: readonly { readonly finding: { readonly id: string; readonly part: string }; readonly decision: Decision }[],
  results: readonly Result[],
): Standing {
  const unclear = results.filter(({ status }) => status === "inconclusive");
  const ids = new Set(unclear.map(({ findingId }) => findingId));
  // A result without a finding is about all of them.
  const certain = ids.has(null) ? [] : judged.filter(({ finding }) => !ids.has(finding.id));
  const decisions = certain.filter(({ decision }) => decision.kind !== "compliant");
  return {
    controlId,
    arn,
    compliant: certain.length - decisions.length,
    decisions: new Map(decisions.map(({ finding, decision }) => [finding.id, decision])),
    unclear: unclear.map(({ reasons }) => ({ arn, reason: reasons.at(-1) ?? "no reason given" })),
  };
}

const URGENCY: readonly DecisionKind[] = ["contain", "approve", "observe", "exempt", "compliant"];

function countsOf(standings: readonly Standing[]): Record<DecisionKind, number> {
  const kinds = standings.flatMap(({ decisions }) => [...decisions.values()].map(({ kind }) => kind));
  const counts = URGENCY.map((kind) => [kind, kinds.filter((each) => each === kind).length] as const);
  const compliant = standings.reduce((sum, standing) => sum + standing.compliant, 0);
  return { ...(Object.fromEntries(counts) as Record<DecisionKind, number>), compliant };
}

function byUrgency(one: ReplayedFinding, other: ReplayedFinding): number {
  const order = URGENCY.indexOf(one.decision.kind) - URGENCY.indexOf(other.decision.kind);
  if (order !== 0) return order;
  return `${one.resource.arn} ${one.part}` < `${other.resource.arn} ${other.part}` ? -1 : 1;
}
