import type { Membership } from "../aws/accounts.ts";
import { CordonError } from "../errors.ts";
import type { Mode } from "../types.ts";

/** A function's settings, from its environment. */
export interface Settings {
  readonly table: string;
  readonly mode: Mode;
  /** The queue for events that can't be understood; without it they stay in the source queue and end in its DLQ. */
  readonly refusedQueue?: string;
  /** A policy file that replaces the one compiled in. */
  readonly policyFile?: string;
  /** How to act in other accounts; without it the cell serves its own only. */
  readonly membership?: Membership;
}

type Environment = Readonly<Record<string, string | undefined>>;

const MODES: readonly Mode[] = ["observe", "approve", "enforce"];

/** As IAM and STS take them: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const ROLE_NAME = /^[\w+=,.@-]{1,64}$/;
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/;
const ACCOUNT = /^\d{12}$/;

/**
 * Reads the settings; a mistake must not be found one deployment at a time, so all are named at once. A setting that is empty is not set.
 *
 * @throws CordonError `misconfigured`
 */
export function readSettings(env: Environment): Settings {
  const problems: string[] = [];
  const optional = (name: string): string | undefined => env[name]?.trim() || undefined;
  const required = (name: string, meaning: string): string => {
    const value = optional(name) ?? "";
    if (value === "") problems.push(`${name} is missing: expected ${meaning}`);
    return value;
  };
  const table = required("CORDON_TABLE", "the name of Cordon's DynamoDB table");
  const text = required("CORDON_MODE", `the most that may be done: ${MODES.join(", ")}`);
  required("AWS_REGION", "the Region of the cell, e.g. eu-central-1");
  const mode = MODES.find((each) => each === text);
  if (mode === undefined && text !== "")
    problems.push(`CORDON_MODE is "${text.slice(0, 40)}": expected ${MODES.join(", ")}`);
  const membership = readMembership(optional, problems);
  if (mode === undefined || problems.length > 0) {
    throw new CordonError(
      "misconfigured",
      `The environment is not as it has to be, so nothing is done. ${problems.join("; ")}.`,
    );
  }
  const refusedQueue = optional("CORDON_REFUSED_QUEUE");
  const policyFile = optional("CORDON_POLICY");
  return {
    table,
    mode,
    ...(refusedQueue && { refusedQueue }),
    ...(policyFile && { policyFile }),
    ...(membership && { membership }),
  };
}

/** The role in members. Without an external id, whoever may make an event could have Cordon act in accounts that trust its role: it is required. */
function readMembership(optional: (name: string) => string | undefined, problems: string[]): Membership | undefined {
  const roleName = optional("CORDON_MEMBER_ROLE");
  const externalId = optional("CORDON_EXTERNAL_ID");
  const accounts = optional("CORDON_ACCOUNTS")
    ?.split(",")
    .map((account) => account.trim());
  if (roleName !== undefined && !ROLE_NAME.test(roleName))
    problems.push(
      `CORDON_MEMBER_ROLE is "${roleName.slice(0, 80)}": expected the name of an IAM role, no ARN and no path`,
    );
  if (roleName !== undefined && externalId === undefined)
    problems.push("CORDON_EXTERNAL_ID is missing: expected the external id that the members' role asks for");
  // The id itself is nobody's to read in a log.
  if (externalId !== undefined && !EXTERNAL_ID.test(externalId))
    problems.push("CORDON_EXTERNAL_ID is not of STS's form: expected 2 to 1224 letters, digits or any of _+=,.@:/-");
  const wrong = accounts?.filter((account) => !ACCOUNT.test(account)) ?? [];
  if (wrong.length > 0)
    problems.push(
      `CORDON_ACCOUNTS names "${wrong.join('", "').slice(0, 80)}": expected account ids of 12 digits, separated by commas`,
    );
  if (roleName === undefined || externalId === undefined) return undefined;
  return { roleName, externalId, ...(accounts && { accounts }) };
}
