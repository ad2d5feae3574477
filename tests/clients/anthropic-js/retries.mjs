// What Anthropic's SDK for Node does with our refusals: how often it asks, and how long it waits. One line of JSON.
import Anthropic from "@anthropic-ai/sdk";

const messages = [{ role: "user", content: "Say hello." }];

async function watch(key, options = {}, headers = {}) {
  const asked = [];
  const client = new Anthropic({
    baseURL: `${process.env.BASE_URL}/${key}`, apiKey: process.env.TOKEN, defaultHeaders: headers, ...options,
    // A look at each exchange; it changes nothing.
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      asked.push({ at: performance.now(), status: answer.status, toldMs: Number(answer.headers.get("retry-after-ms")) });
      return answer;
    },
  });
  const started = performance.now();
  let end;
  try {
    end = (await client.messages.create({ model: "pretend-large", max_tokens: 64, messages })).content[0].text;
  } catch (error) {
    end = `${error.constructor.name} ${error.status}`;
  }
  return { statuses: asked.map((one) => one.status), toldMs: asked[0]?.toldMs, tookMs: Math.round(performance.now() - started), end };
}

const now = { "x-keypace-max-wait": "0" };
const seen = {};
await watch("anthropic-soon");
seen.soon = await watch("anthropic-soon", {}, now);
seen.inLine = await watch("anthropic-soon");
await watch("anthropic-late");
seen.late = await watch("anthropic-late", {}, now);
seen.refused = await watch("refused");
seen.unknown = await watch("nobody");
console.log(JSON.stringify(seen));
