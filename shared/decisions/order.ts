import type { Limits } from "../policy/policy.ts";
import { asObject, asText, describeShape, type Json } from "../signals/shapes.ts";

/** What somebody wants decided about a finding. */
interface About<Action extends string> {
  readonly action: Action;
  readonly findingId: string;
  readonly reason: string;
}

/** What somebody wants decided. */
export type Order =
  | (About<"approve"> & { readonly plan?: string })
  | (About<"reject"> & { readonly plan?: string; readonly expiresAtMs: number })
  | (About<"roll-back"> & { readonly run?: number; readonly expiresAtMs: number })
  | (About<"extend"> & { readonly untilMs: number })
  | About<"close">
  | About<"aware">
  | BrakeOrder;

/** The brake is about the whole cell. */
export interface BrakeOrder {
  readonly action: "brake-on" | "brake-off";
  readonly reason: string;
}

export const ACTIONS = ["approve", "reject", "extend", "roll-back", "close", "aware", "brake-on", "brake-off"] as const;

type ParsedOrder =
  | { readonly ok: true; readonly order: Order }
  | { readonly ok: false; readonly reasons: readonly string[] };

const FINDING_ID = /^f-[0-9a-f]{20}$/;
const PLAN_ID = /^[0-9a-f]{12}$/;
const MAX_TEXT = 500;
const HOUR_MS = 3_600_000;

/** Unknown JSON -> an order, or everything that is wrong with it. How long something may last is policy's to say. Pure. */
export function parseOrder(
  input: unknown,
  { exception, approvals }: Pick<Limits, "exception" | "approvals">,
  nowMs: number,
): ParsedOrder {
  const given = asObject(input);
  if (given === undefined)
    return { ok: false, reasons: [`found ${describeShape(input)}, expected an object with action and reason`] };
  const reasons: string[] = [];
  const action = ACTIONS.find((each) => each === given.action);
  if (action === undefined) reasons.push(`action: found ${found(given.action)}, expected one of ${ACTIONS.join(", ")}`);
  const isAboutFinding = action !== "brake-on" && action !== "brake-off";
  const findingId = isAboutFinding
    ? text(given, "findingId", "a finding's id, f- and 20 hexadecimal digits", reasons, FINDING_ID)
    : "";
  const reason = text(given, "reason", "why, in words", reasons);
  const plan =
    given.plan === undefined
      ? undefined
      : text(given, "plan", "the id of the plan that was shown, 12 hexadecimal digits", reasons, PLAN_ID);
  const { run } = given;
  if (run !== undefined && !(Number.isSafeInteger(run) && Number(run) > 0))
    reasons.push(`run: found ${found(run)}, expected the number of the run that was shown`);
  const lasts = (defaultMs: number, mostMs: number): number => {
    const hours = given.expiresInHours;
    const ms = hours === undefined ? defaultMs : typeof hours === "number" ? hours * HOUR_MS : Number.NaN;
    if (!(ms > 0 && ms <= mostMs))
      reasons.push(
        `expiresInHours: found ${found(hours)}, expected a number above 0 and of at most ${mostMs / HOUR_MS}, as policy allows`,
      );
    return nowMs + ms;
  };
  const order = ((): Order | undefined => {
    switch (action) {
      case "approve":
        return { action, findingId, reason, ...(plan !== undefined && { plan }) };
      case "reject":
        return {
          action,
          findingId,
          reason,
          expiresAtMs: lasts(exception.defaultMs, exception.maxMs),
          ...(plan !== undefined && { plan }),
        };
      case "roll-back":
        return {
          action,
          findingId,
          reason,
          expiresAtMs: lasts(exception.defaultMs, exception.maxMs),
          ...(run !== undefined && { run: Number(run) }),
        };
      case "extend":
        return {
          action,
          findingId,
          reason,
          untilMs: lasts(approvals.validMs, Math.max(approvals.validMs, exception.maxMs)),
        };
      case "close":
      case "aware":
        return { action, findingId, reason };
      case "brake-on":
      case "brake-off":
        return { action, reason };
      default:
        return undefined;
    }
  })();
  return order === undefined || reasons.length > 0 ? { ok: false, reasons } : { ok: true, order };
}

function text(order: Json, name: string, expected: string, reasons: string[], form?: RegExp): string {
  const value = asText(order[name])?.trim() ?? "";
  if (value === "" || value.length > MAX_TEXT || !(form?.test(value) ?? true))
    reasons.push(`${name}: found ${found(order[name])}, expected ${expected}`);
  return value;
}

/** A short text is shown, the rest only described. */
function found(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.length <= 60 ? JSON.stringify(value) : describeShape(value);
}
