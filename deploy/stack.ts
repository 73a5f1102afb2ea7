/** What differs between one cell's stack and another's: serverless.yml's `custom`, read and checked. */

export interface Stack {
  /** The prefix of every name in the stack. */
  readonly name: string;
  /** Accounts besides the cell's own whose forwarders may send events; every other one is refused by the bus. */
  readonly accounts: readonly string[];
  /** Instead of naming accounts: all of this AWS organisation (`o-...`). */
  readonly organization?: string;
  /** The role assumed in members, with the external id they were given. Without it the cell serves its own account only. */
  readonly member?: { readonly role: string; readonly externalId: string };
  /** The name of the secret with the Slack app's signing secret: without it nothing of Slack's is believed. */
  readonly slackSecret?: string;
  /** How long nobody can alter or remove evidence, and whether its most privileged users could (GOVERNANCE) or not. */
  readonly evidence: { readonly mode: "COMPLIANCE" | "GOVERNANCE"; readonly days: number };
}

/** Seven years, as C5 of common retention schedules asks for audit logs; Object Lock's COMPLIANCE mode binds the root user too. */
const EVIDENCE = { mode: "COMPLIANCE", days: 2_555 } as const;

/** What serverless.yml's `custom` takes from the environment, by what it is called there. */
const SETTING: Readonly<Record<string, string>> = {
  accounts: "CORDON_ACCOUNTS",
  organization: "CORDON_ORGANIZATION",
  memberRole: "CORDON_MEMBER_ROLE",
  externalId: "CORDON_EXTERNAL_ID",
  slackSecret: "CORDON_SLACK_SECRET",
  evidenceMode: "CORDON_EVIDENCE_MODE",
  evidenceDays: "CORDON_EVIDENCE_DAYS",
};

/** A stack that serves its own account only, with everything else as by default. */
export function singleAccount(name: string): Stack {
  return { name, accounts: [], evidence: EVIDENCE };
}

/**
 * Reads `custom` of serverless.yml; empty texts count as not set. All mistakes are named at once.
 *
 * @throws Error that says what was found and what was expected
 */
export function parseStack(custom: Readonly<Record<string, unknown>>): Stack {
  const problems: string[] = [];
  const text = (key: string): string => String(custom[key] ?? "").trim();
  const expect = (key: string, pattern: RegExp, meaning: string): string => {
    const value = text(key);
    if (value !== "" && !pattern.test(value))
      problems.push(`${SETTING[key] ?? `custom.${key}`} is "${value}": expected ${meaning}`);
    return value;
  };
  const name = expect("name", /^[a-z][a-z0-9-]{1,24}$/, "2 to 25 lower-case letters, digits and dashes");
  if (name === "") problems.push("custom.name is missing: expected the prefix of every name in the stack");
  const accounts = expect("accounts", /^\d{12}(\s*,\s*\d{12})*$/, "account ids of 12 digits, separated by commas")
    .split(",")
    .map((account) => account.trim())
    .filter((account) => account !== "");
  const organization = expect("organization", /^o-[a-z0-9]{10,32}$/, "an organisation's id, o-...");
  const role = expect("memberRole", /^[\w+=,.@-]{1,64}$/, "the name of an IAM role, without path");
  const externalId = expect("externalId", /^[\w+=,.@:/-]{2,1224}$/, "2 to 1224 characters that STS takes");
  const slackSecret = expect("slackSecret", /^[\w/+=.@-]{1,256}$/, "the name of a secret of Secrets Manager");
  const mode = expect("evidenceMode", /^(COMPLIANCE|GOVERNANCE)$/, "COMPLIANCE or GOVERNANCE") || EVIDENCE.mode;
  const days = expect("evidenceDays", /^[1-9]\d{0,4}$/, "a number of days, 1 to 36500") || String(EVIDENCE.days);
  if ((role === "") !== (externalId === ""))
    problems.push("CORDON_MEMBER_ROLE and CORDON_EXTERNAL_ID: expected both or neither");
  if (problems.length > 0) throw new Error(`The stack's settings can't be used. ${problems.join("; ")}.`);
  return {
    name,
    accounts,
    ...(organization !== "" && { organization }),
    ...(role !== "" && { member: { role, externalId } }),
    ...(slackSecret !== "" && { slackSecret }),
    evidence: { mode: mode as Stack["evidence"]["mode"], days: Number(days) },
  };
}

/** Functions' settings, literals all: an intrinsic in serverless.yml's environment would break `invoke local`. What is set outside comes first. */
export function environmentOf(
  stack: Stack,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const { name, accounts, organization, member, slackSecret, evidence } = stack;
  return {
    CORDON_STACK: name,
    CORDON_TABLE: env.CORDON_TABLE || name,
    CORDON_MODE: modeOf(env),
    CORDON_REFUSED_QUEUE: env.CORDON_REFUSED_QUEUE || `${name}-refused`,
    ...(env.CORDON_TICKETS && { CORDON_TICKETS: env.CORDON_TICKETS }),
    ...(env.CORDON_EVIDENCE_BUCKET && { CORDON_EVIDENCE_BUCKET: env.CORDON_EVIDENCE_BUCKET }),
    ...(accounts.length > 0 && { CORDON_ACCOUNTS: accounts.join(",") }),
    // What the guard has to expect of the stack.
    ...(organization && { CORDON_ORGANIZATION: organization }),
    ...(evidence.mode !== EVIDENCE.mode && { CORDON_EVIDENCE_MODE: evidence.mode }),
    ...(evidence.days !== EVIDENCE.days && { CORDON_EVIDENCE_DAYS: String(evidence.days) }),
    ...(slackSecret && { CORDON_SLACK_SECRET: slackSecret }),
    ...(member && { CORDON_MEMBER_ROLE: member.role, CORDON_EXTERNAL_ID: member.externalId }),
  };
}

/**
 * What a deployment may do unless `CORDON_MODE` says so: observe. Only where every call goes to this very machine, as with the sandbox, nothing can be
 * harmed.
 */
export function modeOf(env: Readonly<Record<string, string | undefined>>): string {
  if (env.CORDON_MODE) return env.CORDON_MODE;
  return /^http:\/\/127\.0\.0\.1:\d+\/?$/.test(env.AWS_ENDPOINT_URL ?? "") ? "enforce" : "observe";
}
