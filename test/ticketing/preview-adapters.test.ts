import { describe, expect, it } from "vitest";
import { adapters } from "../../shared/ticketing/adapters/index.ts";
import { previewOf, routeFor } from "../../shared/ticketing/preview.ts";
import { ADAPTERS, type AdapterDefinition } from "../../shared/ticketing/tracker.ts";
import { someTicket } from "./some-ticket.ts";

describe("a preview", () => {
  it.each(ADAPTERS)("shows what %s would be sent, without a route and without sending anything", async (name) => {
    const definition = adapters[name] as AdapterDefinition;
    expect(definition.name).toBe(name);
    const { requests, stopped } = await previewOf(definition, routeFor(definition), someTicket(), Date.now());
    expect(stopped).toBeUndefined();
    const [ticket] = requests.filter(({ isTicket }) => isTicket);
    expect(ticket?.body).toContain("customer-records");
  });
});
