import type { SandboxClock } from "../clock.ts";
import type { EventBridgeEvent } from "../cloudtrail.ts";
import type { Table } from "../dynamodb/table.ts";
import { matchesPattern } from "../events/pattern.ts";
import type { Principal, PrincipalRegistry } from "../principals.ts";
import { type Queue, sendMessage } from "../queues.ts";
import type { IdSequence } from "../sequence.ts";
import type { DeadLetter, FunctionSpec, Sandbox } from "../types.ts";
import { createPool, type Pool } from "./containers.ts";
import { createQueueTrigger } from "./queue-trigger.ts";
import { createStreamTrigger } from "./stream-trigger.ts";
import type { Trigger, TriggerContext } from "./trigger.ts";

const MAX_LOG_LINES = 5000;
const MAX_DRAIN_ROUNDS = 10_000;

interface Deployed {
  spec: FunctionSpec;
  pool: Pool;
  queue: Queue;
  triggers: Trigger[];
}

export interface LambdaContext {
  account: string;
  region: string;
  clock: SandboxClock;
  ids: IdSequence;
  log(line: string): void;
  principals: PrincipalRegistry;
  openQueue(name: string): Queue;
  /** Throws when there is none. */
  findTable(name: string): Table;
  environment(principal: Principal): Record<string, string>;
}

/** The functions of the account and what triggers them. */
export interface Lambda
  extends Pick<Sandbox, "deploy" | "invoke" | "settle" | "drain" | "close" | "deadLetters" | "logs"> {
  kill(container: string): void;
  tableChanged(table: Table): void;
  /** Put the event into the queue of each function with a pattern that matches it. */
  route(event: EventBridgeEvent): void;
}

/** No functions yet. */
export function createLambda(context: LambdaContext): Lambda {
  const { clock, ids } = context;
  const functions = new Map<string, Deployed>();
  const deadLetters: DeadLetter[] = [];
  const logs: string[] = [];
  const waiters = new Set<() => void>();
  let direct = 0;
  let timer: NodeJS.Timeout | undefined;

  const print = (line: string): void => {
    logs.push(line);
    if (logs.length > MAX_LOG_LINES) logs.shift();
    context.log(line);
  };
  const triggers = (): Trigger[] => [...functions.values()].flatMap((deployed) => deployed.triggers);
  const nextAt = (): number | undefined => {
    const times = triggers().flatMap((trigger) => trigger.nextAt() ?? []);
    return times.length > 0 ? Math.min(...times) : undefined;
  };
  const pump = (): void => {
    for (const trigger of triggers()) trigger.pump();
    clearTimeout(timer);
    const next = nextAt();
    // Real time redelivers too, only that tests rarely wait for it.
    if (next !== undefined && next > clock.now()) {
      timer = setTimeout(pump, Math.min(next - clock.now() + 1, 2 ** 31 - 1));
      timer.unref();
    }
  };
  const wake = (): void => {
    pump();
    for (const waiter of waiters) waiter();
    waiters.clear();
  };
  const isActive = (): boolean => direct > 0 || triggers().some(({ active }) => active > 0);
  const settle = async (): Promise<void> => {
    for (;;) {
      pump();
      // A call that is just coming in may bring an event: give it a turn before calling it quiet.
      await new Promise<void>((next) => setImmediate(next));
      if (!isActive()) {
        pump();
        if (!isActive()) return;
      }
      await new Promise<void>((waiter) => waiters.add(waiter));
    }
  };
  const stopListening = clock.onMove(pump);

  return {
    deadLetters,
    logs,
    deploy(spec) {
      const previous = functions.get(spec.name);
      for (const trigger of previous?.triggers ?? []) trigger.stop();
      void previous?.pool.close();
      const pool = createPool(spec, {
        region: context.region,
        account: context.account,
        clockOffsetMs: () => clock.offsetMs,
        createId: ids.uuid,
        createPrincipal: (container) =>
          context.principals.create(
            { type: "AssumedRole", name: `cordon-${spec.name}`, sessionName: spec.name },
            { container, functionName: spec.name },
          ),
        environment: context.environment,
        print,
      });
      const queue = previous?.queue ?? context.openQueue(`cordon-${spec.name}`);
      const shared: TriggerContext = {
        spec,
        clock,
        region: context.region,
        createId: ids.uuid,
        invoke: pool.invoke,
        bury: (letter) => void deadLetters.push({ function: spec.name, ...letter }),
        delivered: wake,
      };
      const stream = spec.stream ? [createStreamTrigger(context.findTable(spec.stream.table), shared)] : [];
      queue.arrived = pump;
      functions.set(spec.name, { spec, pool, queue, triggers: [createQueueTrigger(queue, shared), ...stream] });
      pump();
    },
    async invoke(name, event) {
      const deployed = functions.get(name);
      if (!deployed)
        throw new Error(`The sandbox has no function ${name}; functions: ${[...functions.keys()].join(", ")}`);
      direct += 1;
      try {
        return await deployed.pool.invoke(event);
      } finally {
        direct -= 1;
        wake();
      }
    },
    kill(container) {
      for (const { pool } of functions.values()) pool.kill(container);
    },
    tableChanged: () => void setImmediate(pump),
    route(event) {
      for (const { spec, queue } of functions.values()) {
        if (!spec.patterns?.some((pattern) => matchesPattern(pattern, event))) continue;
        sendMessage(queue, { messageId: ids.uuid(), body: JSON.stringify(event), at: clock.now() });
      }
    },
    settle,
    async drain() {
      for (let round = 0; round < MAX_DRAIN_ROUNDS; round++) {
        await settle();
        const next = nextAt();
        if (next === undefined) return;
        if (next > clock.now()) clock.set(next);
      }
      throw new Error(`The sandbox is not drained after ${MAX_DRAIN_ROUNDS} redeliveries: something feeds itself`);
    },
    async close() {
      stopListening();
      clearTimeout(timer);
      for (const trigger of triggers()) trigger.stop();
      await Promise.all([...functions.values()].map(({ pool }) => pool.close()));
    },
  };
}
