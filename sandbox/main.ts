import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CELL, cellEnvironment, deployCell } from "./cell.ts";
import { startSandbox } from "./sandbox.ts";
import type { Sandbox } from "./types.ts";
import { loadWorld, seedWorld, type World } from "./world.ts";

const SAMPLE_WORLD = fileURLToPath(
  new URL("../events/s3-replication-stays-in-jurisdiction/world.json", import.meta.url),
);

const SCHEDULE_CHECK_MS = 1000;

const USAGE = `Start an AWS account on 127.0.0.1 that unchanged functions and SDK clients can call.

  npm run sandbox -- [options]

  --port <number>     port to listen on; any free one by default
  --world <file>      JSON with buckets, and objects in them, to begin with: {"buckets": [{"name", "region", ...}],
                      "objects": [{"bucket", "key", "body", "tags", ...}]}; the world of the sample
                      events (events/s3-replication-stays-in-jurisdiction/world.json) by default
  --account <digits>  account id; 111122223333 by default
  --region <region>   home Region; eu-central-1 by default
  --route             deliver events to the built functions, and fire schedules; without it they are invoked by hand only
  --env <file>        write the environment to this file as well, to be read with "source <file>"
  --help              this text

CORDON_MODE, CORDON_TICKETS (console, file:<folder>) and CORDON_POLICY count as they are set.

Prints the environment to set as "export NAME=value" on stdout, everything else on stderr. Stays until SIGINT or SIGTERM.
It is a test double: only GetCallerIdentity and function URLs verify signatures, and nothing leaves this machine.
Exit codes: 0 ended by a signal, 1 could not start, 2 wrong usage.
`;

interface Arguments {
  port: number;
  world: string | undefined;
  account: string;
  region: string;
  route: boolean;
  env: string | undefined;
}

/** Read the command line. Throws Error saying what was found and expected. */
function readArguments(list: string[]): Arguments | "help" {
  const { values } = parseArgs({
    args: list,
    options: {
      port: { type: "string", default: "0" },
      world: { type: "string" },
      account: { type: "string", default: "111122223333" },
      region: { type: "string", default: "eu-central-1" },
      route: { type: "boolean", default: false },
      env: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) throw new Error(`--port: expected 0 to 65535, found ${values.port}`);
  if (!/^\d{12}$/.test(values.account)) throw new Error(`--account: expected 12 digits, found ${values.account}`);
  return {
    port,
    world: values.world,
    account: values.account,
    region: values.region,
    route: values.route,
    env: values.env,
  };
}

async function start({ port, world: file = SAMPLE_WORLD, account, region, route, env }: Arguments): Promise<Sandbox> {
  const world: World = await loadWorld(file);
  const sandbox = await startSandbox({ port, account, region, log: (line) => console.error(line) });
  sandbox.routing = route;
  try {
    return await furnish(sandbox, world, { route, env, account, region });
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}

/** Buckets, the cell, and its environment on stdout. */
async function furnish(
  sandbox: Sandbox,
  world: World,
  { route, env, account, region }: Pick<Arguments, "route" | "env" | "account" | "region">,
): Promise<Sandbox> {
  seedWorld(sandbox, world);
  const given = cellEnvironment(ownSettings());
  deployCell(sandbox, given);
  // What comes by the table's stream comes also when events are invoked by hand; schedules would only be in the way then.
  if (route) setInterval(() => sandbox.clock.advance(0), SCHEDULE_CHECK_MS).unref();
  const settings = { ...templateSettings(sandbox), ...given };
  const environment = { ...sandbox.environment(), ...settings };
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${value}`);
  if (env !== undefined) await writeFile(env, `${lines.join("\n")}\n`);
  console.log(lines.join("\n"));
  console.error(`Sandbox on ${sandbox.endpoint}: account ${account}, ${region}, table ${CELL.table}`);
  console.error(
    `Buckets: ${world.buckets.map(({ name, region: where = region }) => `${name} (${where})`).join(", ") || "none"}`,
  );
  return sandbox;
}

/** What the template tells the functions. */
function templateSettings({ registry }: Sandbox): Record<string, string> {
  const environments = registry.list("AWS::Lambda::Function").map(({ properties }) => properties.Environment);
  const all = environments.flatMap((each) =>
    Object.entries((each as { Variables?: Record<string, string> }).Variables ?? {}),
  );
  return Object.fromEntries(all.filter(([name]) => name.startsWith("CORDON_")));
}

/** Settings that whoever starts the sandbox has made already. */
function ownSettings(): Record<string, string> {
  const names = ["CORDON_MODE", "CORDON_TICKETS", "CORDON_POLICY"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function describe(error: unknown, port: number): string {
  if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
    return `Port ${port} is in use: choose another with --port, or 0 for any free one`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Run the command; returns its exit code once a signal has come. */
async function main(list: string[]): Promise<number> {
  let options: Arguments | "help";
  try {
    options = readArguments(list);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options === "help") {
    console.log(USAGE);
    return 0;
  }
  // Listen for signals before anything is up, so that none is missed.
  const signal = new Promise<void>((done) => {
    process.once("SIGINT", () => done());
    process.once("SIGTERM", () => done());
  });
  try {
    const sandbox = await start(options);
    await signal;
    await sandbox.close();
    return 0;
  } catch (error) {
    console.error(describe(error, options.port));
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
