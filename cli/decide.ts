import { findDecideUrl } from "../shared/aws/decide-url.ts";
import { CordonError } from "../shared/errors.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import type { Result } from "../shared/types.ts";
import { JOURNAL_SETTINGS, openJournal } from "./journal.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What commands that decide something say of how they do it. */
export const DECIDE_NOTES = `The cell's own function <stack>-decide does it, or refuses and says why. It is asked by its URL, signed with your credentials, and told by STS who you are: nobody
can decide in your name, and nobody decides about what he caused. You have to be a user, or in a session that the policy's people or namedSessions tell, of the
cell's account or one of CORDON_ACCOUNTS, and among limits.approvals.by where the policy has it.

You need lambda:GetFunctionUrlConfig, lambda:InvokeFunctionUrl and lambda:InvokeFunction on that function, and dynamodb:GetItem on the table for the preview.

${JOURNAL_SETTINGS}
CORDON_STACK, or --stack: the name of the cell's stack, such as cordon-prod. Without CORDON_TABLE the table is taken to be named after it.`;

/** Arguments that they share. */
export const DECIDE_ARGS = {
  stack: { type: "string", description: "The name of the cell's stack; else CORDON_STACK", valueHint: "name" },
  "dry-run": { type: "boolean", description: "Show what would be done; ask nobody to do it" },
  yes: { type: "boolean", description: "Don't ask" },
  json: { type: "boolean", description: "The same as JSON" },
  reveal: { type: "boolean", description: "Show also who, which keys and which tags" },
} as const;

const MAX_TEXT = 500;
const FINDING_ID = /^f-[0-9a-f]{20}$/;

/** A reason as the function takes it. Throws Error for one that it would refuse. */
export function reasonOf(text: string): string {
  const reason = text.trim();
  if (reason === "" || reason.length > MAX_TEXT)
    throw new Error(`--reason: found ${reason.length} characters, expected 1 to ${MAX_TEXT}`);
  return reason;
}

/** Throws Error for what is no finding's id. */
export function findingIdOf(text: string): string {
  const id = text.trim();
  if (FINDING_ID.test(id)) return id;
  throw new Error(
    `found "${id.slice(0, 60)}", expected a finding's id: f- and 20 hexadecimal digits (cordon findings lists them)`,
  );
}

/** Throws Error for what is no number of hours. */
export function hoursOf(text: string | undefined): number | undefined {
  const hours = text === undefined ? undefined : Number(text);
  if (hours !== undefined && !(hours > 0 && Number.isFinite(hours)))
    throw new Error(`--hours: found "${text}", expected a number above 0`);
  return hours;
}

/** The environment with the stack's name and its table's. Throws CordonError `misconfigured`. */
export function environmentOf(stack: string | undefined): Environment & { readonly CORDON_STACK: string } {
  const { env } = process;
  const name = (stack ?? env.CORDON_STACK)?.trim();
  if (!name)
    throw new CordonError(
      "misconfigured",
      "CORDON_STACK is not set: expected the name of the cell's stack, such as cordon-prod",
    );
  return { ...env, CORDON_STACK: name, CORDON_TABLE: env.CORDON_TABLE?.trim() || name };
}

/** The finding as it was recorded last. Throws Error when there is none. */
export async function readFinding(id: string, env: Environment): Promise<FindingRecord> {
  const finding = await openJournal(env).readFinding(id);
  if (finding !== undefined) return finding;
  throw new Error(
    `there is no finding ${id} in the table "${env.CORDON_TABLE}" that was ever more than compliant (cordon findings lists them)`,
  );
}

/** Whether AWS refused. */
export function isDenied(error: unknown): boolean {
  if (!(error instanceof CordonError)) return false;
  const cause = error.cause as { readonly name?: string } | undefined;
  return error.kind === "denied" || cause?.name === "AccessDeniedException";
}

/** Asks the cell to carry out orders, one after the other. */
export interface Desk {
  readonly functionName: string;
  /** The one result of an order. Throws Error, also when it is not known what came of it. */
  decide(order: Readonly<Record<string, unknown>>): Promise<Result>;
}

/** Finds the function that decides. Throws CordonError. */
export async function openDesk({ CORDON_STACK }: { readonly CORDON_STACK: string }): Promise<Desk> {
  const functionName = `${CORDON_STACK}-decide`;
  const url = await findDecideUrl(functionName);
  return {
    functionName,
    async decide(order) {
      const answer = await url.send(order, systemClock.nowMs()).catch((error: unknown) => {
        if (!(error instanceof CordonError) || error.kind !== "unavailable") throw error;
        const again = "It may have been done all the same: ask again, which changes nothing the second time.";
        throw new CordonError("unavailable", `${error.message}. ${again}`, { cause: error });
      });
      return resultIn(answer, functionName);
    },
  };
}

function resultIn(answer: unknown, functionName: string): Result {
  const { results } = (answer ?? {}) as { readonly results?: readonly Result[] };
  const [result] = Array.isArray(results) ? results : [];
  if (result === undefined || !Array.isArray(result.reasons) || !Array.isArray(result.changes))
    throw new Error(
      `${functionName} gave an answer that can't be understood: expected {"results":[...]}; is it Cordon's, and of this version?`,
    );
  return result;
}
