import { CordonError } from "../errors.ts";
import type { ResidencyPolicy } from "../policy/policy.ts";
import type { Closed, OpenedObject } from "../resources/s3-objects.ts";
import type { Clock } from "../types.ts";
import type { KnownObject, LookedThrough, Unreadable } from "./known-object.ts";

/** What is to be looked for in an object's content, and how far. */
export interface Search {
  /** Detectors, built-in or the policy's own. */
  readonly detectors: readonly string[];
  readonly policy: ResidencyPolicy;
  readonly key: string;
  readonly deadlineMs: number;
}

/** What was read of an object. */
export type ReadOfObject = Required<Pick<KnownObject, "headers" | "content">>;

/**
 * Opens an object and looks through its content. What it finds are counts and salted fingerprints, never a value.
 *
 * @param open is asked for the object when it is its turn: what is open holds a connection
 * @throws what opening and reading throws; nothing about the content
 */
export type LookThrough = (open: () => Promise<OpenedObject | Closed>, search: Search) => Promise<ReadOfObject>;

/** @param salt secret, of the deployment */
export function lookThroughWith(salt: string, clock: Clock): LookThrough {
  const inTurn = createTurns(MOST_AT_A_TIME);
  return (open, search) =>
    inTurn(async () => {
      const opened = await open();
      if ("unreadable" in opened) return { headers: opened, content: opened };
      try {
        return { headers: opened.headers, content: await lookThrough(opened, search, salt, clock) };
      } finally {
        opened.close();
      }
    });
}

/** A batch has a hundred objects, and a large zip or Parquet file takes some 30 MiB while it is looked through. */
const MOST_AT_A_TIME = 4;

/** Has so many things done at a time, in the order in which they are asked for. */
function createTurns(most: number) {
  let free = most;
  const waiting: (() => void)[] = [];
  return async <Value>(act: () => Promise<Value>): Promise<Value> => {
    if (free > 0) free--;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

/** Scanner and formats are loaded when content is first looked through: most events need neither. */
async function lookThrough(
  { bytes, headers: { contentType }, contentEncoding }: OpenedObject,
  { detectors, policy: { objects }, key, deadlineMs }: Search,
  salt: string,
  clock: Clock,
): Promise<LookedThrough | Unreadable> {
  if (objects === undefined) return { unreadable: "policy says nothing of objects" };
  const [{ createScanner }, { inspectContent }, { isWithoutText }] = await Promise.all([
    import("./detect/scan.ts"),
    import("./content/read-content.ts"),
    import("./content/tell-format.ts"),
  ]);
  const wanted = new Set(detectors);
  const user = objects.detectors.filter(({ id }) => wanted.delete(id));
  const scanner = createScanner({ detectors: wanted, user, salt });
  const hints = {
    key,
    ...(contentType !== undefined && { contentType }),
    ...(contentEncoding !== undefined && { contentEncoding }),
  };
  const inspected = await inspectContent(bytes, hints, { ...objects.read, deadlineMs }, scanner, clock);
  const { found } = scanner.end();
  // It waited too long for its turn: the event comes again. What takes longer than there is would do so the next time as well, and what was found until then counts.
  if (inspected.isOutOfTime && inspected.kind === "opaque")
    throw new CordonError("unavailable", "there was too little time to look through an object");
  if (inspected.kind === "opaque") {
    const read = `${inspected.bytesRead} bytes of ${inspected.format}: ${inspected.reason}`;
    return isWithoutText(inspected.format) ? { found, scannedBytes: 0, read } : { unreadable: read };
  }
  const { format, bytesRead, bytesScanned, isWhole, limits } = inspected;
  const gaps = [
    ...(inspected.gaps ?? []),
    ...(inspected.isOutOfTime ? ["there was no time to look through all of it"] : []),
  ];
  const how = isWhole ? "all of it" : `a part of it (${limits.join("; ")})`;
  return {
    found,
    scannedBytes: bytesScanned,
    read: `${bytesRead} bytes of ${format}, ${how}`,
    ...(gaps.length > 0 && { cutOff: gaps.join("; ") }),
  };
}
