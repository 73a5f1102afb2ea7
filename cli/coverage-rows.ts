import { control } from "../controls/account-region-stays-covered/control.ts";
import type { Guard } from "../functions/guard-cell/guard.ts";
import { accountRegionRef } from "../shared/deployment/account-region.ts";
import { CordonError, describeError } from "../shared/errors.ts";
import type { AccountRegion, Coverage } from "../shared/resources/account-coverage.ts";
import type { Facts } from "../shared/types.ts";

/** The columns of the table. */
const COLUMNS = ["trail", "forwarder", "role", "recorder"] as const;
/** What is told of an account or the cell as a whole has no column: only its gaps are told. */
const PARTS = [...COLUMNS, "regions", "accounts"] as const;
type Part = (typeof PARTS)[number];

/** How one part stands. `not-needed`: the cell lies there; `unseen`: without the role nobody can look. */
export interface PartRow {
  readonly part: Part;
  readonly state: "fine" | "gap" | "unknown" | "unseen" | "not-needed";
  readonly found: string;
  readonly remedy?: string;
}

export interface CoverageRow extends AccountRegion {
  readonly parts: readonly PartRow[];
  readonly heartbeatAt?: string;
}

/** This control reads the same whatever is asked. */
const UNASKED = undefined as never;

/** Looks at one account and Region, with the very look of the control that guards it. */
export async function rowOf(
  { names, ports }: Pick<Guard, "names" | "ports">,
  place: AccountRegion,
): Promise<CoverageRow> {
  const resource = accountRegionRef(place, names.partition);
  if (resource === undefined) throw new Error(`${place.account} ${place.region} is no account and Region`);
  try {
    const detection = await control.detect(resource, ports, UNASKED);
    if (detection.kind !== "present") return unseenRow(place, detection.reason);
    const facts = new Map<string, Facts>(detection.findings.map(({ part, facts }) => [part, facts]));
    const { forwarder } = detection.state;
    return {
      ...place,
      parts: PARTS.filter((part) => isColumn(part) || facts.has(part)).map((part) =>
        partRow(part, facts.get(part), detection.state),
      ),
      ...(forwarder.kind === "needed" && forwarder.heartbeatAt && { heartbeatAt: forwarder.heartbeatAt }),
    };
  } catch (error) {
    // One place that gives no answer must not hide the others.
    if (error instanceof CordonError && error.kind === "unavailable") return unseenRow(place, describeError(error));
    throw error;
  }
}

function isColumn(part: Part): boolean {
  return (COLUMNS as readonly Part[]).includes(part);
}

function unseenRow(place: AccountRegion, found: string): CoverageRow {
  return { ...place, parts: COLUMNS.map((part) => ({ part, state: "unknown", found })) };
}

function partRow(part: Part, facts: Facts | undefined, { role }: Coverage): PartRow {
  if (facts === undefined) {
    const isUnseen = role.kind === "shut";
    return {
      part,
      state: isUnseen ? "unseen" : "not-needed",
      found: isUnseen ? "not to be seen without the role" : "not needed here",
    };
  }
  if (facts.kind === "condition" && !facts.holds)
    return { part, state: "gap", found: facts.found, remedy: facts.remedy };
  if (facts.kind === "condition") return { part, state: "fine", found: facts.found };
  return { part, state: "unknown", found: facts.kind === "unreadable" ? facts.reason : "?" };
}

const WORDS: Readonly<Record<PartRow["state"], string>> = {
  fine: "yes",
  gap: "MISSING",
  unknown: "unknown",
  unseen: "not seen",
  "not-needed": "-",
};
const COLOURS: Partial<Record<PartRow["state"], number>> = { gap: 31, unknown: 33, fine: 32 };

/** Rows as a table for people, and below it what to do about each kind of gap. Pure. */
export function describeRows(rows: readonly CoverageRow[], nowMs: number, isColoured: boolean): string {
  const head = ["ACCOUNT", "REGION", ...COLUMNS.map((part) => part.toUpperCase()), "HEARD"];
  const cells = rows.map(({ account, region, parts, heartbeatAt }) => [
    { text: account },
    { text: region },
    ...parts.slice(0, COLUMNS.length).map(({ state }) => ({ text: WORDS[state], colour: COLOURS[state] })),
    { text: heartbeatAt === undefined ? "-" : ago(nowMs - Date.parse(heartbeatAt)) },
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.text.length ?? 0)),
  );
  const line = (row: readonly { readonly text: string; readonly colour?: number | undefined }[]) =>
    row
      .map(({ text, colour }, column) => painted(text.padEnd(widths[column] ?? 0), isColoured ? colour : undefined))
      .join("  ")
      .trimEnd();
  const table = [line(head.map((text) => ({ text }))), ...cells.map(line)].join("\n");
  return `${table}\n\n${describeGaps(rows)}`;
}

/** The same gap in many places is told once. */
function describeGaps(rows: readonly CoverageRow[]): string {
  const gaps = new Map<string, { readonly part: PartRow; readonly where: string[] }>();
  for (const { account, region, parts } of rows) {
    for (const part of parts) {
      if (part.state !== "gap" && part.state !== "unknown") continue;
      const key = `${part.part}: ${part.found}`;
      const known = gaps.get(key) ?? { part, where: [] };
      known.where.push(`${account} ${region}`);
      gaps.set(key, known);
    }
  }
  if (gaps.size === 0) return "Nothing is missing.\n";
  const told = [...gaps].map(([key, { part, where }]) =>
    [key, `  in ${where.join(", ")}`, ...(part.remedy === undefined ? [] : [`  ${part.remedy}`])].join("\n"),
  );
  return `${told.join("\n\n")}\n`;
}

function ago(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  return minutes < 120 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

function painted(text: string, colour: number | undefined): string {
  return colour === undefined ? text : `\u001b[${colour}m${text}\u001b[0m`;
}
