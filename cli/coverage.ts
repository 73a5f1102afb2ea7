import { type Guard, openGuard } from "../functions/guard-cell/guard.ts";
import { serves } from "../shared/deployment/account-region.ts";
import { placesToCover } from "../shared/deployment/places.ts";
import { CordonError } from "../shared/errors.ts";
import { command, exitCodes } from "./command.ts";
import { type CoverageRow, describeRows, rowOf } from "./coverage-rows.ts";

/** Looks under way at a time: AWS's control planes take a few calls a second. */
const AT_A_TIME = 6;

/** `cordon coverage`: what every account and Region has of what Cordon hears by, judged as by the control of the same matter. */
export const coverage = command(
  {
    name: "coverage",
    summary: "What every account and Region has of what Cordon hears by, and what is missing",
    notes: `Trail: CloudTrail logs the calls that write. Forwarder: its rules are as deployed and it was heard lately. Role: members let the cell in.
Recorder: AWS Config records.

Settings: AWS_REGION and CORDON_STACK (or --stack); as deployed CORDON_ACCOUNTS, CORDON_MEMBER_ROLE, CORDON_EXTERNAL_ID, CORDON_ORGANIZATION.
They are compared with those of the deployed guard: with others it would tell of another cell.
Run it in the cell's account. Members let in roles whose name begins with the stack's, and no others.

Exit code: 0 no gap, 1 gaps or something that could not be told, 2 it could not be run.`,
  },
  {
    account: { type: "string", description: "This account only, 12 digits", valueHint: "id" },
    region: { type: "string", description: "This Region only, such as eu-central-1", valueHint: "name" },
    stack: { type: "string", description: "The name of the cell's stack; else CORDON_STACK", valueHint: "name" },
    json: { type: "boolean", description: "The same as JSON" },
  },
  async (args) => {
    if (args.account !== undefined && !/^\d{12}$/.test(args.account))
      throw new Error(`--account is "${args.account}": expected 12 digits`);
    const env = environment(args.stack);
    const guard = await openGuard(env, undefined);
    const { home } = guard.names;
    const settings = await settingsAsDeployed(guard, env);
    const heartbeats = (await guard.heartbeats.all()).filter(({ account }) => serves(guard.names, account));
    const { places: all } = await placesToCover(guard.ports.coverage, home, guard.members, heartbeats);
    const places = all.filter(
      ({ account, region }) => account === (args.account ?? account) && region === (args.region ?? region),
    );
    if (places.length === 0)
      throw new Error(
        `nothing to look at: ${all.length} places are known (${[...new Set(all.map(({ account }) => account))].join(", ")}), none of them is asked for`,
      );
    const rows: CoverageRow[] = [];
    const queue = [...places];
    const progress = process.stderr.isTTY ? (text: string) => process.stderr.write(`\r\u001b[K${text}`) : () => {};
    const work = async (): Promise<void> => {
      for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
        rows.push(await rowOf(guard, place));
        progress(`${rows.length} of ${places.length}: ${place.account} ${place.region}`);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
    progress("");
    rows.sort((a, b) => (`${a.account} ${a.region}` < `${b.account} ${b.region}` ? -1 : 1));
    const nowMs = guard.clock.nowMs();
    const gaps = rows
      .flatMap(({ parts }) => parts)
      .filter(({ state }) => state === "gap" || state === "unknown").length;
    const report = { stack: guard.stackName, settings, home, at: new Date(nowMs).toISOString(), gaps, places: rows };
    const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR;
    const told = `${describeSettings(settings)}\n\n${describeRows(rows, nowMs, isColoured)}`;
    process.stdout.write(args.json ? `${JSON.stringify(report, null, 2)}\n` : told);
    return gaps === 0 ? exitCodes.fine : exitCodes.wrong;
  },
);

/** By hand nothing is written, whatever the cell may do; its table is named after the stack unless it is told otherwise. */
function environment(stack: string | undefined): Record<string, string | undefined> {
  const { env } = process;
  const name = stack ?? env.CORDON_STACK;
  if (name === undefined || name === "")
    throw new CordonError(
      "misconfigured",
      "CORDON_STACK is not set: expected the name of the cell's stack, such as cordon-prod",
    );
  return {
    ...env,
    CORDON_STACK: name,
    CORDON_TABLE: env.CORDON_TABLE ?? name,
    CORDON_MODE: env.CORDON_MODE ?? "observe",
  };
}

/** What decides which places are looked at, and in whose name. */
const COMPARED = ["CORDON_ACCOUNTS", "CORDON_ORGANIZATION", "CORDON_MEMBER_ROLE", "CORDON_EXTERNAL_ID", "CORDON_TABLE"];
const SECRET = "CORDON_EXTERNAL_ID";

interface UsedSettings {
  readonly used: Readonly<Record<string, string>>;
  /** Whether the deployed guard has the same, or why that can't be told. */
  readonly asDeployed: true | string;
}

/**
 * The settings in use, which have to be the deployed guard's. One GetResource.
 *
 * @throws Error when the guard has others
 */
async function settingsAsDeployed(
  { ports, stackName }: Guard,
  env: Readonly<Record<string, string | undefined>>,
): Promise<UsedSettings> {
  const set = COMPARED.flatMap((name) => (env[name] ? [[name, name === SECRET ? "(set)" : env[name]] as const] : []));
  const used = Object.fromEntries(set);
  const identifier = `${stackName}-guard-cell`;
  const reading = await ports.cell.read({ kind: "cloud-control", type: "AWS::Lambda::Function", identifier });
  if (reading.kind !== "present") return { used, asDeployed: reading.reason };
  const { Variables = {} } = (reading.state.Environment ?? {}) as { readonly Variables?: Record<string, string> };
  const others = COMPARED.filter((name) => (Variables[name] ?? "") !== (env[name] ?? ""));
  if (others.length > 0)
    throw new Error(
      `${others.join(", ")}: found other values here than ${identifier} has; expected the same, or this would tell of another cell`,
    );
  return { used, asDeployed: true };
}

function describeSettings({ used, asDeployed }: UsedSettings): string {
  const list = Object.entries(used).map(([name, value]) => `${name}=${value}`);
  const how = asDeployed === true ? "as deployed" : `not compared with the deployed guard's: ${asDeployed}`;
  return `Settings (${how}): ${list.join(" ") || "none"}`;
}
