import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { FakeVendor, Kept } from "../adapter-contract.ts";
import { type Heard, openFakeServer, type Said } from "../fake-server.ts";

export const SECRET = "a-secret-for-tests-0123456789abcdef";

export interface Delivery {
  readonly id: string;
  readonly event: "open" | "update" | "resolve" | "reopen";
  readonly note?: string;
  readonly ticket: {
    readonly key: string;
    readonly version: number;
    readonly title: string;
    readonly sections: readonly { readonly heading: string; readonly lines: readonly string[] }[];
  };
}

/** A receiver as docs/tickets/webhook.md asks for: it checks the signature, drops what it has had, and keeps tickets by their key. */
export async function openFakeReceiver(): Promise<FakeVendor & { readonly deliveries: Delivery[] }> {
  const deliveries: Delivery[] = [];
  const server = await openFakeServer((request) => {
    if (request.method !== "POST" || request.path !== "/cordon") return { status: 404, body: {} };
    if (!isSigned(request)) return { status: 401, body: { error: "signature" } };
    const delivery = JSON.parse(request.body) as Delivery;
    if (!deliveries.some(({ id }) => id === delivery.id)) deliveries.push(delivery);
    return { status: 204 } satisfies Said;
  }, mistakesOf);
  return {
    server,
    url: `${server.url}/cordon`,
    settings: {},
    secret: { secret: SECRET },
    deliveries,
    kept: () => [...Map.groupBy(deliveries, ({ ticket }) => ticket.key)].map(([key, of]) => keptOf(key, of)),
    clear: () => void deliveries.splice(0),
  };
}

let validate: ValidateFunction | undefined;

/** What a delivery has wrong by the form that is published for receivers. */
export function mistakesOf({ body }: Pick<Heard, "body">): readonly string[] {
  const form = new URL("../../../docs/tickets/webhook.schema.json", import.meta.url);
  validate ??= new Ajv2020({ strict: false, allErrors: true }).compile(JSON.parse(readFileSync(form, "utf8")));
  validate(JSON.parse(body));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || "/"} ${message}`);
}

function keptOf(key: string, of: readonly Delivery[]): Kept {
  const { ticket } = of.toSorted((one, other) => one.ticket.version - other.ticket.version).at(-1) as Delivery;
  const turned = of.findLast(({ event }) => event !== "update");
  const notes = of.flatMap(({ note }) => note ?? []);
  return {
    key,
    state: turned?.event === "resolve" ? "resolved" : "open",
    title: ticket.title,
    text: [...ticket.sections.flatMap(({ heading, lines }) => [heading, ...lines]), ...notes].join("\n"),
    notes,
  };
}

function isSigned({ headers, body }: Heard): boolean {
  const expected = createHmac("sha256", SECRET).update(`${headers["cordon-timestamp"]}.${body}`).digest("hex");
  return `${headers["cordon-signature"]}`.split(",").includes(`v1=${expected}`);
}
