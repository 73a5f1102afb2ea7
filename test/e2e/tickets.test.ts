import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { catalogue } from "../../controls/catalogue.ts";
import { contentHash } from "../../shared/ids.ts";
import { DEFAULT_POLICY_FILE } from "../../shared/policy/built-in.ts";
import { writeCompiled } from "../../shared/policy/compiled-file.ts";
import { formatPolicyErrors, parsePolicy } from "../../shared/policy/language/parse-policy.ts";
import type { FakeVendor } from "../ticketing/adapter-contract.ts";
import { openJira } from "../ticketing/fakes/jira.ts";
import { openFakeReceiver } from "../ticketing/fakes/webhook.ts";
import { type Cell, openCell } from "./cell.ts";

const FUNCTIONS = ["quarantine-replication", "open-tickets", "deliver-tickets"];

let cell: Cell;
let jira: FakeVendor;
let receiver: FakeVendor;
let folder: string;

/** The shipped policy with routes to servers on this machine, which no policy could name as written. */
function policyFile(): string {
  const document = parse(readFileSync(DEFAULT_POLICY_FILE, "utf8"));
  const route = (adapter: string, { settings }: FakeVendor, more: object) => ({
    ...{ id: `the-${adapter}`, adapter, liesIn: ["eu"], secret: `cordon/tickets/${adapter}`, settings },
    ...{ url: `https://${adapter}.example.com`, ...more },
  });
  const tickets = {
    quietMinutes: 60,
    routes: [route("jira", jira, {}), route("webhook", receiver, { severities: ["critical", "high"] })],
  };
  const parsed = parsePolicy(JSON.stringify({ ...document, tickets }), "policy.yaml", catalogue);
  if (!parsed.ok) throw new Error(formatPolicyErrors(parsed.errors));
  const { digest: _, ...policy } = structuredClone(parsed.policy);
  const routes = policy.tickets?.routes.map((each) => ({
    ...each,
    url: each.adapter === "jira" ? jira.url : receiver.url,
  }));
  const changed = { ...policy, tickets: { ...policy.tickets, routes } } as typeof policy;
  const file = join(folder, "policy.json");
  writeFileSync(file, writeCompiled({ ...changed, digest: contentHash(changed) }));
  return file;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cordon-tickets-"));
  [jira, receiver] = await Promise.all([
    openJira({ email: "cordon@example.com", token: "a-token-for-tests-0123456789" }),
    openFakeReceiver(),
  ]);
  cell = await openCell({}, FUNCTIONS);
  const environment = { ...cell.environment, CORDON_STACK: "cordon", CORDON_POLICY: policyFile() };
  for (const name of FUNCTIONS) cell.deploy(name, { environment });
  for (const [name, vendor] of [
    ["jira", jira],
    ["webhook", receiver],
  ] as const)
    cell.sandbox.seedSecret(`cordon/tickets/${name}`, JSON.stringify(vendor.secret));
});
afterAll(async () => {
  await cell.close();
  await Promise.all([jira.server.close(), receiver.server.close()]);
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  jira.clear();
  receiver.clear();
  cell.sandbox.clearCalls();
});

async function violate(bucket: string): Promise<string> {
  cell.createSource(bucket);
  await cell.replicate(bucket);
  await cell.sandbox.settle();
  return cell.findingOf(bucket);
}

describe("a contained violation", () => {
  it("is told at each route that policy names, and nothing of it waits any more (N1)", async () => {
    const finding = await violate("told-everywhere");
    for (const vendor of [jira, receiver])
      expect(vendor.kept()).toMatchObject([
        { key: finding, state: "open", title: expect.stringContaining("[CONTAINED]") },
      ]);
    expect(cell.journal.items().filter(({ outbox }) => String(outbox).startsWith("tickets#"))).toEqual([]);
  });

  it("is told by a tracker that was down, while the other has it long since; containment does not wait (N4)", async () => {
    jira.server.failNext(...Array.from({ length: 8 }, () => ({ status: 503, body: {} })));
    const finding = await violate("told-late");
    expect(cell.statusOf("told-late", "to-oregon")).toBe("Disabled");
    expect(receiver.kept()).toMatchObject([{ key: finding }]);
    for (let minutes = 0; minutes < 120 && jira.kept().length === 0; minutes += 5) {
      await cell.sandbox.clock.advance(5 * 60_000);
      await cell.sandbox.settle();
    }
    expect(jira.kept()).toMatchObject([{ key: finding, state: "open" }]);
  });

  it("that a tracker will never take is put aside with the reason, for people", async () => {
    jira.server.failNext({ status: 400, body: { errorMessages: ["no such project"], errors: {} } });
    await violate("told-never");
    const refused = cell.sandbox.queues["cordon-refused"] ?? [];
    expect(JSON.stringify(refused)).toContain("no such project");
    expect(receiver.kept()).toHaveLength(1);
  });

  it("tells nobody its credentials: not in the environment, not in logs", async () => {
    await violate("told-in-secret");
    const known = [...Object.values(jira.secret), ...Object.values(receiver.secret)];
    const seen = JSON.stringify([cell.sandbox.logs, cell.environment, cell.journal.items()]);
    for (const secret of known) expect(seen).not.toContain(secret);
  });
});
