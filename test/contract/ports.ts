import { AwsClients } from "../../shared/aws/clients.ts";
import type { Control } from "../../shared/control.ts";
import type { Cordon } from "../../shared/cordon.ts";
import { CordonError } from "../../shared/errors.ts";
import { iamSessionsOnAws } from "../../shared/resources/iam-sessions-aws.ts";
import { iamUsersOnAws } from "../../shared/resources/iam-users-aws.ts";
import type { Reading } from "../../shared/resources/port.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import { s3ObjectsOnAws } from "../../shared/resources/s3-objects-aws.ts";
import { type Case, subjectRef } from "../support/cases.ts";
import type { stage } from "../support/stage.ts";

type Staged = Pick<Awaited<ReturnType<typeof stage>>, "sandbox" | "clock" | "forgetCalls">;
type Intercept = (name: string, call: () => Promise<unknown>) => Promise<unknown>;

/** Answered from memory, not by a call. */
const NO_CALL = new Set(["known", "operation"]);

/** Every call that a container makes through its ports goes through `intercept`, whatever the control. */
export function intercepted<State>(cordon: Cordon<State>, intercept: Intercept): Cordon<State> {
  const around = <Target extends object>(target: Target, path: string): Target =>
    new Proxy(target, {
      get(object, key) {
        const value: unknown = Reflect.get(object, key, object);
        const name = `${path}.${String(key)}`;
        if (typeof value === "function") {
          if (NO_CALL.has(String(key))) return value.bind(object);
          return (...args: unknown[]) => intercept(name, () => value.apply(object, args));
        }
        return typeof value === "object" && value !== null ? around(value, name) : value;
      },
    });
  return { ...cordon, ports: around(cordon.ports, "ports"), journal: around(cordon.journal, "journal") };
}

class Death extends Error {}

/** A container that dies before or after its nth call; from then on it calls nothing any more. */
export function deathAt(call: number, when: "before" | "after") {
  let made = 0;
  const death = {
    struck: false,
    name: "",
    isCause: (error: unknown) => error instanceof Death,
    wrap: <State>(cordon: Cordon<State>) =>
      intercepted(cordon, async (name, ask) => {
        if (death.struck) throw new Death();
        made++;
        if (made !== call) return ask();
        death.name = name;
        if (when === "after") await ask();
        death.struck = true;
        throw new Death();
      }),
  };
  return death;
}

/** A container that dies after its nth call, or with 0 before its first. Before any other is after the one before it: what the container knew dies with it. */
export function deathAfter(call: number) {
  return call === 0 ? deathAt(1, "before") : deathAt(call, "after");
}

/** Reads that lag behind writes, as S3's do: after each write, `times` reads of what was written give the state from before it. */
export function staleReads(times: number) {
  const seen = new Map<string, unknown>();
  const portIn = (name: string) => name.slice(0, name.lastIndexOf("."));
  let written: string | undefined;
  const lag = {
    left: 0,
    before: undefined as unknown,
    wrap: <State>(cordon: Cordon<State>) =>
      intercepted(cordon, async (name, ask) => {
        if (name.endsWith(".write")) {
          const receipt = await ask();
          written = portIn(name);
          lag.before = seen.get(written);
          lag.left = times;
          return receipt;
        }
        if (!name.endsWith(".read")) return ask();
        // Other ports' reads are of something else.
        if (lag.left > 0 && portIn(name) === written) {
          lag.left--;
          return lag.before;
        }
        const found = await ask();
        seen.set(portIn(name), found);
        return found;
      }),
  };
  return lag;
}

/** Writes that get no answer and have no effect. */
export function failingWrites<State>(cordon: Cordon<State>): Cordon<State> {
  return intercepted(cordon, async (name, ask) => {
    if (name.endsWith(".write")) throw new CordonError("unavailable", "AWS gave no usable answer to the write");
    return ask();
  });
}

/** A user's own access to the resource, past Cordon. */
export function portOf<State>(control: Control<State>, set: Staged) {
  const user = set.sandbox.createPrincipal({ type: "IAMUser", name: "developer" });
  Object.assign(process.env, set.sandbox.environment(user));
  const clients = new AwsClients();
  const s3 = s3BucketsOnAws(clients, set.clock);
  // Clients take their credentials when first used.
  void clients.s3({ account: set.sandbox.account, region: "eu-central-1" });
  const users = iamUsersOnAws(clients, set.clock);
  const sessions = iamSessionsOnAws(clients, set.clock);
  return control.port({ s3, objects: s3ObjectsOnAws(clients, set.clock, s3.readTags), users, sessions });
}

/** Live state, read by nobody: the calls are not counted. */
export async function readState<State>(control: Control<State>, set: Staged, each: Case): Promise<State> {
  const port = portOf(control, set);
  const ref = subjectRef(each);
  const before = set.sandbox.calls.length;
  const reading: Reading<State> = await port.read(ref);
  set.forgetCalls(before);
  if (reading.kind !== "present") throw new Error(`can't read ${ref.arn}: ${reading.reason}`);
  return reading.state;
}
