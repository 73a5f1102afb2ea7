import type { RecordedCall } from "../sandbox/index.ts";
import type { Account } from "./account.ts";
import { INSIDE, type Incident, type Incidents, OUTSIDE } from "./incidents.ts";
import { type Contestant, startProcess } from "./process.ts";

/** Calls to S3, to the table, and to anything else. */
export interface Calls {
  readonly s3: number;
  readonly table: number;
  readonly other: number;
}

/** What one event may cost (docs/architecture.md), and what it did cost. */
export interface Budgeted {
  readonly what: string;
  readonly budget: Calls;
  readonly made: Calls;
}

/** In the order in which the process gets them: the last finds its destination's Region cached by the one before. */
const CASES = [
  { what: "containment", to: [OUTSIDE], status: "contained", s3: 5, table: 4 },
  { what: "containment, one more destination", to: [INSIDE, OUTSIDE], status: "contained", s3: 6, table: 4 },
  { what: "compliant event", to: [INSIDE], status: "compliant", s3: 3, table: 1 },
  { what: "compliant event, Region cached", to: [INSIDE], status: "compliant", s3: 2, table: 1, isLikeBefore: true },
] as const;

/**
 * Counts the calls of each kind of event in the account's own log.
 *
 * @throws Error when an event comes to something else than it should
 */
export async function measureBudget(
  account: Account,
  incidents: Incidents,
  cordon: Contestant,
): Promise<readonly Budgeted[]> {
  const process = startProcess(cordon);
  const budgeted: Budgeted[] = [];
  let before: Incident | undefined;
  try {
    for (const { what, to, status, s3, table, ...like } of CASES) {
      const incident = await incidents.create(to, "isLikeBefore" in like ? before : undefined);
      account.sandbox.clearCalls();
      const { result } = await process.handle(incident.event);
      const made = countCalls(account.sandbox.calls);
      const statuses = (result as { results?: { status: string }[] }).results?.map((each) => each.status) ?? [];
      if (!statuses.includes(status)) throw new Error(`${what}: expected ${status}, found ${JSON.stringify(result)}`);
      budgeted.push({ what, budget: { s3, table, other: 0 }, made });
      before = incident;
    }
  } finally {
    await process.end();
  }
  return budgeted;
}

function countCalls(calls: readonly RecordedCall[]): Calls {
  const count = (service: string) => calls.filter((call) => call.service === service).length;
  const [s3, table] = [count("s3"), count("dynamodb")];
  return { s3, table, other: calls.length - s3 - table };
}

export function isWithin({ budget, made }: Budgeted): boolean {
  return made.s3 <= budget.s3 && made.table <= budget.table && made.other <= budget.other;
}
