import { matchesPattern } from "../policy/patterns.ts";
import type { Limits } from "../policy/policy.ts";
import { asObject, asText, describeShape } from "../signals/shapes.ts";

/** What a person has to say to take a containment back. */
export interface RollbackOrder {
  readonly findingId: string;
  readonly reason: string;
  readonly approver: string;
  readonly expiresAtMs: number;
}

type ParsedRollback =
  | { readonly ok: true; readonly request: RollbackOrder }
  | { readonly ok: false; readonly reasons: readonly string[] };

const FINDING_ID = /^f-[0-9a-f]{20}$/;
const MAX_TEXT = 500;

/** Unknown JSON -> a rollback order, or everything that is wrong with it. Pure. */
export function parseRollback(
  input: unknown,
  { exception: limits, approvals }: Pick<Limits, "exception" | "approvals">,
  nowMs: number,
): ParsedRollback {
  const order = asObject(input);
  if (order === undefined)
    return {
      ok: false,
      reasons: [`found ${describeShape(input)}, expected an object with action, findingId, reason and approver`],
    };
  const reasons: string[] = [];
  const text = (name: string, expected: string, form?: RegExp): string => {
    const value = asText(order[name])?.trim() ?? "";
    if (value === "" || value.length > MAX_TEXT || !(form?.test(value) ?? true)) {
      reasons.push(`${name}: found ${found(order[name])}, expected ${expected}`);
    }
    return value;
  };
  if (order.action !== "roll-back") reasons.push(`action: found ${found(order.action)}, expected "roll-back"`);
  const findingId = text("findingId", "a finding's id, f- and 20 hexadecimal digits", FINDING_ID);
  const reason = text("reason", "why it is taken back, in words");
  const approver = text("approver", "who decided");
  // Who asks is not proved by this; that nobody else is named is.
  if (approver !== "" && approvals.by.length > 0 && !approvals.by.some((pattern) => matchesPattern(pattern, approver)))
    reasons.push(
      `approver: found ${found(order.approver)}, expected one of those who may approve: ${approvals.by.join(", ")}`,
    );
  const hours = order.expiresInHours;
  const lastsMs = hours === undefined ? limits.defaultMs : typeof hours === "number" ? hours * 3_600_000 : Number.NaN;
  if (!(lastsMs > 0 && lastsMs <= limits.maxMs)) {
    reasons.push(`expiresInHours: expected a number of at most ${limits.maxMs / 3_600_000}, as policy allows`);
  }
  if (reasons.length > 0) return { ok: false, reasons };
  return { ok: true, request: { findingId, reason, approver, expiresAtMs: nowMs + lastsMs } };
}

/** A short text is shown, the rest only described. */
function found(value: unknown): string {
  if (value === undefined) return "nothing";
  return typeof value === "string" && value.length <= 60 ? JSON.stringify(value) : describeShape(value);
}
