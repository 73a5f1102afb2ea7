import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { previewOf, routeFor } from "../../shared/ticketing/preview.ts";
import {
  type AdapterDefinition,
  DeliveryError,
  type Tracker,
  type TrackerPorts,
} from "../../shared/ticketing/tracker.ts";
import { someTicket } from "./some-ticket.ts";

const NOW_MS = Date.parse("2026-11-27T09:00:00Z");
const KEY = someTicket().key;
const BODY = JSON.stringify({ id: KEY });

/** An adapter that opens tickets as `open` says. */
function adapter(
  open: (ports: TrackerPorts) => Promise<unknown>,
  more: Partial<AdapterDefinition> = {},
): AdapterDefinition {
  return {
    name: "webhook",
    url: { use: "none", meaning: "" },
    secret: {},
    settings: {},
    make: (_, ports): Tracker => ({
      open: async () => {
        await open(ports);
        return { id: "1", state: "open" };
      },
      change: async () => {
        throw new Error("nothing is changed by a preview");
      },
    }),
    ...more,
  };
}
const preview = (definition: AdapterDefinition) => previewOf(definition, routeFor(definition), someTicket(), NOW_MS);

describe("a preview", () => {
  it("writes down what would be sent, and asks nobody", async () => {
    const definition = adapter((ports) => ports.send({ method: "POST", url: "https://a.example/x", body: BODY }));
    expect(await preview(definition)).toEqual({
      requests: [{ method: "POST", url: "https://a.example/x", body: BODY, isTicket: true }],
    });
  });

  it("tells the ticket from what goes before it: a token with made-up credentials, and a search that finds nothing", async () => {
    const definition = adapter(
      async ({ send, credentials }) => {
        const { clientId, webhookUrl } = await credentials();
        const asked = await send({ method: "POST", url: "https://a.example/token", body: `client_id=${clientId}` });
        const { access_token } = JSON.parse(asked.body);
        await send({ method: "GET", url: `https://a.example/search?token=${access_token}` });
        await send({ method: "PUT", url: `${webhookUrl}/${KEY}` });
      },
      { secret: { clientId: "its id", webhookUrl: "its address" } },
    );
    expect((await preview(definition)).requests).toEqual([
      { method: "POST", url: "https://a.example/token", body: "client_id=<clientId>", isTicket: false },
      { method: "GET", url: "https://a.example/search?token=preview", body: "", isTicket: false },
      { method: "PUT", url: `https://tracker.example/webhookUrl/${KEY}`, body: "", isTicket: true },
    ]);
  });

  it("is whole when an adapter does not understand the answer to the ticket, and says so when it comes no further", async () => {
    const sends = (body: string) =>
      adapter(async ({ send }) => {
        await send({ method: "POST", url: "https://a.example", body });
        throw new DeliveryError("later", "expected something else");
      });
    expect(await preview(sends(BODY))).not.toHaveProperty("stopped");
    expect(await preview(sends("{}"))).toMatchObject({ stopped: "expected something else" });
    const broken = adapter(async () => {
      throw "a text";
    });
    expect(await preview(broken)).toEqual({ requests: [], stopped: "a text" });
  });

  it("stops what asks for ever", async () => {
    const definition = adapter(async ({ send }) => {
      for (;;) await send({ method: "GET", url: "https://a.example" });
    });
    const { requests, stopped } = await preview(definition);
    expect([requests.length, stopped]).toEqual([10, "it asks for ever"]);
  });

  it("writes down calls of AWS's SDK, too", async () => {
    const definition = adapter(async ({ aws, nowMs }) => {
      expect(nowMs()).toBe(NOW_MS);
      expect([aws?.account, aws?.region]).toEqual(["111122223333", "eu-central-1"]);
      const client = new SQSClient((await aws?.configFor("111122223333", "eu-west-1")) ?? {});
      await client.send(
        new SendMessageCommand({ QueueUrl: "https://sqs.eu-west-1.amazonaws.com/1/q", MessageBody: BODY }),
      );
    });
    const { requests, stopped } = await preview(definition);
    expect(stopped).toBeUndefined();
    expect(requests).toMatchObject([{ method: "POST", url: "https://sqs.eu-west-1.amazonaws.com/", isTicket: true }]);
    expect(JSON.parse(requests[0]?.body ?? "")).toMatchObject({ MessageBody: BODY });
  });
});

describe("a made-up route", () => {
  it("has what the adapter needs, and nothing besides", () => {
    const definition = adapter(async () => undefined, {
      url: { use: "required", meaning: "" },
      secret: { token: "" },
      settings: {
        project: { type: "text", isRequired: true, meaning: "" },
        kind: { type: "text", isRequired: true, meaning: "", oneOf: ["Task", "Bug"] },
        labels: { type: "list", isRequired: true, meaning: "" },
        fields: { type: "map", isRequired: true, meaning: "" },
        more: { type: "text", meaning: "" },
      },
    });
    expect(routeFor(definition)).toEqual({
      id: "preview",
      adapter: "webhook",
      url: "https://tracker.example",
      secret: "preview",
      settings: { project: "<project>", kind: "Task", labels: ["<labels>"], fields: {} },
    });
    expect(routeFor(adapter(async () => undefined))).toEqual({ id: "preview", adapter: "webhook", settings: {} });
    const optional = adapter(async () => undefined, { url: { use: "optional", meaning: "" } });
    expect(routeFor(optional)).not.toHaveProperty("url");
  });
});
