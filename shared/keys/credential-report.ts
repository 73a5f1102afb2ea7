import { parseIamArn } from "../signals/iam-refs.ts";
import { type ReportLine, readCsv } from "./report-csv.ts";

/** One of the two keys that the report tells of for each user. */
export interface ReportedKey {
  /** Undefined where the report's word for it is not known. */
  readonly isActive: boolean | undefined;
  /** When it was created or last switched on or off: it is that old, or older. Undefined: not readable. */
  readonly changedMs: number | undefined;
  readonly lastUsed: number | "never" | "unknown";
}

/** What a row of the report says. */
export type ReportRow =
  | {
      readonly kind: "user";
      readonly arn: string;
      /** No key is older. Undefined: not readable. */
      readonly createdMs: number | undefined;
      readonly keys: readonly ReportedKey[];
      /** The report says that there are more than it tells of. */
      readonly hasMore: boolean;
    }
  /** `hasKeys` undefined: not readable. */
  | { readonly kind: "root"; readonly arn: string; readonly hasKeys: boolean | undefined }
  /** A user can be in it whom nobody sees: what it says is in `reason`, never what stands there. */
  | { readonly kind: "unreadable"; readonly line: number; readonly reason: string };

const USER = "user";
const ARN = "arn";
const CREATED = "user_creation_time";
const MORE = "additional_credentials_info";
const SLOTS = [1, 2] as const;
const REQUIRED: readonly string[] = [
  USER,
  ARN,
  CREATED,
  ...SLOTS.flatMap((slot) => ["active", "last_rotated", "last_used_date"].map((what) => `access_key_${slot}_${what}`)),
];
const ROOT = "<root_account>";
const NONE: readonly string[] = ["", "n/a", "not_supported"];

/**
 * The rows of IAM's credential report, one by one; every row of the text ends in one of them, whatever stands there.
 *
 * A key that there isn't is `false` and `N/A`; one that is off keeps its time. Observed: AWS's text says that such a one is `N/A` too, and it isn't.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
 *
 * @param content the report as GetCredentialReport gives it, in any pieces
 * @param account whose report it is: rows about another account are unreadable
 */
export function* parseCredentialReport(content: Iterable<Uint8Array>, account: string): Generator<ReportRow> {
  let columns: ReadonlyMap<string, number> | undefined;
  for (const line of readCsv(content)) {
    if (columns !== undefined) {
      yield parseRow(line, columns, account);
      continue;
    }
    columns = columnsOf(line);
    const missing = REQUIRED.filter((name) => columns?.has(name) !== true);
    if (missing.length === 0) continue;
    yield { kind: "unreadable", line: line.number, reason: `a credential report without ${missing.join(", ")}` };
    return;
  }
  if (columns === undefined) yield { kind: "unreadable", line: 1, reason: "an empty credential report" };
}

function columnsOf({ cells }: ReportLine): ReadonlyMap<string, number> {
  const columns = new Map<string, number>();
  for (const [index, cell] of (cells ?? []).entries()) {
    const name = cell
      .replace(/^\ufeff/, "")
      .trim()
      .toLowerCase();
    if (!columns.has(name)) columns.set(name, index);
  }
  return columns;
}

function parseRow(line: ReportLine, columns: ReadonlyMap<string, number>, account: string): ReportRow {
  const unreadable = (reason: string): ReportRow => ({ kind: "unreadable", line: line.number, reason });
  if (line.cells === undefined) return unreadable("a row that is too long, or whose quotes don't end");
  const cells = line.cells.length === columns.size ? line.cells : rejoined(line.cells, columns);
  if (cells === undefined)
    return unreadable(`a row of ${line.cells.length} cells; expected ${columns.size}, as there are columns`);
  const cell = (name: string) => cells[columns.get(name) ?? -1]?.trim() ?? "";
  const told = cell(ARN);
  const keys = SLOTS.map((slot) => parseKey((what) => cell(`access_key_${slot}_${what}`)));
  if (cell(USER) === ROOT) {
    if (!/^arn:aws[a-z-]*:iam::\d{12}:root$/.test(told) || told.split(":")[4] !== account)
      return unreadable("a row of a root user that isn't the account's");
    const known = keys.filter((key) => key !== undefined);
    const isUnknown = known.some(({ isActive }) => isActive === undefined);
    return { kind: "root", arn: told, hasKeys: known.length > 0 && isUnknown ? undefined : known.length > 0 };
  }
  const arn = parseIamArn(told);
  if (arn?.kind !== "user" || arn.account !== account)
    return unreadable("a row without the ARN of one of the account's users");
  return {
    kind: "user",
    arn: told,
    createdMs: parseTime(cell(CREATED)),
    keys: keys.filter((key) => key !== undefined),
    hasMore: !NONE.includes(cell(MORE).toLowerCase()),
  };
}

/** A key; undefined where there is none. What can't be read is a key of which nothing is known. */
function parseKey(cell: (what: string) => string): ReportedKey | undefined {
  const [active, changed, used] = [cell("active"), cell("last_rotated"), cell("last_used_date")].map((text) =>
    text.toLowerCase(),
  ) as [string, string, string];
  if (active === "false" && NONE.includes(changed) && NONE.includes(used)) return undefined;
  return {
    isActive: active === "true" ? true : active === "false" ? false : undefined,
    changedMs: parseTime(changed),
    lastUsed: NONE.includes(used) ? "never" : (parseTime(used) ?? "unknown"),
  };
}

const TIME = /^\d{4}-\d\d-\d\d(?:t\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:z|[+-]\d\d:?\d\d)?)?$/i;

function parseTime(text: string): number | undefined {
  const ms = TIME.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** A user's name and path may have commas. Should AWS not quote them, the row is put together by what it has twice: the ARN ends in the name. Undefined when it isn't so. */
function rejoined(cells: readonly string[], columns: ReadonlyMap<string, number>): readonly string[] | undefined {
  const isAsDocumented = columns.get(USER) === 0 && columns.get(ARN) === 1;
  if (!isAsDocumented || cells.length < columns.size) return undefined;
  const rest = cells.length - (columns.size - 2);
  const head = cells.slice(0, rest).join(",");
  const start = head.indexOf(",arn:aws");
  const [user, arn] = [head.slice(0, start), head.slice(start + 1)];
  if (start < 1 || !arn.endsWith(`/${user}`)) return undefined;
  return [user, arn, ...cells.slice(rest)];
}
