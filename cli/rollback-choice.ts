import type { FindingRecord } from "../shared/journal/journal.ts";
import { plain, toSeconds } from "./text.ts";

/** Which containments are to be taken back together. */
export interface Choice {
  /** Contained in this time; without an end, until now. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly control?: string;
  readonly account?: string;
  /** Contained by the same run as this finding. */
  readonly runOf?: FindingRecord;
}

/** What is chosen of the journal, the last containment first: what was built on what is taken back in the opposite order. Pure. */
export function chosen(findings: readonly FindingRecord[], choice: Choice): readonly FindingRecord[] {
  const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY, control, account, runOf } = choice;
  return findings
    .filter((finding) => {
      const atMs = containedMs(finding);
      return (
        finding.status === "contained" &&
        atMs >= sinceMs &&
        atMs <= untilMs &&
        (control === undefined || finding.controlId === control) &&
        (account === undefined || finding.resource.account === account) &&
        (runOf === undefined || isSameRun(finding, runOf))
      );
    })
    .sort((a, b) => containedMs(b) - containedMs(a) || (a.id < b.id ? -1 : 1));
}

function isSameRun(one: FindingRecord, other: FindingRecord): boolean {
  return (
    one.run !== undefined &&
    one.run === other.run &&
    one.controlId === other.controlId &&
    one.resource.arn === other.resource.arn &&
    one.resource.account === other.resource.account
  );
}

/** When it was contained; what does not tell was contained before all that is asked for. */
function containedMs({ timings }: FindingRecord): number {
  const atMs = Date.parse(timings.containedAt ?? "");
  return Number.isNaN(atMs) ? Number.NEGATIVE_INFINITY : atMs;
}

/** A time, or how long ago: `30m`, `6h`, `2d`. Throws Error for anything else. Pure. */
export function timeOf(name: string, text: string, nowMs: number): number {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text.trim()) ?? [];
  if (count !== undefined)
    return nowMs - Number(count) * { m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as "m" | "h" | "d"];
  const atMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text.trim())
    ? Date.parse(text)
    : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new Error(
    `--${name}: found "${text.slice(0, 40)}", expected a time with an offset such as 2026-03-01T09:00:00Z, or how long ago: 30m, 6h, 2d`,
  );
}

/** What is to be taken back, for people: one line each. Pure. */
export function describeChosen(findings: readonly FindingRecord[]): string {
  return findings
    .map(({ id, title, timings, changes }) => {
      const back = changes.map(({ path, before, after }) => `${path}: ${shown(after)} -> ${shown(before)}`);
      return `${id}  ${toSeconds(timings.containedAt ?? "")}  ${plain(title)}\n${back.map((line) => `    ${plain(line)}\n`).join("")}`;
    })
    .join("");
}

function shown(value: unknown): string {
  return value === undefined ? "(absent)" : JSON.stringify(value);
}
