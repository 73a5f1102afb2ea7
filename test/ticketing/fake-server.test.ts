import { expect, it } from "vitest";
import { openFakeServer } from "./fake-server.ts";

it.each([
  ["was taken", "none"],
  ["was answered by a failure", { status: 503, body: {} }],
] as const)("a request that breaks the vendor's schema fails the test, though it %s", async (_, failure) => {
  const server = await openFakeServer(
    () => ({ status: 200, body: {} }),
    ({ body }) => (JSON.parse(body).title === undefined ? ["/title is missing"] : []),
  );
  const post = (body: string) => fetch(`${server.url}/issues?a=b`, { method: "POST", body });
  server.failNext("none", failure);
  await post('{"title":"a"}');
  expect(server.mistakes).toEqual([]);
  await post("{}");
  expect(server.mistakes).toEqual(["POST /issues: /title is missing"]);
  await expect(server.close()).rejects.toThrow("POST /issues: /title is missing");
});

it("what is no JSON is a mistake, too, and one that somebody has looked at fails nothing more", async () => {
  const server = await openFakeServer(
    () => ({ status: 200 }),
    ({ body }) => JSON.parse(body),
  );
  await fetch(server.url, { method: "POST", body: "{" });
  expect(server.mistakes.splice(0)).toEqual([expect.stringContaining("SyntaxError")]);
  await server.close();
});
